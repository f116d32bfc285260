import { deepStrictEqual as same, match, ok, rejects, strictEqual as equal } from "node:assert";
import { startSlack, type TestSlack } from "../../help/slack.ts";
import { notifyDeps, signingKey } from "../../help/notify_deps.ts";
import { type More, slackDeps } from "../../help/slack_deps.ts";
import { never, until } from "../../help/time.ts";
import { FRONTEND } from "../../help/world/deps.ts";
import { freshDatabase } from "../../help/world/postgres.ts";
import {
  addAccount,
  addDashboard,
  letLeaseRunOut,
  makeDue,
  stateOf,
} from "../../help/world/rows.ts";
import { isLink } from "../../../src/boards/access.ts";
import { redraw, restart } from "../../../src/pipeline/row.ts";
import { notifyNext } from "../../../src/pipeline/notify/notify.ts";
import { beginPosting } from "../../../src/pipeline/messages_store.ts";
import { claimNext } from "../../../src/pipeline/row.ts";
import { showDashboard } from "../../../src/dashboards/listing.ts";
import { confirmPosted, postMessage } from "../../../src/dashboards/posting.ts";
import type { Who } from "../../../src/who.ts";
import { connectSlack } from "../../../src/external/slack/slack.ts";

const admin = { user_id: 1, username: "admin", role: "admin", from: "127.0.0.1" } as Who;
const GIF = new TextEncoder().encode("GIF89a, then what a browser drew");

/** A row of ada's at "notify", and the step with or without a Slack. */
async function start(testSlack?: TestSlack, more: More = {}) {
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
  const deps = await notifyDeps(db, testSlack, more);
  return {
    db,
    id,
    deps,
    /** The channel's Slack as the step itself calls it. */
    client: testSlack && connectSlack({ ...testSlack, ...more, timeoutMs: 500 }),
    notify: (other: Partial<typeof deps> = {}, signal = never) =>
      notifyNext({ ...deps, ...other }, signal),
    state: () => stateOf(db, id),
    due: () => makeDue(db, { id }),
    async run() {
      const [row] = await db`
        select slack_message, slack_ts, slack_channel, slack_file_id, posted_at, slack_sent_at,
          posting_at from runs where dashboard_id = ${id} and run = 2`;
      return row!;
    },
    [Symbol.asyncDispose]: fresh[Symbol.asyncDispose],
  };
}

const at = ({ channel }: TestSlack) => ({ channel, thread_ts: null });
const posts = (slack: TestSlack) =>
  slack.calls.filter(({ method }) => method === "chat.postMessage").length;

Deno.test("notifyNext() keeps the message where no Slack is configured", async () => {
  await using test = await start();
  equal(await test.notify(), true);
  const { step, last_error } = await test.state();
  same([step, last_error], ["done", null]);
  const { slack_message, posted_at, slack_sent_at, slack_ts } = await test.run();
  match(posted_at, /Z$/);
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
  ok(JSON.stringify(message!.blocks).includes("30 rows (+10)"), JSON.stringify(message!.blocks));
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
  ok(run.slack_sent_at && run.posted_at);
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
    context.elements[1].text,
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
  ok(await beginPosting(test.db, killed, at(slack), {}));
  const posted = await test.client!.post({
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
  await beginPosting(test.db, claim, at(slack), {});
  const payloads = [
    { installation: "abc123", dashboard_id: test.id, run: 1 },
    { installation: "other1", dashboard_id: test.id, run: 2 },
    { installation: "abc123", dashboard_id: test.id + 1, run: 2 },
  ];
  for (const event_payload of payloads) {
    const metadata = { event_type: "dashkeeper_dashboard", event_payload };
    const blocks = [{ type: "header", text: { type: "plain_text", text: "other" } }];
    await test.client!.post({ text: "other", blocks, metadata }, never);
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
  equal(await beginPosting(test.db, slow, at(slack), {}), false);
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

  equal(await restart(test.db, test.id), true);
  equal(await test.notify(slackDeps(slack)), true);
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
  await test.db`update slack_pauses set until = now()`;
  await test.due();
  await test.notify();
  same([(await slack.messages()).length, (await slack.files()).length], [1, 1]);
});

/** After a confirmed post: a correction changes nothing in the channel, and the next run begins a thread. */
async function goesOnWithoutPlace(test: Awaited<ReturnType<typeof start>>, slack: TestSlack) {
  await redraw(test.db, test.id);
  await test.db`update dashboards set step = 'notify' where id = ${test.id}`;
  await test.notify();
  const { step, last_error } = await test.state();
  same([step, posts(slack)], ["done", 1]);
  match(last_error!, /shows the table as it was read before/);
  await test.db`update dashboards set run = 3, step = 'notify' where id = ${test.id}`;
  await test.db`insert into runs (dashboard_id, run, row_count) values (${test.id}, 3, 40)`;
  await test.notify();
  const messages = await slack.messages();
  same(messages.map(({ thread_ts }) => thread_ts), [undefined, undefined]);
  const [last] = await test.db`select slack_ts from runs where run = 3`;
  ok(messages.some(({ ts }) => ts === last!.slack_ts));
}

Deno.test("notifyNext() leaves it to a person where it cannot see whether Slack has it", async () => {
  for (const decided of ["post", "posted"] as const) {
    await using slack = await startSlack();
    await using test = await start(slack, { token: slack.blindToken });
    slack.faults.push({ method: "chat.postMessage", what: "drop-after", times: 1 });
    await test.notify();
    await test.due();
    await test.notify();
    const { stopped, last_error } = await test.state();
    equal(stopped, true);
    match(last_error!, /may have this message already.*"Post"/);
    const row = await showDashboard(test.db, admin, test.id);
    equal(row.error_code, "post_unclear");
    equal(posts(slack), 1);

    equal(await restart(test.db, test.id), true);
    await test.notify();
    same([posts(slack), (await test.state()).stopped], [1, true], "Retry only searches again");
    if (decided === "post") {
      await postMessage(test.db, admin, test.id);
      await test.notify();
      same([posts(slack), (await test.state()).step], [2, "done"]);
      ok((await test.run()).slack_ts);
      await rejects(postMessage(test.db, admin, test.id), { code: "already_posted" });
    } else {
      await confirmPosted(test.db, admin, test.id);
      equal(await test.notify(), false);
      same([posts(slack), (await test.state()).step], [1, "done"]);
      const run = await test.run();
      ok(run.slack_sent_at && run.posted_at && run.slack_message.text);
      equal(run.posting_at, null);
      await goesOnWithoutPlace(test, slack);
    }
    await rejects(confirmPosted(test.db, admin, test.id), { code: "not_unclear" });
  }
});

Deno.test("postMessage() posts a run that was kept without Slack, and no run that is on its way", async () => {
  await using slack = await startSlack();
  await using test = await start(slack);
  await rejects(postMessage(test.db, admin, test.id), { code: "not_ready" });
  await test.notify(slackDeps());
  same((await slack.messages()).length, 0);
  await postMessage(test.db, admin, test.id);
  await test.notify();
  same([(await slack.messages()).length, (await test.state()).step], [1, "done"]);
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
  const work = test.notify({}, stopping.signal);
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
