import { deepStrictEqual as same, match, ok, strictEqual as equal } from "node:assert";
import { captureNext, type Deps } from "../../../src/pipeline/capture/capture.ts";
import { createNext } from "../../../src/pipeline/create/create.ts";
import { notifyNext } from "../../../src/pipeline/notify/notify.ts";
import type { Panel } from "../../../src/previews/outcome.ts";
import { connectBrowser } from "../../../src/external/browser/browser.ts";
import { openGifFolder } from "../../../src/external/gif_folder.ts";
import { decodeGif } from "../../help/previews/gif.ts";
import { startSlack } from "../../help/slack.ts";
import { slackDeps } from "../../help/slack_deps.ts";
import { never, until } from "../../help/time.ts";
import { signingKeyOf } from "../../help/world/deps.ts";
import { letLeaseRunOut, makeDue } from "../../help/world/rows.ts";
import { startWorld } from "../../help/world/world.ts";
import { keptIn } from "../../help/log.ts";
import { taskLog } from "../../../src/external/log/open.ts";

const TABLE = `
  create table runs (run_date date, design text, area float8, power float8);
  insert into runs select date '2026-01-01' + n, 'core', n * 10.5, n from generate_series(1, 9) n`;

/** Ada's board of real rows at "capture", and a browser that films it from the app's own pages. */
async function start() {
  const all = new AsyncDisposableStack();
  const test = all.use(await startWorld({ user: true }));
  const slack = all.use(await startSlack());
  const browser = connectBrowser({ install: true, log: keptIn(test.lines) });
  all.defer(() => browser.close());
  await test.run(TABLE);
  same(await test.found(), ["runs 1"]);
  ok(await createNext(test.deps, never));
  const [row] = await test.db<{ id: number }[]>`select id from dashboards`;
  const { id } = row!;
  const size = { width: 800, height: 450, frames: 2, delay_ms: 100, timeout_ms: 20_000 };
  const capture: Deps["capture"] = {
    ...size,
    base_url: test.origin,
    theme: "light",
    timezone: "utc",
  };
  const deps = { ...test.deps, browser, capture };
  const told = slackDeps(slack, { slack: { timeoutMs: 5000 } });
  const ask = async (method: string, path: string) =>
    (await test.call(method, `/dashboards/${id}${path}`, { key: test.ada.api_key })).body;
  return Object.assign(test, {
    id,
    slack,
    /** One capture, at once; resolves with the row as the API shows it. */
    async capture(more: Partial<Deps> = {}) {
      await makeDue(test.db, { id });
      equal(await captureNext({ ...deps, ...more }, never), true);
      return await ask("GET", "");
    },
    captureDeps: deps,
    ask,
    tell: () => notifyNext({ ...test.deps, ...told }, never),
    picture: async () => {
      const [run] = await test.db`select gif, png from runs order by run desc limit 1`;
      return { gif: decodeGif(run!.gif), png: run!.png as Uint8Array };
    },
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  });
}

const states = (panels: Panel[]) => [...new Set(panels.map(({ state }) => state))].sort();

Deno.test("captureNext() records a board, and a run is posted once even after later captures", async () => {
  await using test = await start();
  const folder = await Deno.makeTempDir();
  try {
    const row = await test.capture({
      gifFolder: openGifFolder(folder, taskLog()),
    });
    same([row.step, row.outcome, row.last_error], ["notify", "loaded", null]);
    same(states(row.panels), ["loaded"]);
    ok(row.panels.some(({ title }: Panel) => title.startsWith("Area")));
    const { gif, png } = await test.picture();
    same([gif.width, gif.height, gif.frames.length], [800, 450, 2]);
    same([...png.subarray(1, 4)], [..."PNG"].map((letter) => letter.charCodeAt(0)));
    const kept = `${folder}/dashboard-${test.id}-run-1`;
    equal((await Deno.readFile(`${kept}.png`)).toBase64(), png.toBase64());
    ok((await Deno.stat(`${kept}.gif`)).size > 1000);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
  ok(await test.tell());
  const first = await test.ask("GET", "");
  equal((await test.ask("POST", "/capture")).step, "capture");
  const again = await test.capture();
  same([again.step, again.slack_sent_at], ["done", first.slack_sent_at]);
  ok(again.captured_at > first.captured_at);
  equal(await test.tell(), false);
  equal((await test.slack.messages()).length, 1);
});

Deno.test("captureNext() keeps from Slack what shows an error, until the table is whole again", async () => {
  await using test = await start();
  await test.run("alter table runs rename column area to size");
  for (const stopped of [false, false, true]) {
    const row = await test.capture();
    same([row.step, row.outcome, row.stopped], ["capture", "error", stopped]);
    match(row.last_error, /selects a column that does not exist, near "area"/);
    const wrong = row.panels.filter(({ state }: Panel) => state === "error");
    ok(wrong.length > 0 && wrong.length < row.panels.length);
    for (const { message } of wrong) {
      match(message, /selects a column that does not exist, near "area"/);
    }
  }
  equal((await test.picture()).gif.frames.length, 2, "the picture is kept for the page");
  equal(await test.tell(), false);
  await test.run("alter table runs rename column size to area");
  same((await test.ask("POST", "/retry")).stopped, false);
  const row = await test.capture();
  same([row.step, row.outcome, row.last_error], ["notify", "loaded", null]);
});

Deno.test("captureNext() tells of a table that was emptied, and says that it is", async () => {
  await using test = await start();
  await test.run("delete from runs");
  const row = await test.capture();
  same([row.step, row.outcome, states(row.panels)], ["notify", "empty", ["empty"]]);
  ok(await test.tell());
  const [message] = await test.slack.messages();
  ok(JSON.stringify(message!.blocks).includes("No panel has data yet."));
});

Deno.test("captureNext() tries a board that is late again", async () => {
  await using test = await start();
  await using lock = await test.session();
  await lock`begin`;
  await lock`lock table public.runs`;
  const { captureDeps } = test;
  const row = await test.capture({ capture: { ...captureDeps.capture, timeout_ms: 2000 } });
  same([row.step, row.outcome, row.stopped], ["capture", "timeout", false]);
  ok(row.last_error.length > 10);
  ok(row.panels.some(({ state }: Panel) => state === "waiting"));
  await lock`rollback`;
  equal((await test.capture()).outcome, "loaded");
});

Deno.test("captureNext() stops at once before a closed page and at one that is gone", async () => {
  await using test = await start();
  const { captureDeps } = test;
  const closed = await test.capture({ signingKey: await signingKeyOf(new Uint8Array(32)) });
  same([closed.step, closed.outcome, closed.stopped], ["capture", "denied", true]);
  ok(closed.last_error.length > 10);
  equal(closed.captured_at, null);
  await test.ask("POST", "/retry");
  const nowhere = { ...captureDeps.capture, base_url: `${test.origin}/nowhere` };
  const gone = await test.capture({ capture: nowhere });
  same([gone.step, gone.outcome, gone.stopped], ["capture", "gone", true]);
});

Deno.test("captureNext() writes nothing once another has taken its row over", async () => {
  await using test = await start();
  const { captureDeps } = test;
  const claimed = async () => (await test.db`select claim_id from dashboards`)[0]!.claim_id;
  await using lock = await test.session();
  await lock`begin`;
  await lock`lock table public.runs`;
  const slow = captureNext(captureDeps, never);
  await until(async () => await claimed() !== null);
  await letLeaseRunOut(test.db, test.id); // as after a kill
  const second = captureNext(captureDeps, never);
  await until(async () => (await test.db`select deaths from dashboards`)[0]!.deaths === 1);
  await lock`rollback`;
  same(await Promise.all([slow, second]), [true, true]);
  const row = await test.ask("GET", "");
  same([row.step, row.outcome, row.last_error], ["notify", "loaded", null]);
  ok(await test.tell());
  equal(await test.tell(), false);
  equal((await test.slack.messages()).length, 1);
});
