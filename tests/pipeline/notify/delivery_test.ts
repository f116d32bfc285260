import { deepStrictEqual as same, match, ok, strictEqual as equal } from "node:assert";
import { notifyNext, probeRefusals } from "../../../src/pipeline/notify/notify.ts";
import { startSlack, type TestSlack } from "../../help/slack.ts";
import { notifyDeps } from "../../help/notify_deps.ts";
import type { More } from "../../help/slack_deps.ts";
import { never } from "../../help/time.ts";
import { freshDatabase } from "../../help/world/postgres.ts";
import {
  addAccount,
  addDashboard,
  letLeaseRunOut,
  makeDue,
  stateOf,
} from "../../help/world/rows.ts";

const GIF = new TextEncoder().encode("GIF89a, then what a browser drew");

/** One user's tables at "notify". */
async function start(testSlack: TestSlack, more: More = {}, tables = 1) {
  const fresh = await freshDatabase();
  const { db } = fresh;
  const ada = await addAccount(db, "ada");
  const ids: number[] = [];
  for (let i = 0; i < tables; i++) {
    const row = { table_name: `runs${i}`, step: "notify", gif: GIF } as const;
    ids.push(await addDashboard(db, ada, row));
  }
  const deps = await notifyDeps(db, testSlack, more);
  const id = ids[0]!;
  return {
    db,
    id,
    ids,
    deps,
    notify: (other: Partial<typeof deps> = {}, signal = never) =>
      notifyNext({ ...deps, ...other }, signal),
    /** Attempts until the row is done or stopped. */
    async finish(most = 8) {
      for (let i = 0; i < most; i++) {
        const { step, stopped } = await stateOf(db, id);
        if (step === "done" || stopped) break;
        await makeDue(db, { id });
        await notifyNext(deps, never);
      }
      return await stateOf(db, id);
    },
    /** The next run of the table, at "notify". */
    async nextRun(numbers: object[] = []) {
      await db`update dashboards set run = run + 1, step = 'notify' where id = ${id}`;
      await db`
        insert into runs (dashboard_id, run, row_count, gif, captured_at, numbers)
        select id, run, 3, ${GIF}, now(), ${JSON.stringify(numbers)}::text::jsonb
        from dashboards where id = ${id}`;
    },
    [Symbol.asyncDispose]: fresh[Symbol.asyncDispose],
  };
}

const hasImage = ({ blocks }: { blocks: { type: string }[] }) =>
  blocks.some(({ type }) => type === "image");
const posts = (slack: TestSlack) =>
  slack.calls.filter(({ method }) => method === "chat.postMessage").length;

Deno.test("notifyNext() does not upload twice a file that Slack is slow to know or to process", async () => {
  for (const field of ["unknownMs", "processingMs"] as const) {
    await using slack = await startSlack();
    await using test = await start(slack);
    slack.rules[field] = field === "unknownMs" ? 400 : 1_500;
    equal((await test.finish()).step, "done");
    same([(await slack.files()).length, (await slack.messages()).length], [1, 1], field);
  }
});

Deno.test("notifyNext() posts the message first and the GIF in its thread where no message shows it", async () => {
  await using slack = await startSlack();
  await using test = await start(slack);
  slack.rules.refusesFiles = true;
  equal((await test.finish()).step, "done");
  const [message, ...others] = await slack.roots();
  same([others.length, hasImage(message!)], [0, false]);
  match(JSON.stringify(message!.blocks), /The preview is in the thread/);
  const completed = slack.forms("files.completeUploadExternal").at(-1)!;
  same([completed.channel_id, completed.thread_ts], [slack.channel, message!.ts]);
});

Deno.test("notifyNext() stops a row that lacks files:write, and goes on when the token has it", async () => {
  await using slack = await startSlack();
  await using test = await start(slack, { token: slack.silentToken }, 3);
  for (const _ of test.ids) await test.notify();
  for (const id of test.ids) {
    const { stopped, last_error } = await stateOf(test.db, id);
    equal(stopped, true);
    match(last_error!, /lacks the scope files:write/);
  }
  await probeRefusals(test.deps);
  equal(await test.notify(), true);
  equal(await test.notify(), false, "one row is tried for all of them");
  equal((await stateOf(test.db, test.id)).stopped, true);

  slack.rules.scopes.get(slack.silentToken)!.push("files:write");
  slack.rules.grants.set(slack.silentToken, slack.token);
  await probeRefusals(test.deps);
  for (const _ of test.ids) await test.notify();
  equal((await slack.messages()).length, 3);
});

Deno.test("notifyNext() finds an unclear post by itself when the token may search the channel", async () => {
  await using slack = await startSlack();
  await using test = await start(slack, { token: slack.blindToken });
  slack.faults.push({ method: "chat.postMessage", what: "drop-after", times: 1 });
  equal((await test.finish()).stopped, true);
  await probeRefusals(test.deps);
  while (await test.notify());
  same([(await stateOf(test.db, test.id)).stopped, posts(slack)], [true, 1]);
  slack.rules.grants.set(slack.blindToken, slack.token);
  await probeRefusals(test.deps);
  while (await test.notify());
  same([(await stateOf(test.db, test.id)).step, posts(slack)], ["done", 1]);
});

Deno.test("notifyNext() posts the rows that stopped when the app is invited", async () => {
  await using slack = await startSlack();
  await using test = await start(slack, {}, 3);
  slack.rules.refusal = "not_in_channel";
  for (const _ of test.ids) await test.notify();
  same([(await slack.messages()).length, posts(slack)], [0, 3]);
  await probeRefusals(test.deps);
  await probeRefusals(test.deps);
  while (await test.notify());
  equal(posts(slack), 4);
  slack.rules.refusal = undefined;
  await probeRefusals(test.deps);
  while (await test.notify());
  same([(await slack.messages()).length, posts(slack)], [3, 7]);
});

Deno.test("notifyNext() pauses all rows of a token that is rate limited, and no others", async () => {
  await using slack = await startSlack();
  await using test = await start(slack, {}, 2);
  slack.faults.push({ method: "chat.postMessage", what: "429", times: 1 });
  await test.notify();
  await test.notify();
  equal(posts(slack), 1);
  for (const id of test.ids) {
    const { wait, stopped } = await stateOf(test.db, id);
    ok(wait > 4 && wait <= 7 && !stopped, `${wait} s`);
  }
  await makeDue(test.db, { id: test.id });
  await test.notify({ outside: { ...test.deps.outside, slack_token: slack.blindToken } });
  equal((await slack.messages()).length, 1);
});

const worse = {
  ...{ name: "setup_wns", group: null, value: -0.2, unit: "ns", before: -0.1, change: -0.1 },
  better: false,
};

Deno.test("notifyNext() posts a new run into the thread of the first, broadcast when it is worse", async () => {
  await using slack = await startSlack();
  await using test = await start(slack);
  await test.finish();
  await test.nextRun();
  await test.finish();
  await test.nextRun([worse]);
  await test.finish();
  const [first, ...others] = await slack.roots();
  const replies = await slack.replies(first!.ts);
  same([others.length, replies.length], [0, 2]);
  same(
    slack.forms("chat.postMessage").map(({ thread_ts, reply_broadcast }) => [
      thread_ts,
      reply_broadcast,
    ]),
    [[undefined, undefined], [first!.ts, "false"], [first!.ts, "true"]],
  );
});

Deno.test("notifyNext() begins a new thread after 30 days, and where the first message was deleted", async () => {
  for (const how of ["old", "deleted"]) {
    await using slack = await startSlack();
    await using test = await start(slack);
    await test.finish();
    const [first] = await slack.roots();
    if (how === "deleted") await slack.remove(first!.ts);
    else await test.db`update runs set slack_sent_at = now() - interval '31 days'`;
    await test.nextRun();
    await test.finish();
    equal(slack.forms("chat.postMessage").at(-1)!.thread_ts, undefined, how);
    await test.nextRun();
    await test.finish();
    const newest = (await slack.roots()).at(-1)!;
    equal(slack.forms("chat.postMessage").at(-1)!.thread_ts, newest.ts, how);
  }
});

Deno.test("notifyNext() finds a reply whose answer got lost in its thread", async () => {
  await using slack = await startSlack();
  await using test = await start(slack);
  await test.finish();
  await test.nextRun();
  slack.faults.push({ method: "chat.postMessage", what: "drop-after", times: 1 });
  equal((await test.finish()).step, "done");
  const [first] = await slack.roots();
  same([(await slack.replies(first!.ts)).length, posts(slack)], [1, 2]);
});

Deno.test("notifyNext() posts exactly once when it is killed at any call to Slack", async () => {
  const methods = [
    "files.getUploadURLExternal",
    "upload",
    "files.completeUploadExternal",
    "files.info",
    "chat.postMessage",
  ];
  for (const method of methods) {
    await using slack = await startSlack();
    await using test = await start(slack);
    // The worker never hears back, and writes nothing more: as if it were killed.
    slack.faults.push({ method, what: "hang-after", times: 1 });
    const killed = new AbortController();
    const work = test.notify({ slack: { ...test.deps.slack, timeoutMs: 60_000 } }, killed.signal);
    while (slack.faults.some(({ times }) => times > 0)) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    await letLeaseRunOut(test.db, test.id);
    equal((await test.finish()).step, "done", method);
    killed.abort();
    await work;
    same(
      [(await slack.messages()).length, (await stateOf(test.db, test.id)).step],
      [1, "done"],
      method,
    );
  }
});
