import { deepStrictEqual as same, match, ok, rejects, strictEqual as equal } from "node:assert";
import { ClaimLost } from "../../src/pipeline/attempt.ts";
import { finishCapture } from "../../src/pipeline/capture/finish.ts";
import type { Preview } from "../../src/previews/preview.ts";
import { requestCapture, restart } from "../../src/pipeline/row.ts";
import { nextAfter, withoutData } from "../../src/pipeline/capture/outcome.ts";
import type { Panel } from "../../src/previews/outcome.ts";
import { beginRun } from "../../src/pipeline/row.ts";
import { advance, claimNext } from "../../src/pipeline/row.ts";
import { saveBoard } from "../../src/pipeline/board_store.ts";
import type { Sql } from "../../src/external/postgres/postgres.ts";
import { freshDatabase } from "../help/world/postgres.ts";
import { addAccount, addDashboard, letLeaseRunOut, makeDue, stateOf } from "../help/world/rows.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const panel = (state: Panel["state"], title: string, message: string | null = null): Panel => ({
  id: title.length,
  title,
  state,
  message,
});

/** What a capture may bring home; with pictures, as it does for all but a closed door. */
const preview = (outcome: Preview["outcome"], more: Partial<Preview> = {}): Preview => ({
  outcome,
  sentence: null,
  panels: [panel("loaded", "Area")],
  gif: bytes(`GIF ${outcome}`),
  slack_gif: null,
  png: bytes(`PNG ${outcome}`),
  thumbnail: bytes(`WebP ${outcome}`),
  captured_at: new Date("2026-03-01T12:00:00Z"),
  ...more,
});
const failed = preview("error", {
  sentence: "Area: column is gone.",
  panels: [panel("error", "Area", "column is gone")],
});
const late = preview("timeout", { sentence: "Area has not answered after 120 s." });
const closed = { gif: null, png: null, thumbnail: null, captured_at: null, panels: [] };

/** A row of ada's at "capture" with its board; `take` claims it and ends the capture with this film. */
async function start() {
  const fresh = await freshDatabase();
  const { db } = fresh;
  const id = await addDashboard(db, await addAccount(db, "ada"), { step: "capture" });
  await saveBoard(db, id, "{}");
  return {
    db,
    id,
    async take(film: Preview) {
      await makeDue(db, { id });
      const claim = await claimNext(db, "capture");
      ok(claim, "it can be taken");
      await finishCapture(db, claim, film);
      return await row(db, id);
    },
    row: () => row(db, id),
    [Symbol.asyncDispose]: fresh[Symbol.asyncDispose],
  };
}

/** The row and the pictures of its run, as text. */
async function row(db: Sql, id: number) {
  const [seen] = await db<
    {
      outcome: string | null;
      panels: Panel[];
      capture_tries: number;
      gif: string | null;
      png: string | null;
      captured_at: string | null;
    }[]
  >`
    select d.outcome, d.panels, d.capture_tries, convert_from(r.gif, 'UTF8') as gif,
      convert_from(r.png, 'UTF8') as png, r.captured_at
    from dashboards d join runs r on r.dashboard_id = d.id and r.run = d.run where d.id = ${id}`;
  return { ...await stateOf(db, id), ...seen! };
}

Deno.test("finishCapture() sends what is loaded or empty on to Slack, with its pictures", async () => {
  for (const outcome of ["loaded", "empty"] as const) {
    await using test = await start();
    const after = await test.take(preview(outcome));
    same([after.step, after.stopped, after.last_error, after.outcome], [
      "notify",
      false,
      null,
      outcome,
    ]);
    same([after.gif, after.png, after.claim_id], [`GIF ${outcome}`, `PNG ${outcome}`, null]);
    equal(after.captured_at, "2026-03-01T12:00:00.000Z");
    same(after.panels, [panel("loaded", "Area")]);
  }
});

Deno.test("finishCapture() tries an error or a late page twice more, after 5 s and 10 s, then it stops", async () => {
  for (const shown of [failed, late]) {
    await using test = await start();
    const seen = [];
    for (let i = 0; i < 3; i++) {
      const { step, stopped, last_error, wait } = await test.take(shown);
      same([step, last_error], ["capture", shown.sentence]);
      seen.push([stopped, Math.round(wait)]);
    }
    same(seen.slice(0, 2), [[false, 5], [false, 10]]);
    equal(seen[2]![0], true);
    await makeDue(test.db, test);
    equal(await claimNext(test.db, "capture"), undefined);
    const { outcome, gif, png } = await test.row();
    same([outcome, gif, png], [shown.outcome, `GIF ${shown.outcome}`, `PNG ${shown.outcome}`]);
  }
});

Deno.test("finishCapture() tries a refused right for over a minute: Grafana may remember old ones", async () => {
  await using test = await start();
  const refused = preview("denied", { ...closed, sentence: "Not yet.", may_pass: true });
  let waited = 0;
  for (let tries = 1; tries < 5; tries++) {
    const { stopped, wait, outcome } = await test.take(refused);
    same([tries, stopped, outcome], [tries, false, "denied"]);
    waited += Math.round(wait);
  }
  ok(waited > 60, `${waited} s`);
  equal((await test.take(refused)).stopped, true);
});

Deno.test("finishCapture() stops at once where the page is closed or gone, and leaves the last picture", async () => {
  for (const outcome of ["denied", "gone"] as const) {
    await using test = await start();
    await test.take(preview("loaded"));
    await requestCapture(test.db, test.id);
    const after = await test.take(
      preview(outcome, { ...closed, sentence: "Put a current key." }),
    );
    same([after.step, after.stopped, after.last_error, after.outcome], [
      "capture",
      true,
      "Put a current key.",
      outcome,
    ]);
    same([after.gif, after.panels], ["GIF loaded", []]);
    equal(after.captured_at, "2026-03-01T12:00:00.000Z");
  }
});

Deno.test("finishCapture() goes on when a later try shows the dashboard, and forgets the tries", async () => {
  await using test = await start();
  await test.take(failed);
  await test.take(late);
  const { step, last_error, capture_tries, failures, gif } = await test.take(preview("loaded"));
  same([step, last_error, capture_tries, failures, gif], ["notify", null, 0, 0, "GIF loaded"]);
});

Deno.test("finishCapture() does not post a run again, whatever the new preview shows", async () => {
  await using test = await start();
  await test.db`update runs set posted_at = now(), gif = ${bytes("old")}, slack_file_id = 'F1'`;
  const { step, gif } = await test.take(preview("loaded"));
  same([step, gif], ["done", "GIF loaded"]);
  await requestCapture(test.db, test.id);
  const after = await test.take(failed);
  same([after.step, after.stopped, after.gif], ["capture", false, "GIF error"]);
  equal((await test.take(preview("empty"))).step, "done");
  const [run] = await test.db`select slack_file_id from runs`;
  equal(run!.slack_file_id, "F1", "what the message shows is known still");
});

Deno.test("finishCapture() has a file that Slack has not shown yet given anew", async () => {
  await using test = await start();
  const file = async () => (await test.db`select slack_file_id from runs`)[0]!.slack_file_id;
  await test.db`update runs set slack_file_id = 'F1'`;
  await test.take(preview("loaded"));
  equal(await file(), null);
  await test.db`update runs set slack_file_id = 'F2', posting_at = now()`;
  await requestCapture(test.db, test.id);
  await test.take(preview("loaded"));
  equal(await file(), "F2", "it may stand in the channel");
});

Deno.test("finishCapture() writes nothing for a worker whose claim was lost", async () => {
  await using test = await start();
  const slow = (await claimNext(test.db, "capture"))!;
  await letLeaseRunOut(test.db, test.id);
  const next = (await claimNext(test.db, "capture"))!;
  for (const shown of [preview("loaded"), failed, preview("denied", closed)]) {
    await rejects(finishCapture(test.db, slow, shown), ClaimLost);
  }
  const { claim_id, step, outcome, gif, capture_tries } = await test.row();
  same([claim_id, step, outcome, gif, capture_tries], [next.claim_id, "capture", null, null, 0]);
});

Deno.test("finishCapture() keeps sentences that PostgreSQL would not take", async () => {
  await using test = await start();
  const cut = "the sign \u{1f600}".slice(0, -1); // half a character
  const panels = [panel("error", `A\0rea`, `null \0 and ${cut}`)];
  const after = await test.take(preview("error", { panels, sentence: `null \0 and ${cut}` }));
  same(after.panels.map(({ title, message }) => [title, message]), [[
    "Area",
    "null  and the sign \ufffd",
  ]]);
  equal(after.last_error, "null  and the sign \ufffd");
});

Deno.test("finishCapture() always says why a row does not go on", async () => {
  await using test = await start();
  match((await test.take(preview("gone", closed))).last_error!, /\w{3}.*\./);
});

Deno.test("Retry, a capture by hand and a new board give a row its three tries again", async () => {
  await using test = await start();
  const again = {
    restart: () => restart(test.db, test.id),
    requestCapture: () => requestCapture(test.db, test.id),
    async newBoard() {
      await test.db`update dashboards set step = 'create', stopped = false, next_try_at = now()`;
      await advance(test.db, (await claimNext(test.db, "create"))!, "capture");
    },
  };
  for (const [name, set] of Object.entries(again)) {
    for (let i = 0; i < 3; i++) await test.take(failed);
    equal((await test.row()).stopped, true, name);
    await set();
    const { stopped, wait } = await test.take(failed);
    same([stopped, Math.round(wait)], [false, 5], name);
    await restart(test.db, test.id);
    await requestCapture(test.db, test.id);
  }
});

Deno.test("beginRun() begins a run without what the last one's capture saw", async () => {
  await using test = await start();
  for (let i = 0; i < 3; i++) await test.take(failed);
  const [{ user_id, schema_name, table_name }] = await test.db`select * from dashboards` as [
    { user_id: number; schema_name: string; table_name: string },
  ];
  const now = new Date();
  const state = {
    counter: 1,
    content: "new",
    changed_at: now,
    since: now,
    why: null,
    scan_at: null,
  };
  const begun = await beginRun(test.db, { user_id, kind: "qor" }, {
    ...state,
    schema_name,
    table_name,
  }, 4);
  equal(begun?.run, 2);
  const { step, stopped, outcome, panels, capture_tries, gif } = await test.row();
  same([step, stopped, outcome, panels, capture_tries, gif], ["create", false, null, [], 0, null]);
});

Deno.test("nextAfter() knows each outcome", () => {
  const seen = (tries: number) =>
    (["loaded", "empty", "error", "timeout", "denied", "gone"] as const)
      .map((outcome) => nextAfter(outcome, tries));
  for (const tries of [1, 2]) {
    same(seen(tries), ["advance", "advance", "retry", "retry", "stop", "stop"]);
  }
  for (const tries of [3, 4]) {
    same(seen(tries), ["advance", "advance", "stop", "stop", "stop", "stop"]);
  }
});

Deno.test("withoutData() names the panels without data beside a finished picture, and no others", () => {
  const one = [panel("loaded", "Area"), panel("empty", "Setup WNS"), panel("none", "Text")];
  equal(withoutData("loaded", one), "Without data: Setup WNS.");
  equal(withoutData("loaded", [panel("loaded", "Area"), panel("none", "Text")]), null);
  equal(withoutData("loaded", [panel("empty", "")]), "Without data: panel 0.");
  const many = Array.from({ length: 9 }, (_, i) => panel("empty", `P${i}`));
  equal(withoutData("loaded", many), "Without data: P0, P1, P2, P3, P4, P5 and 3 more.");
  equal(withoutData("empty", many), "No panel has data yet.");
  for (const outcome of ["error", "timeout", "denied", "gone", null] as const) {
    equal(withoutData(outcome, one), null);
  }
});
