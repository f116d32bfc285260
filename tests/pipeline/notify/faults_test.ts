import { deepStrictEqual as same, match, ok, strictEqual as equal } from "node:assert";
import { warningsOf } from "../../../src/external/slack/check.ts";
import { connectSlack } from "../../../src/external/slack/slack.ts";
import { notifyNext } from "../../../src/pipeline/notify/notify.ts";
import { notifyDeps } from "../../help/notify_deps.ts";
import { type Fault, startSlack, type TestSlack } from "../../help/slack.ts";
import { never } from "../../help/time.ts";
import { freshDatabase } from "../../help/world/postgres.ts";
import { addAccount, addDashboard, makeDue } from "../../help/world/rows.ts";

const GIF = new TextEncoder().encode("GIF89a, then what a browser drew");
const TIMEOUT_MS = 300;

/** Time-outs of calls that ended long before would be counted against the next test. */
const check = (name: string, fn: () => Promise<void>) =>
  Deno.test({ name, fn, sanitizeOps: false });

/** How a case ends: one message; one without GIF; or a row that stopped with this code. */
type End = "done" | "bare" | (string & Record<never, never>);
type Case = [what: Fault["what"], end: End];

const PASSING: Case[] = ([
  "429",
  "500",
  "500-after",
  "hang",
  "hang-after",
  "drop",
  "drop-after",
  "html",
  "html-after",
  "html-502",
  "bad-json",
  "empty",
  "empty-after",
  "slow",
] as const).map((what) => [what, "done"]);
const REFUSED: Case[] = [
  [{ error: "internal_error" }, "done"],
  [{ error: "service_unavailable" }, "done"],
  [{ error: "invalid_auth" }, "invalid_auth"],
  [{ error: "missing_scope" }, "missing_scope"],
];
const UPLOAD: Case[] = ["file_uploads_disabled", "storage_limit_reached"].map((error) => [
  { error },
  "bare",
]);
const POST: Case[] = ["not_in_channel", "is_archived", "channel_not_found", "msg_too_long"].map(
  (error) => [{ error }, error],
);
const withoutScope = (end: End) =>
  REFUSED.map(([what, as]): Case => [
    what,
    as === "missing_scope" ? end : as,
  ]);

async function start() {
  const fresh = await freshDatabase();
  const { db } = fresh;
  const slack = await startSlack();
  const ada = await addAccount(db, "ada");
  const deps = await notifyDeps(db, slack, { slack: { timeoutMs: TIMEOUT_MS } });
  let id = 0;
  async function state() {
    const [row] = await db<{ step: string; stopped: boolean; code: string; why: string }[]>`
      select step, stopped, stop_code as code, last_error as why from dashboards where id = ${id}`;
    return row!;
  }
  return {
    db,
    deps,
    slack,
    state,
    async newRow() {
      await db`delete from dashboards`;
      id = await addDashboard(db, ada, { table_name: "runs", step: "notify", gif: GIF });
    },
    async nextRun() {
      await db`update dashboards set run = 2, step = 'notify' where id = ${id}`;
      await db`
        insert into runs (dashboard_id, run, row_count, gif, captured_at)
        values (${id}, 2, 3, ${GIF}, now())`;
    },
    async correct() {
      await db`update dashboards set step = 'notify' where id = ${id}`;
      await db`update runs set correcting = true where dashboard_id = ${id}`;
    },
    /** Attempts until the row is done or stopped, and the waits before them over. */
    async finish() {
      for (let tries = 0;; tries++) {
        const row = await state();
        if (row.step === "done" || row.stopped) return { ...row, tries };
        ok(tries < 8, `after ${tries} attempts: ${row.why}`);
        await makeDue(db, { id });
        await db`update slack_pauses set until = now()`;
        await notifyNext(deps, never);
      }
    },
    async messages(run: number) {
      return (await slack.messages()).filter(({ metadata }) => {
        return metadata?.event_payload.dashboard_id === id && metadata.event_payload.run === run;
      });
    },
    async [Symbol.asyncDispose]() {
      await slack[Symbol.asyncDispose]();
      await fresh[Symbol.asyncDispose]();
    },
  };
}
type Test = Awaited<ReturnType<typeof start>>;

const lose = (slack: TestSlack) =>
  void slack.faults.push({ method: "chat.postMessage", what: "drop-after", times: 1 });
const posted = async (test: Test) => {
  await test.newRow();
  await test.finish();
};

/** What happens before the fault, and the run whose message counts. */
const PREPARE: Record<string, { run: number; before(test: Test): Promise<unknown> }> = {
  "a new run": { run: 1, before: (test) => test.newRow() },
  "a search after a lost answer": {
    run: 1,
    before: async (test) => {
      await test.newRow();
      lose(test.slack);
    },
  },
  "a search in a thread": {
    run: 2,
    before: async (test) => {
      await posted(test);
      await test.nextRun();
      lose(test.slack);
    },
  },
  "the thread's first message": {
    run: 2,
    before: async (test) => {
      await posted(test);
      await test.nextRun();
    },
  },
  "a correction": {
    run: 1,
    before: async (test) => {
      await posted(test);
      await test.correct();
    },
  },
};

const TABLE: [when: string, method: string, cases: Case[]][] = [
  ["a new run", "files.getUploadURLExternal", [...PASSING, ...REFUSED, ...UPLOAD]],
  ["a new run", "upload", PASSING],
  ["a new run", "files.completeUploadExternal", [...PASSING, ...REFUSED]],
  ["a new run", "files.info", [...PASSING, ...REFUSED, [{ error: "file_not_found" }, "done"]]],
  ["a new run", "chat.postMessage", [...PASSING, ...REFUSED, ...POST]],
  ["a search after a lost answer", "conversations.history", [
    ...PASSING,
    ...withoutScope("post_unclear"),
  ]],
  ["a search in a thread", "conversations.replies", [...PASSING, ...withoutScope("post_unclear")]],
  ["the thread's first message", "conversations.history", [...PASSING, ...withoutScope("done")]],
  ["a correction", "chat.update", [...PASSING, ...REFUSED]],
];

for (const [when, method, cases] of TABLE) {
  check(
    `notifyNext() ends every fault of ${method}, for ${when}, with one message or the reason`,
    async () => {
      await using test = await start();
      const { slack } = test;
      const { run, before } = PREPARE[when]!;
      const rows: Record<string, string | number>[] = [];
      for (const [what, end] of cases) {
        await before(test);
        slack.faults.push({ method, what, times: 1 });
        const { stopped, code, why, tries } = await test.finish();
        equal(slack.faults.every(({ times }) => times === 0), true, "the fault happened");
        slack.faults.length = 0;
        // Where something in between takes the bytes and answers 200, we cannot know that Slack has none.
        if (method === "upload") slack.breaches.length = 0;
        const messages = await test.messages(run);
        const fault = typeof what === "string" ? what : what.error;
        rows.push({
          fault,
          attempts: tries,
          "in the channel": messages.length,
          error_code: code ?? "",
          sentence: why ?? "",
        });
        const isDone = end === "done" || end === "bare";
        // What stops after the message was taken leaves one; what stops before leaves none.
        const expected = isDone || when !== "a new run" && when !== "the thread's first message";
        same([stopped, messages.length], [!isDone, expected ? 1 : 0], `${method}, ${fault}`);
        if (isDone) {
          const hasImage = messages[0]!.blocks.some(({ type }) => type === "image");
          equal(hasImage, end === "done", fault);
        } else {
          equal(code, end, fault);
          match(why, /[a-z]\.$|\/invite @\w+$/);
        }
      }
      console.log(`${method}, ${when}`);
      console.table(rows);
    },
  );
}

check("inspect() names every fault of auth.test, and posts nothing", async () => {
  await using slack = await startSlack();
  const client = connectSlack({ ...slack, timeoutMs: TIMEOUT_MS });
  const rows: Record<string, string>[] = [];
  for (const [what, end] of [...PASSING, ...REFUSED]) {
    slack.faults.push({ method: "auth.test", what, times: 1 });
    const warnings = warningsOf(await client.inspect(never));
    const fault = typeof what === "string" ? what : what.error;
    rows.push({ fault, warnings: warnings.join(" ") });
    equal(warnings.length > 0, what !== "slow", `${fault}, ${end}`);
  }
  console.table(rows);
  same(await slack.messages(), []);
});

check(
  "notifyNext() posts once where the history forgets the newest message, or its metadata",
  async () => {
    for (const forgets of [{ historyLagMs: 450 }, { hidesMetadata: true }]) {
      await using test = await start();
      Object.assign(test.slack.rules, forgets);
      await test.newRow();
      lose(test.slack);
      // No time is skipped: the channel is searched until it must show the message.
      const end = Date.now() + 10_000;
      while ((await test.state()).step !== "done" && Date.now() < end) {
        await test.db`update dashboards set next_try_at = now()`;
        await notifyNext(test.deps, never);
      }
      const { step } = await test.state();
      same([step, (await test.slack.messages()).length], ["done", 1], JSON.stringify(forgets));
    }
  },
);

check(
  "notifyNext() posts without the GIF in the message where Slack never processes it",
  async () => {
    await using test = await start();
    test.slack.rules.processingMs = 600_000;
    await test.newRow();
    equal((await test.finish()).step, "done");
    const [message, ...others] = await test.messages(1);
    equal(others.length, 0);
    match(JSON.stringify(message!.blocks), /The preview is in the thread/);
  },
);
