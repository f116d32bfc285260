import { deepStrictEqual as same, match, ok, strictEqual as equal } from "node:assert/strict";
import { openSockets } from "../../src/external/slack/socket/sockets.ts";
import { runChecks } from "../../src/diagnostics/run.ts";
import { finishCalls, openInbox } from "../../src/slack/inbox.ts";
import { takeInto } from "../../src/slack/socket.ts";
import { addPosted, answerAt, commandOf, linksOf, shownIn, wns } from "../help/slack_app/ask.ts";
import { type AppWorld, startAppWorld } from "../help/slack_app/app_world.ts";
import { interactionOf, pressables } from "../help/slack_app/press.ts";
import { waitFor } from "../help/service/service.ts";
import { type SocketMode, startSocketMode } from "../help/socket_mode.ts";
import { never } from "../help/time.ts";
import { FRONTEND } from "../help/world/deps.ts";

/** undici keeps a timer of its own between connections. */
const test = (name: string, fn: (t: Deno.TestContext) => Promise<void>) =>
  Deno.test({ name, fn, sanitizeOps: false, sanitizeResources: false });

/** A service that Slack cannot reach: the app has no signing secret, and a Slack of socket mode. */
async function startSocketWorld() {
  const socket = startSocketMode();
  const outside = { slack_signing_secret: undefined, slack_app_token: socket.token };
  const world = await startAppWorld(outside);
  world.slack.answering.set("apps.connections.open", socket.open);
  return { socket, world };
}

/** What a further process holds: its inbox and its two connections. */
async function openProcess({ deps, slack }: AppWorld, socket: SocketMode) {
  const stopping = new AbortController();
  const inbox = openInbox(deps, stopping.signal);
  const options = { app_token: socket.token, apiUrl: slack.apiUrl, timeoutMs: 1_000 };
  const sockets = openSockets(options, takeInto(inbox), { log: deps.log, firstWaitMs: 50 });
  await waitFor("two connections", () => sockets.state().connected === 2, 5);
  return {
    inbox,
    sockets,
    async [Symbol.asyncDispose]() {
      await sockets.close();
      stopping.abort();
      await inbox.idle();
    },
  };
}

test("socket mode: each kind of call has the effect that it has by HTTP", async (t) => {
  const { socket, world: started } = await startSocketWorld();
  await using world = started;
  await using _socket = socket;
  const { place, slack, db } = world;
  slack.rules.scopes.set(slack.token, [...slack.rules.scopes.get(slack.token)!, "links:write"]);
  const id = await addPosted(world, "cpu_sta", [wns("cpu")]);
  await using process = await openProcess(world, socket);
  const send = async (...[type, payload]: Parameters<typeof socket.envelope>) => {
    const envelope = socket.envelope(type, payload);
    equal(await socket.deliver(envelope), true);
    await process.inbox.idle();
    await world.settled();
    return envelope;
  };

  await t.step("a command", async () => {
    const response_url = `${slack.responseUrl}/1`;
    await send("slash_commands", commandOf("latest cpu", { ...place, response_url }));
    match(shownIn(answerAt({ slack }, response_url)!), /Setup WNS -0\.2 ns/);
  });
  await t.step("a link", async () => {
    const url = `${FRONTEND}/boards/${id}`;
    await send("events_api", linksOf([url], place));
    same(slack.rules.unfurled.flatMap(({ unfurls }) => Object.keys(unfurls)), [url]);
  });
  await t.step("each button of the message", async () => {
    const message = (await world.messageOf(id))!;
    ok(pressables(message).length >= 6);
    for (const one of pressables(message)) {
      await send("interactive", interactionOf(one, message, place));
    }
    const [row] = await db<{ muted_by: string | null; acknowledged_by: string | null }[]>`
      select d.muted_by, r.acknowledged_by from dashboards d join runs r on r.dashboard_id = d.id`;
    same(row, { muted_by: null, acknowledged_by: `slack:${place.team}/${place.user}` });
  });
  await t.step("a call of another channel gets nothing", async () => {
    const response_url = `${slack.responseUrl}/2`;
    const elsewhere = { ...place, channel: slack.otherChannel, response_url };
    await send("slash_commands", commandOf("status", elsewhere));
    equal(answerAt({ slack }, response_url)!.text, "No dashboards of this channel match.");
  });
});

test("socket mode: a call that comes to four connections of two processes has one effect", async () => {
  const { socket, world: started } = await startSocketWorld();
  await using world = started;
  await using _socket = socket;
  const { place, slack } = world;
  const id = await addPosted(world, "cpu_sta", [wns("cpu")]);
  await using first = await openProcess(world, socket);
  await using second = await openProcess(world, socket);
  equal(socket.live(), 4);
  const message = (await world.messageOf(id))!;
  const mute = pressables(message).find(({ text }) => text === "Mute for good")!;
  const response_url = `${slack.responseUrl}/1`;
  const envelopes = [
    socket.envelope("interactive", interactionOf(mute, message, place)),
    socket.envelope("slash_commands", commandOf("status", { ...place, response_url })),
  ];
  for (const envelope of envelopes) equal(await socket.deliver(envelope, { to: 4 }), true);
  for (const envelope of envelopes) equal(await socket.deliver(envelope, { to: 4 }), true);
  for (const { inbox } of [first, second]) await inbox.idle();
  match(shownIn(answerAt({ slack }, response_url)!), /1 dashboard/); // fails where there are two
  const muted = await world.recorded("&action=dashboard.mute");
  equal(muted.length, 1);
});

test("socket mode: no click is lost while Slack refreshes, or while a process stops", async () => {
  const { socket, world: started } = await startSocketWorld();
  await using world = started;
  await using _socket = socket;
  const { place, slack } = world;
  await addPosted(world, "cpu_sta", [wns("cpu")]);
  const first = await openProcess(world, socket);
  await using second = await openProcess(world, socket);
  const urls: string[] = [];
  const click = async (ms: number) => {
    await new Promise((done) => setTimeout(done, ms));
    const response_url = `${slack.responseUrl}/${crypto.randomUUID()}`;
    urls.push(response_url);
    const envelope = socket.envelope(
      "slash_commands",
      commandOf("help", { ...place, response_url }),
    );
    // As Slack does where no acknowledgement comes.
    while (!await socket.deliver(envelope, { ms: 500 }));
  };
  const clicks = Array.from({ length: 30 }, (_, i) => click(i * 20));
  await socket.disconnect("refresh_requested", 4);
  await first[Symbol.asyncDispose]();
  await Promise.all(clicks);
  await second.inbox.idle();
  // What the stopped process had begun is free once its lease has run out; the job of each minute finds it.
  await world.db`update retries set due_at = now() where kind = 'slack_call'`;
  await finishCalls(world.deps, never);
  await waitFor("all answers", () => urls.every((url) => answerAt({ slack }, url)), 5);
  ok(slack.answers.length >= 30, "one that the stop cut off may come twice");
});

test("the diagnosis says whether socket mode is connected, and why not", async () => {
  const { socket, world: started } = await startSocketWorld();
  await using world = started;
  await using _socket = socket;
  const check = async (more: object = {}) => {
    const { checked } = await runChecks({ ...world.deps, ...more }, "Slack: socket mode");
    const [{ state, message, fix }] = checked as [typeof checked[0]];
    return { state, message, fix };
  };
  const good = { state: "ok", fix: null };
  same(await check(), { ...good, message: "Slack accepts the app token." }, "in another process");
  {
    await using process = await openProcess(world, socket);
    const { state } = process.sockets;
    same(await check({ socket_mode: state }), {
      ...{ ...good, message: "2 connections to Slack are open." },
    });
    socket.cut();
    await waitFor("none", () => state().connected === 0 && state().problem, 5);
    const lost = await check({ socket_mode: state });
    equal(lost.state, "failed");
    match(lost.fix!, /network/);
    socket.join();
  }
  socket.state.refusal = "invalid_auth";
  const refused = await check();
  equal(refused.state, "failed");
  match(refused.message + refused.fix, /does not accept the app token\.Set SLACK_APP_TOKEN/);
  const { checked } = await runChecks(
    { ...world.deps, outside: { ...world.deps.outside, slack_app_token: undefined } },
    "Slack: socket mode",
  );
  same(checked, [], "without a token there is nothing to check");
});
