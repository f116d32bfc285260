import { deepStrictEqual as same, match, ok, strictEqual as equal } from "node:assert";
import { finishCapture } from "../../../src/pipeline/capture/finish.ts";
import { createNext } from "../../../src/pipeline/create/create.ts";
import { notifyNext } from "../../../src/pipeline/notify/notify.ts";
import { claimNext } from "../../../src/pipeline/row.ts";
import { startSlack, type TestSlack } from "../../help/slack.ts";
import { slackDeps } from "../../help/slack_deps.ts";
import { never } from "../../help/time.ts";
import { FRONTEND } from "../../help/world/deps.ts";
import { makeDue, stateOf } from "../../help/world/rows.ts";
import { startWorld } from "../../help/world/world.ts";

const TABLE = `create table runs (run_ts timestamptz, wns_ns float8, quux float8)`;
const ROWS = `insert into runs values ('2026-01-01', -0.1, -500), ('2026-01-02', -0.2, -400)`;
const MEASURE = {
  measures: [{ name: "setup_wns", column: "quux", unit: "ps" }],
};

/** Ada's table with its row at "create", and its steps with or without a Slack. */
async function start(testSlack?: TestSlack) {
  const test = await startWorld({ user: true });
  await test.run(TABLE, ROWS);
  await test.found();
  const [row] = await test.db<{ id: number }[]>`select id from dashboards`;
  const id = row!.id;
  const slack = slackDeps(testSlack);
  const deps = { ...test.deps, frontend_url: FRONTEND, board_link_days: 30 };
  let picture = 0;
  return Object.assign(test, {
    id,
    create: () => createNext(test.deps, never),
    /** What the browser would have seen. */
    async capture() {
      const gif = new TextEncoder().encode(`GIF89a, picture ${++picture}`);
      const claim = (await claimNext(test.db, "capture"))!;
      await finishCapture(
        test.db,
        claim,
        {
          ...{ outcome: "loaded", sentence: null, panels: [] },
          ...{ gif, slack_gif: null, png: null, thumbnail: null, captured_at: new Date() },
        } as Parameters<typeof finishCapture>[2],
      );
    },
    notify: (by = slack) => notifyNext({ ...deps, ...by }, never),
    /** All steps to the end. */
    async finish() {
      await this.create();
      await this.capture();
      return await this.notify();
    },
    correct: (json: object = MEASURE) =>
      test.call("PUT", `/dashboards/${id}/mapping`, {
        key: test.ada.api_key,
        json,
      }),
    state: () => stateOf(test.db, id),
    due: () => makeDue(test.db, { id }),
    async message() {
      const [run] = await test.db`
        select slack_message, slack_ts, slack_sent_at, posted_at, correcting from runs`;
      return run!;
    },
  });
}

const count = (slack: TestSlack, wanted: string) =>
  slack.calls.filter(({ method }) => method === wanted).length;

Deno.test("a correction changes the message of its run in place, once, and says so", async () => {
  await using slack = await startSlack();
  await using test = await start(slack);
  equal(await test.finish(), true);
  const [before] = await slack.messages();
  match(
    before!.text,
    /^QoR table runs of \w+: run 1, 2 rows, Setup WNS -0\.2 ns/,
  );
  const first = await test.message();

  equal((await test.correct()).status, 200);
  await test.finish();
  const [after, ...others] = await slack.messages();
  same(others, []);
  equal(after!.ts, before!.ts);
  match(
    after!.text,
    /^Corrected: QoR table runs of \w+: run 1, 2 rows, Setup WNS -400 ps/,
  );
  const blocks = JSON.stringify(after!.blocks);
  ok(blocks.includes("Corrected: ") && blocks.includes("-400 ps"), blocks);
  same(after!.metadata, before!.metadata);
  const image = after!.blocks.find(({ type }) => type === "image");
  const files = await slack.files();
  const shown = files.find(({ id }) => id === image.slack_file.id)!;
  equal(
    new TextDecoder().decode(await slack.download(shown)),
    "GIF89a, picture 2",
  );
  same([count(slack, "chat.postMessage"), count(slack, "chat.update")], [1, 1]);
  const kept = await test.message();
  same([kept.slack_ts, kept.posted_at, kept.slack_sent_at, kept.correcting], [
    ...[first.slack_ts, first.posted_at, first.slack_sent_at, false],
  ]);
  same(kept.slack_message.text, after!.text);
  equal((await test.state()).step, "done");

  await test.db`update dashboards set step = 'capture'`;
  await test.capture();
  equal(
    (await test.state()).step,
    "done",
    "a new picture alone changes no message",
  );
});

Deno.test("a correction before the message is posted is posted with it, once", async () => {
  await using slack = await startSlack();
  await using test = await start(slack);
  await test.create();
  await test.capture();
  equal((await test.correct()).status, 200);
  await test.finish();
  const [message, ...others] = await slack.messages();
  same(others, []);
  match(message!.text, /^QoR table runs .*Setup WNS -400 ps/);
  equal(count(slack, "chat.update"), 0);
});

Deno.test("a correction finds the message whose post nobody saw end, and corrects it", async () => {
  await using slack = await startSlack();
  await using test = await start(slack);
  slack.faults.push({
    method: "chat.postMessage",
    what: "drop-after",
    times: 1,
  });
  await test.finish();
  equal((await test.message()).posted_at, null);
  await test.correct();
  await test.finish();
  const [message, ...others] = await slack.messages();
  same(others, []);
  match(message!.text, /^Corrected: .*-400 ps/);
});

Deno.test("a correction changes the kept message where no Slack is configured, and posts none later", async () => {
  await using slack = await startSlack();
  await using test = await start();
  await test.finish();
  await test.correct();
  await test.finish();
  const { slack_message, slack_sent_at } = await test.message();
  match(slack_message.text, /^Corrected: .*-400 ps/);
  equal(slack_sent_at, null);
  await test.correct({
    measures: [{ name: "setup_wns", column: "quux", unit: "fs" }],
  });
  await test.create();
  await test.capture();
  await test.notify(slackDeps(slack));
  match((await test.message()).slack_message.text, /^Corrected: .*-400 fs/);
  same(await slack.messages(), []);
});

Deno.test("a correction is retried while Slack is away, and stops where its token is refused", async () => {
  await using slack = await startSlack();
  await using test = await start(slack);
  await test.finish();
  await test.correct();
  slack.faults.push({ method: "chat.update", what: "500", times: 1 });
  await test.finish();
  const waiting = await test.state();
  same([waiting.step, waiting.stopped, waiting.failures], ["notify", false, 1]);
  slack.faults.push({
    method: "chat.update",
    what: { error: "invalid_auth" },
    times: 1,
  });
  await test.due();
  await test.notify();
  const stopped = await test.state();
  same([stopped.step, stopped.stopped], ["notify", true]);
  match(stopped.last_error!, /SLACK_BOT_TOKEN/);
  await test.db`update dashboards set stopped = false, next_try_at = now()`;
  await test.notify();
  match((await slack.messages())[0]!.text, /^Corrected: /);
  equal((await slack.messages()).length, 1);
});

Deno.test("a correction of a message that Slack no longer has ends with the reason on the row", async () => {
  await using slack = await startSlack();
  await using test = await start(slack);
  await test.finish();
  await test.correct();
  slack.faults.push({
    method: "chat.update",
    what: { error: "message_not_found" },
    times: 1,
  });
  await test.finish();
  const { step, stopped, last_error } = await test.state();
  same([step, stopped], ["done", false]);
  match(last_error!, /does not allow a change of this run's message/);
  match((await test.message()).slack_message.text, /^Corrected: /);
});
