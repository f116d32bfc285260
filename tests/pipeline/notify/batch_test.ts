import { deepStrictEqual as same, match, ok, strictEqual as equal } from "node:assert/strict";
import { postMessage } from "../../../src/dashboards/posting.ts";
import type { Who } from "../../../src/who.ts";
import { notifyNext, probeRefusals } from "../../../src/pipeline/notify/notify.ts";
import {
  advance,
  claimNext,
  postpone,
  releaseBatches,
  setBack,
} from "../../../src/pipeline/row.ts";
import { startSlack, type TestSlack } from "../../help/slack.ts";
import { notifyDeps } from "../../help/notify_deps.ts";
import { type More, slackDeps } from "../../help/slack_deps.ts";
import { never } from "../../help/time.ts";
import { freshDatabase } from "../../help/world/postgres.ts";
import {
  addAccount,
  addBatch,
  addDashboard,
  letLeaseRunOut,
  makeDue,
  stateOf,
} from "../../help/world/rows.ts";

const admin = { user_id: 1, username: "admin", role: "admin", from: "127.0.0.1" } as Who;
const GIF = new TextEncoder().encode("GIF89a, then what a browser drew");
const worse = {
  ...{ name: "setup_wns", group: null, value: -0.2, unit: "ns", before: -0.1, change: -0.1 },
  better: false,
};

/** New tables of ada that one scan found, all at "notify" but the first `pending` ones. */
async function start(
  testSlack: TestSlack | undefined,
  tables: number | string[],
  { pending = 0, ...more }: More & { pending?: number } = {},
) {
  const fresh = await freshDatabase();
  const { db } = fresh;
  const ada = await addAccount(db, "ada");
  const ids: number[] = [];
  const names = typeof tables === "number"
    ? Array.from({ length: tables }, (_, i) => `runs${i}`)
    : tables;
  for (const [i, table_name] of names.entries()) {
    const step = i < pending ? "capture" as const : "notify" as const;
    ids.push(await addDashboard(db, ada, { table_name, step, gif: GIF }));
  }
  await addBatch(db, ada, ids);
  const deps = await notifyDeps(db, testSlack, more);
  return {
    db,
    ids,
    deps,
    state: (i: number) => stateOf(db, ids[i]!),
    /** Attempts until nothing is due. */
    async work(other: Partial<typeof deps> = {}) {
      for (let i = 0; i < 40 && await notifyNext({ ...deps, ...other }, never); i++);
    },
    /** Attempts, each back-off left out, until all is done or stopped. */
    async finish() {
      for (let i = 0; i < 10; i++) {
        await db`update dashboards set next_try_at = now()`;
        await db`
          update channel_messages set next_try_at = now(),
            posting_at = posting_at - interval '31 seconds'
          where next_try_at is not null`;
        await db`update runs set posting_at = posting_at - interval '31 seconds'`;
        for (let i = 0; i < 40 && await notifyNext(deps, never); i++);
      }
    },
    /** The next run of a table, at "notify". */
    async nextRun(i: number, numbers: object[] = []) {
      await db`update dashboards set run = run + 1, step = 'notify' where id = ${ids[i]!}`;
      await db`
        insert into runs (dashboard_id, run, row_count, numbers)
        select id, run, 3, ${JSON.stringify(numbers)}::text::jsonb
        from dashboards where id = ${ids[i]!}`;
    },
    steps: async () =>
      (await db`select step, stopped from dashboards order by id`).map(({ step, stopped }) =>
        stopped ? "stopped" : step
      ),
    [Symbol.asyncDispose]: fresh[Symbol.asyncDispose],
  };
}

const posts = (slack: TestSlack) =>
  slack.calls.filter(({ method }) => method === "chat.postMessage").length;
const shown = (message: unknown) => JSON.stringify(message);
const typeOf = ({ metadata }: { metadata?: { event_type: string } | undefined }) =>
  metadata?.event_type;

Deno.test("notifyNext() posts one list for six new tables, and each one's message in its thread", async () => {
  await using slack = await startSlack();
  await using test = await start(slack, 6, { slack: { broadcast: "always" } });
  await test.db`
    update runs set numbers = ${JSON.stringify([worse])}::text::jsonb
    where dashboard_id = ${test.ids[3]!}`;
  await test.work();
  const [list, ...others] = await slack.roots();
  same([others.length, typeOf(list!)], [0, "dashkeeper_batch"]);
  equal(list!.blocks[0].text.text, "6 new tables of ada, 1 worse");
  match(list!.blocks[1].text.text, /^runs3 .*Setup WNS -0.2 ns \(-0.1.*worse\)/s);
  const replies = await slack.replies(list!.ts);
  same(
    replies.map(({ metadata }) => metadata),
    replies.map((_, i) => ({
      event_type: "dashkeeper_dashboard",
      event_payload: { installation: "abc123", dashboard_id: test.ids[i]!, run: 1 },
    })),
  );
  same([replies.length, await test.steps()], [6, Array(6).fill("done")]);
  same(
    slack.forms("chat.postMessage").map(({ reply_broadcast }) => reply_broadcast),
    [undefined, ...Array(6).fill("false")],
  );
});

Deno.test("notifyNext() posts five new tables each on its own, and waits for none", async () => {
  await using slack = await startSlack();
  await using test = await start(slack, 5, { pending: 1 });
  await test.work();
  const messages = await slack.roots();
  same(messages.map(typeOf), Array(4).fill("dashkeeper_dashboard"));
});

Deno.test("notifyNext() waits for the last table of a batch, and goes on when it arrives", async () => {
  await using slack = await startSlack();
  await using test = await start(slack, 6, { pending: 1 });
  await test.work();
  equal(posts(slack), 0);
  for (const i of [1, 5]) {
    const { step, failures, last_error, wait } = await test.state(i);
    same([step, failures], ["notify", 0]);
    match(last_error!, /Waiting for the other tables of this batch/);
    ok(wait > 290 && wait <= 300, `${wait}`);
  }
  const claim = (await claimNext(test.db, "capture"))!;
  await advance(test.db, claim, "notify");
  await test.work();
  const [list] = await slack.roots();
  same([(await slack.replies(list!.ts)).length, await test.steps()], [6, Array(6).fill("done")]);
});

Deno.test("notifyNext() waits 5 minutes at most; a later table goes into the list's thread", async () => {
  await using slack = await startSlack();
  await using test = await start(slack, 6, { pending: 1 });
  await test.work();
  equal(posts(slack), 0);
  await test.db`update dashboards set next_try_at = now()`; // as those 5 minutes later
  await test.work({ limits: { batchSeconds: 0 } });
  const [list] = await slack.roots();
  equal((await slack.replies(list!.ts)).length, 5);
  match(list!.blocks.at(-2).text.text, /^runs0 .*\nNot ready yet/);
  const claim = (await claimNext(test.db, "capture"))!;
  await advance(test.db, claim, "notify");
  await test.work();
  same([(await slack.replies(list!.ts)).length, (await slack.roots()).length], [6, 1]);
});

Deno.test("releaseBatches() takes a table that stops for ready, and the list says why it stopped", async () => {
  for (const how of ["stop", "archive", "delete"]) {
    await using slack = await startSlack();
    await using test = await start(slack, 7, { pending: 1 });
    await test.work();
    const claim = (await claimNext(test.db, "capture"))!;
    if (how === "stop") await setBack(test.db, claim, "No browser.", { stop: true });
    if (how === "archive") {
      await test
        .db`update dashboards set step = 'done', archived_at = now() where id = ${claim.id}`;
    }
    if (how === "delete") {
      await test.db`update dashboards set step = 'done', deleted_at = now() where id = ${claim.id}`;
    }
    await releaseBatches(test.db, 300);
    await test.work();
    const [list, ...others] = await slack.roots();
    same([others.length, (await slack.replies(list!.ts)).length], [0, 6], how);
    const isNamed = how === "stop";
    equal(
      list!.blocks[0].text.text,
      isNamed ? "7 new tables of ada, 1 needs attention" : "6 new tables of ada",
    );
    if (isNamed) match(list!.blocks[1].text.text, /^runs0 .*\nNeeds attention: No browser\./);
    else ok(!shown(list).includes("runs0"));
  }
});

Deno.test("releaseBatches() leaves no row waiting that was being worked on meanwhile", async () => {
  await using test = await start(undefined, 6);
  const slow = (await claimNext(test.db, "notify"))!;
  await releaseBatches(test.db, 300);
  await postpone(test.db, slow, "decided before", 300);
  ok((await stateOf(test.db, slow.id)).wait <= 0);
});

Deno.test("notifyNext() keeps the messages of a batch where no Slack is configured, and waits for none", async () => {
  await using test = await start(undefined, 6, { pending: 1 });
  await test.work();
  same(await test.steps(), ["capture", ...Array(5).fill("done")]);

  await using slack = await startSlack();
  await postMessage(test.db, admin, test.ids[2]!);
  await test.work(slackDeps(slack));
  same((await slack.roots()).map(typeOf), ["dashkeeper_dashboard"], "posted by a person, alone");
});

Deno.test("notifyNext() posts the list once when its answer is lost, or the process dies", async () => {
  for (const what of ["drop-after", "500", "killed"] as const) {
    await using slack = await startSlack();
    await using test = await start(slack, 6);
    const fault = what === "killed" ? "hang-after" : what;
    slack.faults.push({ method: "chat.postMessage", what: fault, times: 1 });
    const killed = new AbortController();
    const work = notifyNext({
      ...test.deps,
      slack: { ...test.deps.slack, timeoutMs: what === "killed" ? 60_000 : 500 },
    }, killed.signal);
    if (what === "killed") {
      while (slack.faults.some(({ times }) => times > 0)) {
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      const [row] = await test.db`select id from dashboards where claim_id is not null`;
      await letLeaseRunOut(test.db, row!.id);
      await test.db`update channel_messages set claimed_until = now() - interval '1 second'`;
    } else await work;
    await test.finish();
    killed.abort();
    await work;
    const roots = await slack.roots();
    same([roots.map(typeOf), (await slack.replies(roots[0]!.ts)).length], [
      ["dashkeeper_batch"],
      6,
    ], what);
    same(await test.steps(), Array(6).fill("done"));
  }
});

Deno.test("notifyNext() goes on in the list's thread when the process died between list and replies", async () => {
  await using slack = await startSlack();
  await using test = await start(slack, 6);
  slack.faults.push({ method: "chat.postMessage", what: "drop-after", times: 1 });
  await test.work();
  await test.db`update channel_messages set next_try_at = now()`;
  await test.db`update dashboards set next_try_at = now() where id = ${test.ids[0]!}`;
  // The list is found, and the first reply's answer is lost.
  slack.faults.push({ method: "chat.postMessage", what: "drop-after", times: 1 });
  await notifyNext(test.deps, never);
  same([posts(slack), (await test.steps())[0]], [2, "notify"]);
  await test.finish();
  const roots = await slack.roots();
  same([roots.length, (await slack.replies(roots[0]!.ts)).length], [1, 6]);
});

Deno.test("notifyNext() posts a later run of a batch's table in the list's thread, broadcast when worse", async () => {
  await using slack = await startSlack();
  await using test = await start(slack, 6);
  await test.work();
  const [list] = await slack.roots();
  for (const numbers of [[], [worse]]) {
    await test.nextRun(2, numbers);
    await test.work();
  }
  equal((await slack.replies(list!.ts)).length, 8);
  same(
    slack.forms("chat.postMessage").slice(-2).map(({ thread_ts, reply_broadcast }) => [
      thread_ts,
      reply_broadcast,
    ]),
    [[list!.ts, "false"], [list!.ts, "true"]],
  );
  await test.db`update runs set slack_sent_at = now() - interval '31 days'`;
  await test.nextRun(2);
  await test.work();
  equal((await slack.roots()).length, 2);
});

Deno.test("notifyNext() begins a thread of its own where the list was deleted", async () => {
  await using slack = await startSlack();
  await using test = await start(slack, 6);
  await test.work();
  const [list] = await slack.roots();
  await slack.remove(list!.ts);
  for (let run = 2; run < 4; run++) {
    await test.nextRun(0);
    await test.work();
  }
  const own = (await slack.roots()).filter(({ metadata }) => metadata?.event_payload.run === 2);
  same([own.length, (await slack.replies(own[0]!.ts)).length], [1, 1]);
});

Deno.test("notifyNext() posts a list in each channel, and in one with a single table its message alone", async () => {
  await using slack = await startSlack();
  const routes = [{ pattern: "gpu_*", channel: slack.otherChannel }];
  const names = ["a", "b", "c", "gpu_a", "gpu_b", "d"];
  await using test = await start(slack, names, { slack: { routes } });
  await test.work();
  const listOf = async (channel: string) =>
    (await slack.messages(channel)).filter((message) => typeOf(message) === "dashkeeper_batch");
  const [here, there] = [await listOf(slack.channel), await listOf(slack.otherChannel)];
  same([here.length, there.length], [1, 1]);
  same([here, there].map(([list]) => list!.blocks[0].text.text), [
    "4 new tables of ada",
    "2 new tables of ada",
  ]);
  ok(!shown(here).includes("gpu_") && !shown(there).includes('"d ('));
  same(
    (await slack.messages(slack.otherChannel)).map(({ thread_ts }) => thread_ts ?? "root"),
    ["root", there[0]!.ts, there[0]!.ts],
  );

  await using single = await start(slack, [...names.slice(0, 4), "e", "f"], { slack: { routes } });
  await single.work();
  const [message] = (await slack.messages(slack.otherChannel)).slice(3);
  same([typeOf(message!), message!.thread_ts], ["dashkeeper_dashboard", undefined]);
});

Deno.test("notifyNext() stops the rows of a batch whose list is refused, and goes on when the app is invited", async () => {
  await using slack = await startSlack();
  await using test = await start(slack, 6);
  slack.rules.refusal = "not_in_channel";
  await test.work();
  same(await test.steps(), Array(6).fill("stopped"));
  equal(posts(slack), 1, "one try for all of them");
  for (const i of [0, 5]) match((await test.state(i)).last_error!, /\/invite @/);
  slack.rules.refusal = undefined;
  await test.db`update channel_messages set next_try_at = now()`; // as a minute later
  await probeRefusals(test.deps);
  await test.work();
  const [list, ...others] = await slack.roots();
  same([others.length, (await slack.replies(list!.ts)).length], [0, 6]);
});

Deno.test("notifyNext() posts the tables on their own where no list can be posted", async () => {
  await using slack = await startSlack();
  for (const [fault, token] of [["msg_too_long", slack.token], ["drop-after", slack.blindToken]]) {
    await using test = await start(slack, 6, { token: token! });
    const what = fault === "drop-after" ? fault : { error: fault! };
    slack.faults.push({ method: "chat.postMessage", what, times: 1 });
    await test.work();
    await test.finish();
    same(await test.steps(), Array(6).fill("done"), fault!);
  }
  const lists = (await slack.roots()).filter((message) => typeOf(message) === "dashkeeper_batch");
  same([lists.length, (await slack.messages()).length], [1, 13]);
});

Deno.test("notifyNext() retries a rate-limited list without a failure of its rows", async () => {
  await using slack = await startSlack();
  await using test = await start(slack, 6);
  slack.faults.push({ method: "chat.postMessage", what: "429", times: 1 });
  await test.work();
  equal(posts(slack), 1);
  for (const i of [0, 5]) {
    const { failures, stopped, wait } = await test.state(i);
    same([failures, stopped], [0, false]);
    ok(wait > 4 && wait < 8, `${wait} s`);
  }
  await test.db`update slack_pauses set until = now()`;
  await test.finish();
  for (const id of test.ids) await makeDue(test.db, { id });
  equal((await slack.replies((await slack.roots())[0]!.ts)).length, 6);
});
