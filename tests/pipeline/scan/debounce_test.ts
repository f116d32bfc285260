import { deepStrictEqual as same, match, ok, strictEqual as equal } from "node:assert";
import {
  decide,
  type Known,
  type Remembered,
  sameTable,
  type Seen,
} from "../../../src/pipeline/scan/debounce.ts";

const limits = { settleSeconds: 10, updateMinSeconds: 600, scanSeconds: 5 };
const start = Date.parse("2026-03-01T12:00:00Z");
/** Seconds after the start. */
const at = (seconds: number) => new Date(start + seconds * 1000);
const table = (content: string, more: Partial<Seen> = {}): Seen => ({
  content: `1:cols:${content}`,
  rows: 3,
  writing: false,
  ...more,
});
const known = (content: string, more: Partial<Known> = {}): Known => ({
  content: `1:cols:${content}`,
  run: 1,
  run_at: at(-10_000),
  busy: false,
  archived: false,
  deleted: false,
  ...more,
});

/** Looks again and again, each look remembering what the scan would; the times in seconds. */
function watch(looks: [seconds: number, seen: Seen][], row?: Known) {
  let before: Remembered | undefined;
  return looks.map(([seconds, seen]) => {
    const { found, why, ...rest } = decide(at(seconds), seen, before, row, limits);
    before = { content: seen.content, ...rest };
    return found ? "found" : why ?? "nothing";
  });
}

Deno.test("decide() waits for rows indefinitely, without a next scan time", () => {
  const empty = table("0", { rows: 0 });
  for (const seconds of [0, 100, 1_000_000]) {
    const decision = decide(at(seconds), empty, undefined, undefined, limits);
    same([decision.found, decision.why, decision.scan_at], [false, "it has no rows yet", null]);
  }
  // The ten minutes begin with the first rows, not with the empty table.
  same(watch([[0, empty], [5000, table("a")], [5001, table("b")]]).map((s) => s.slice(0, 10)), [
    "it has no ",
    "waiting fo",
    "waiting fo",
  ]);
});

Deno.test("decide() finds a table once it has been quiet for SETTLE_SECONDS", () => {
  const first = decide(at(0), table("a"), undefined, undefined, limits);
  same([first.found, first.scan_at], [false, at(10)]);
  match(first.why!, /10 s without a change/);
  const before = { content: table("a").content, ...first };
  equal(decide(at(9.9), table("a"), before, undefined, limits).found, false);
  equal(decide(at(10), table("a"), before, undefined, limits).found, true);
  const changed = decide(at(9), table("b"), before, undefined, limits);
  same([changed.found, changed.scan_at], [false, at(19)]);
});

Deno.test("decide() waits while somebody writes, though nothing of it is seen yet", () => {
  const writing = table("a", { writing: true });
  const first = decide(at(0), writing, undefined, undefined, limits);
  same([first.why, first.scan_at], ["it is being written", at(5)]);
  const said = watch([[0, table("a")], [9, writing], [12, table("a")], [18, table("a")]]);
  ok(said[1] === "it is being written" && said[2]!.startsWith("waiting for writes"), said.join());
  equal(said[3], said[2], "quiet is counted from the last look at which somebody wrote");
  equal(watch([[0, table("a")], [9, writing], [12, table("a")], [22, table("a")]])[3], "found");
});

Deno.test("decide() waits ten minutes at most for a table that never rests", () => {
  const restless = (seconds: number): [number, Seen] => [seconds, table(`v${seconds}`)];
  const said = watch([0, 300, 599, 600].map(restless));
  same(said.map((s) => s === "found"), [false, false, false, true]);
  const open = (seconds: number): [number, Seen] => [seconds, table("a", { writing: true })];
  same(watch([0, 300, 599, 600].map(open)).map((s) => s === "found"), [false, false, false, true]);
  // After it was found, the next ten minutes begin with the next change.
  const again = watch([...[0, 600].map(restless), ...[605, 1100, 1204, 1205].map(restless)]);
  same(again.map((s) => s === "found"), [false, true, false, false, false, true]);
});

Deno.test("decide() says nothing of a table that holds what its run held", () => {
  const decision = decide(at(0), table("a"), undefined, known("a"), limits);
  same([decision.found, decision.why, decision.scan_at], [false, null, null]);
  equal(decide(at(0), table("a", { writing: true }), undefined, known("a"), limits).why, null);
  // What came and went again while it was watched is no event either.
  same(watch([[0, table("b")], [5, table("a")], [60, table("a")]], known("a")).slice(1), [
    "nothing",
    "nothing",
  ]);
});

Deno.test("decide() finds a new run at most once in UPDATE_MIN_SECONDS", () => {
  const row = known("a", { run: 4, run_at: at(0) });
  const changed = table("b");
  const before = {
    content: changed.content,
    changed_at: at(100),
    since: at(100),
    scan_at: at(110),
  };
  const early = decide(at(111), changed, before, row, limits);
  same([early.found, early.why, early.scan_at], [
    false,
    "run 4 started less than 600 s ago",
    at(600),
  ]);
  equal(decide(at(599), changed, { ...before, scan_at: at(600) }, row, limits).found, false);
  equal(decide(at(600), changed, { ...before, scan_at: at(600) }, row, limits).found, true);
});

Deno.test("decide() waits while the previous run is being processed", () => {
  const before = { content: table("b").content, changed_at: at(0), since: at(0), scan_at: at(10) };
  const decision = decide(at(20), table("b"), before, known("a", { busy: true }), limits);
  same([decision.found, decision.why, decision.scan_at], [
    false,
    "run 1 is still being processed",
    at(50),
  ]);
  equal(decide(at(50), table("b"), before, known("a"), limits).found, true);
});

Deno.test("decide() leaves a tombstone alone until its table is made anew", () => {
  const buried = known("a", { deleted: true, run_at: at(-5) });
  const looks = (seen: Seen): [number, Seen][] => [[0, seen], [60, seen]];
  same(watch(looks(table("a")), buried), ["nothing", "nothing"]);
  same(watch(looks(table("b")), buried), ["nothing", "nothing"]);
  const anew = { ...table("b"), content: "2:cols:b" };
  equal(watch(looks(anew), buried)[1], "found", "and no UPDATE_MIN_SECONDS hold it");
});

Deno.test("decide() finds a table that was made anew, or came back after it was gone", () => {
  const looks = (seen: Seen): [number, Seen][] => [[0, seen], [10, seen]];
  equal(watch(looks({ ...table("a"), content: "2:cols:a" }), known("a"))[1], "found");
  const gone = known("a", { archived: true, run_at: at(-5) });
  const said = watch(looks(table("a")), gone);
  same([said[0]!.slice(0, 10), said[1]], ["waiting fo", "found"]);
});

Deno.test("sameTable() compares the table's own number", () => {
  equal(sameTable("12:a:1:2", "12:b:9:9"), true);
  equal(sameTable("12:a:1:2", "1:a:1:2"), false);
});
