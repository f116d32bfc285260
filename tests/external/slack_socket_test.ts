import { deepStrictEqual as same, match, ok, strictEqual as equal } from "node:assert/strict";
import type { Envelope } from "../../src/external/slack/socket/connection.ts";
import { openSockets, type Sockets } from "../../src/external/slack/socket/sockets.ts";
import { keptIn } from "../help/log.ts";
import { waitFor } from "../help/service/service.ts";
import { type SocketMode, startSocketMode } from "../help/socket_mode.ts";

type More = { token?: string; take?: () => Promise<void> };

function openedAt(slack: SocketMode, { token = slack.token, take }: More = {}) {
  const taken: Envelope[] = [];
  const lines: string[] = [];
  const options = { app_token: token, apiUrl: slack.apiUrl, timeoutMs: 500 };
  const sockets = openSockets(options, async (envelope) => {
    await take?.();
    taken.push(envelope);
  }, { log: keptIn(lines), firstWaitMs: 50 });
  return { taken, lines, sockets, [Symbol.asyncDispose]: () => sockets.close() };
}

/** undici keeps a timer of its own between connections. */
const test = (name: string, fn: () => Promise<void>) =>
  Deno.test({ name, fn, sanitizeOps: false, sanitizeResources: false });

const bothOf = ({ state }: Sockets) => waitFor("two connections", () => state().connected === 2, 5);
const problemOf = ({ state }: Sockets) => waitFor("a problem", () => state().problem, 5);
const click = { type: "block_actions", trigger_id: "1.2" };

test("openSockets() holds two connections, takes each kind of envelope and acknowledges it", async () => {
  await using slack = startSocketMode();
  await using opened = openedAt(slack);
  await bothOf(opened.sockets);
  same([slack.live(), slack.state.opened], [2, 2]);
  const event = { type: "event_callback", event: { type: "link_shared" } };
  const envelopes = [
    slack.envelope("interactive", click),
    slack.envelope("slash_commands", { command: "/dashkeeper" }),
    slack.envelope("events_api", event),
  ];
  for (const envelope of envelopes) equal(await slack.deliver(envelope), true);
  same(
    opened.taken,
    envelopes.map(({ envelope_id, type, payload }) => ({ envelope_id, type, payload })),
  );
  match(opened.lines.join("\n"), /INFO Slack's socket mode is connected/);
});

test("openSockets() survives malformed messages, and acknowledges nothing that was not taken", async () => {
  await using slack = startSocketMode();
  const state = { fails: true };
  const take = () => state.fails ? Promise.reject(new Error("no database")) : Promise.resolve();
  await using opened = openedAt(slack, { take });
  await bothOf(opened.sockets);
  for (
    const text of [
      "null",
      "{",
      "[]",
      '{"type":"events_api","envelope_id":"1","payload":{}}',
      '{"type":7}',
    ]
  ) {
    slack.say(text);
  }
  const envelope = slack.envelope("interactive", click);
  equal(await slack.deliver(envelope, { ms: 200 }), false);
  equal(opened.lines.filter((line) => /was not taken/.test(line)).length, 1);
  state.fails = false;
  equal(await slack.deliver(envelope), true);
  equal(opened.taken.length, 1);
  equal(slack.live(), 2);
});

test("openSockets() loses no click while Slack refreshes both connections", async () => {
  await using slack = startSocketMode();
  await using opened = openedAt(slack);
  await bothOf(opened.sockets);
  const refreshed = slack.disconnect("refresh_requested", 2);
  const clicks = Array.from({ length: 40 }, async (_, i) => {
    await new Promise((done) => setTimeout(done, i * 15));
    const envelope = slack.envelope("interactive", click);
    await slack.deliver(envelope, { ms: 300 });
    return envelope.envelope_id;
  });
  await refreshed;
  const sent = await Promise.all(clicks);
  same(opened.taken.map(({ envelope_id }) => envelope_id).sort(), sent.sort());
  await waitFor("four connections opened", () => slack.state.opened === 4 && slack.live() === 2, 5);
  equal(await slack.deliver(slack.envelope("interactive", click)), true);
  equal(opened.taken.length, sent.length + 1);
  equal(opened.sockets.state().problem, null);
});

test("openSockets() connects again after the network was lost, and waits longer each time", async () => {
  await using slack = startSocketMode();
  await using opened = openedAt(slack);
  await bothOf(opened.sockets);
  slack.cut();
  const problem = await problemOf(opened.sockets);
  equal(problem.permanent, false);
  await waitFor("none", () => opened.sockets.state().connected === 0, 5);
  await new Promise((done) => setTimeout(done, 600));
  const tries = slack.state.opened;
  ok(tries >= 4 && tries <= 16, `${tries} tries`);
  slack.join();
  await bothOf(opened.sockets);
  equal(await slack.deliver(slack.envelope("interactive", click)), true);
  const warnings = opened.lines.filter((line) => line.startsWith("WARNING"));
  equal(warnings.length, 1, warnings.join("\n"));
  match(opened.lines.at(-1)!, /INFO Slack's socket mode is connected/);
});

test("openSockets() says what a person has to correct, and does not try again at once", async () => {
  const cases = [
    { refusal: "invalid_auth", message: /Set SLACK_APP_TOKEN to a current one/ },
    { refusal: "not_allowed_token_type", message: /connections:write/ },
    { refusal: "missing_scope", message: /connections:write/ },
    { refusal: "socket_mode_not_enabled", message: /Socket mode is turned off/ },
    { refusal: "link_disabled", message: /Socket mode is turned off/, later: true },
  ];
  for (const { refusal, message, later } of cases) {
    await using slack = startSocketMode();
    if (!later) slack.state.refusal = refusal;
    await using opened = openedAt(slack);
    if (later) {
      await bothOf(opened.sockets);
      await slack.disconnect(refusal, 2);
    }
    const problem = await problemOf(opened.sockets);
    match(problem.message, message);
    equal(problem.permanent, true);
    await new Promise((done) => setTimeout(done, 150));
    equal(slack.state.opened, 2, refusal);
    equal(
      opened.lines.filter((line) => line.startsWith("ERROR")).length,
      1,
      opened.lines.join("\n"),
    );
    ok(!opened.lines.join("\n").includes(slack.token));
  }
});

test("openSockets() ends in order: what is being taken is finished, also where Slack says nothing", async () => {
  await using slack = startSocketMode();
  const { promise, resolve } = Promise.withResolvers<void>();
  const opened = openedAt(slack, { take: () => promise });
  await bothOf(opened.sockets);
  const acked = slack.deliver(slack.envelope("interactive", click));
  await new Promise((done) => setTimeout(done, 50));
  const closed = opened.sockets.close();
  resolve();
  await closed;
  equal(opened.taken.length, 1);
  await acked;
  await using silent = startSocketMode();
  silent.state.says = false;
  const waiting = openedAt(silent);
  await waitFor("a connection", () => silent.live() > 0, 5);
  const started = performance.now();
  await waiting.sockets.close();
  ok(performance.now() - started < 2_000);
});
