import { deepStrictEqual as same, match, ok, strictEqual as equal } from "node:assert";
import { startSlack, type TestSlack } from "../../help/slack.ts";
import { never, until } from "../../help/time.ts";
import { FRONTEND, signingKeyOf } from "../../help/world/deps.ts";
import { freshDatabase } from "../../help/world/postgres.ts";
import {
  addAccount,
  addDashboard,
  letLeaseRunOut,
  makeDue,
  stateOf,
} from "../../help/world/rows.ts";
import { isLink } from "../../../src/boards/access.ts";
import { restart } from "../../../src/pipeline/row.ts";
import { notifyNext } from "../../../src/pipeline/notify/notify.ts";
import { beginPosting } from "../../../src/pipeline/messages_store.ts";
import { claimNext } from "../../../src/pipeline/row.ts";
import { connectSlack, type Slack } from "../../../src/external/slack/slack.ts";

const GIF = new TextEncoder().encode("GIF89a, then what a browser drew");
const signingKey = await signingKeyOf(new Uint8Array(32).fill(5));

/** A row of ada's at "notify", and the step with or without a Slack. */
async function start(testSlack?: TestSlack, more: { token?: string; channel?: string } = {}) {
  const fresh = await freshDatabase();
  const { db } = fresh;
  const ada = await addAccount(db, "ada");
  const id = await addDashboard(db, ada, {
    table_name: "runs",
    step: "notify",
    run: 2,
    gif: GIF,
    rows: 30,
  });
  await db`insert into runs (dashboard_id, run, row_count) values (${id}, 1, 20)`;
  const slack = testSlack && connectSlack({
    apiUrl: testSlack.apiUrl,
    token: testSlack.token,
    channel: testSlack.channel,
    timeoutMs: 500,
    ...more,
  });
  const deps = {
    db,
    slack,
    signingKey,
    installation: "abc123",
    frontend_url: FRONTEND,
    board_link_days: 30,
  };
  return {
    db,
    id,
    deps,
    notify: (slack: Slack | undefined = deps.slack, signal = never) =>
      notifyNext({ ...deps, slack }, signal),
    state: () => stateOf(db, id),
    due: () => makeDue(db, { id }),
    async run() {
      const [row] = await db`
        select slack_message, slack_ts, slack_channel, slack_file_id, told_at, slack_sent_at,
          posting_at from runs where dashboard_id = ${id} and run = 2`;
      return row!;
    },
    [Symbol.asyncDispose]: fresh[Symbol.asyncDispose],
  };
}

const posts = (slack: TestSlack) =>
  slack.calls.filter(({ method }) => method === "chat.postMessage").length;

Deno.test("notifyNext() keeps the message where no Slack is configured", async () => {
  await using test = await start();
  equal(await test.notify(), true);
  const { step, last_error } = await test.state();
  same([step, last_error], ["done", null]);
  const { slack_message, told_at, slack_sent_at, slack_ts } = await test.run();
  match(told_at, /Z$/);
  same([slack_sent_at, slack_ts], [null, null]);
  const text = JSON.stringify(slack_message);
  ok(text.includes("ada") && text.includes("runs") && text.includes("30"), text);
  ok(text.includes(`${FRONTEND}/api/v1/dashboards/${test.id}/preview.gif`), text);
  equal(await test.notify(), false, "there is nothing left to do");
});

Deno.test("notifyNext() sends one message with the GIF, the change and a link that opens", async () => {
  await using slack = await startSlack();
  await using test = await start(slack);
  equal(await test.notify(), true);
  equal(await test.notify(), false);
  const [message, ...others] = await slack.messages();
  same(others, []);
  same(message!.metadata, {
    event_type: "dashkeeper_dashboard",
    event_payload: { installation: "abc123", dashboard_id: test.id, run: 2 },
  });
  const image = message!.blocks.find(({ type }) => type === "image");
  const [file] = await slack.files();
  equal(image.slack_file.id, file!.id);
  same(new Uint8Array(await slack.download(file!)), GIF);
  ok(JSON.stringify(message!.blocks).includes("30 (+10)"), JSON.stringify(message!.blocks));
  const text = JSON.stringify(message!.blocks);
  const [, signature] = new RegExp(`/boards/${test.id}\\?signature=([\\w.-]+)`).exec(text)!;
  ok(await isLink(signingKey, test.id, signature!));

  const run = await test.run();
  same([run.slack_ts, run.slack_channel, run.slack_file_id, run.posting_at], [
    message!.ts,
    slack.channel,
    file!.id,
    null,
  ]);
  ok(run.slack_sent_at && run.told_at);
  same(run.slack_message.blocks, message!.blocks);
  equal((await test.state()).step, "done");
});

Deno.test("notifyNext() gives Slack the smaller copy where there is one, and says what has no data", async () => {
  await using slack = await startSlack();
  await using test = await start(slack);
  const copy = new TextEncoder().encode("GIF89a, smaller");
  const panels = [["Area", "loaded"], ["Setup WNS", "empty"], ["Hold\nWNS", "empty"]]
    .map(([title, state], id) => ({ id, title, state, message: null }));
  await test.db`update runs set slack_gif = ${copy} where run = 2`;
  await test.db`
    update dashboards set outcome = 'loaded', panels = ${JSON.stringify(panels)}::text::jsonb`;
  await test.notify();
  same(new Uint8Array(await slack.download((await slack.files())[0]!)), copy);
  const [message] = await slack.messages();
  const context = message!.blocks.find(({ type }) => type === "context");
  equal(
    context.elements[0].text,
    "Made by Dashkeeper from ada's QoR database. Without data: Setup WNS, Hold WNS.",
  );
});

Deno.test("notifyNext() finds in the history what Slack took without answering", async () => {
  for (const what of ["drop-after", "hang-after"] as const) {
    await using slack = await startSlack();
    await using test = await start(slack);
    slack.faults.push({ method: "chat.postMessage", what, times: 1 });
    await test.notify();
    const { step, stopped, last_error } = await test.state();
    same([step, stopped], ["notify", false]);
    ok(last_error);
    ok((await test.run()).posting_at, "the trace of the post stays");
    await test.due();
    await test.notify();
    const messages = await slack.messages();
    same([messages.length, posts(slack), (await slack.files()).length], [1, 1, 1], what);
    const { slack_ts, posting_at } = await test.run();
    same([slack_ts, posting_at], [messages[0]!.ts, null]);
    equal((await test.state()).step, "done");
  }
});

Deno.test("notifyNext() posts again where the history shows that Slack took nothing", async () => {
  await using slack = await startSlack();
  await using test = await start(slack);
  slack.faults.push({ method: "chat.postMessage", what: "500", times: 1 });
  await test.notify();
  ok((await test.run()).posting_at);
  await test.due();
  await test.notify();
  same([(await slack.messages()).length, posts(slack)], [1, 2]);
  equal((await test.state()).step, "done");
});

Deno.test("notifyNext() says it once when it was killed between the post and the record", async () => {
  await using slack = await startSlack();
  await using test = await start(slack);
  const killed = (await claimNext(test.db, "notify"))!;
  ok(await beginPosting(test.db, killed));
  const posted = await test.deps.slack!.post({
    text: "what the killed process sent",
    blocks: [{ type: "header", text: { type: "plain_text", text: "runs" } }],
    metadata: {
      event_type: "dashkeeper_dashboard",
      event_payload: { installation: "abc123", dashboard_id: test.id, run: 2 },
    },
  }, never);
  equal(await test.notify(), false, "its lease still runs");
  await letLeaseRunOut(test.db, test.id);
  await test.notify();
  same([(await slack.messages()).length, posts(slack)], [1, 1]);
  equal((await test.run()).slack_ts, posted.ts);
  equal((await test.state()).step, "done");
});

Deno.test("notifyNext() takes no other run's or installation's message for its own", async () => {
  await using slack = await startSlack();
  await using test = await start(slack);
  const claim = (await claimNext(test.db, "notify"))!;
  await beginPosting(test.db, claim);
  const payloads = [
    { installation: "abc123", dashboard_id: test.id, run: 1 },
    { installation: "other1", dashboard_id: test.id, run: 2 },
    { installation: "abc123", dashboard_id: test.id + 1, run: 2 },
  ];
  for (const event_payload of payloads) {
    const metadata = { event_type: "dashkeeper_dashboard", event_payload };
    await test.deps.slack!.post({ text: "other", blocks: [{ type: "divider" }], metadata }, never)
      .catch(() => {});
    const blocks = [{ type: "header", text: { type: "plain_text", text: "other" } }];
    await test.deps.slack!.post({ text: "other", blocks, metadata }, never);
  }
  await letLeaseRunOut(test.db, test.id);
  await test.notify();
  equal((await slack.messages()).length, 4);
});

Deno.test("beginPosting() refuses a worker whose claim was lost, so that it does not post", async () => {
  await using slack = await startSlack();
  await using test = await start(slack);
  const slow = (await claimNext(test.db, "notify"))!;
  await letLeaseRunOut(test.db, test.id);
  equal(await test.notify(), true);
  equal(await beginPosting(test.db, slow), false);
  equal((await slack.messages()).length, 1);
});

Deno.test("notifyNext() stops the row when the token is refused, and Retry sets it going", async () => {
  await using slack = await startSlack();
  await using test = await start(slack, { token: "xoxb-old" });
  await test.notify();
  const { stopped, last_error, step } = await test.state();
  same([stopped, step], [true, "notify"]);
  match(last_error!, /does not accept the bot token.*SLACK_BOT_TOKEN/);
  ok(!last_error!.includes("xoxb"));
  await test.due();
  equal(await test.notify(), false);

  const current = connectSlack({ ...slack, timeoutMs: 500 });
  equal(await restart(test.db, test.id), true);
  equal(await test.notify(current), true);
  same([(await slack.messages()).length, (await test.state()).step], [1, "done"]);
});

Deno.test("notifyNext() says which channel is not there", async () => {
  await using slack = await startSlack();
  await using test = await start(slack, { channel: "C0UNKNOWN" });
  await test.notify();
  const { stopped, last_error } = await test.state();
  equal(stopped, true);
  match(last_error!, /SLACK_CHANNEL_ID/);
  equal((await test.run()).posting_at, null, "Slack is known not to have taken it");
});

Deno.test("notifyNext() waits as long as Slack asks for, and uploads the GIF once", async () => {
  await using slack = await startSlack();
  await using test = await start(slack);
  slack.faults.push({ method: "chat.postMessage", what: "429", times: 1 });
  await test.notify();
  const { stopped, wait, last_error } = await test.state();
  same([stopped, Math.round(wait)], [false, 7]);
  match(last_error!, /rate limit/);
  equal((await test.run()).posting_at, null);
  await test.due();
  await test.notify();
  same([(await slack.messages()).length, (await slack.files()).length], [1, 1]);
});

Deno.test("notifyNext() leaves it to a person where it cannot see whether Slack has it", async () => {
  await using slack = await startSlack();
  await using test = await start(slack, { token: slack.blindToken });
  slack.faults.push({ method: "chat.postMessage", what: "drop-after", times: 1 });
  await test.notify();
  await test.due();
  await test.notify();
  const { stopped, last_error } = await test.state();
  equal(stopped, true);
  match(last_error!, /may have this message already.*Retry posts it again/);
  equal(posts(slack), 1);
  await restart(test.db, test.id);
  await test.notify();
  same([posts(slack), (await test.state()).step], [2, "done"]);
});

Deno.test("notifyNext() uploads the GIF anew when Slack has lost it", async () => {
  await using slack = await startSlack();
  await using test = await start(slack);
  await test.db`update runs set slack_file_id = 'F0LOST' where run = 2`;
  await test.notify();
  same([(await test.state()).step, (await test.run()).slack_file_id], ["notify", null]);
  await test.due();
  await test.notify();
  same([(await slack.messages()).length, (await test.state()).step], [1, "done"]);
});

Deno.test("notifyNext() tells a run without a picture as well", async () => {
  await using slack = await startSlack();
  await using test = await start(slack);
  await test.db`update runs set gif = null`;
  await test.notify();
  const [message] = await slack.messages();
  same([message!.blocks.some(({ type }) => type === "image"), (await slack.files()).length], [
    false,
    0,
  ]);
});

Deno.test("notifyNext() gives the row back when the service stops in the middle of a post", async () => {
  await using slack = await startSlack();
  await using test = await start(slack);
  slack.faults.push({ method: "chat.postMessage", what: "hang-after", times: 1 });
  const stopping = new AbortController();
  const work = test.notify(undefined, stopping.signal);
  await until(() => posts(slack) > 0);
  stopping.abort();
  await work;
  const { claim_id, deaths, failures, last_error } = await test.state();
  same([claim_id, deaths, failures, last_error], [null, 0, 0, null]);
  ok((await test.run()).posting_at);
  await test.notify();
  same([posts(slack) <= 2, (await test.state()).step], [true, "done"]);
  equal((await slack.messages()).length, 1);
});
