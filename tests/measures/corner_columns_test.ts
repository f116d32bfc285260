import { deepStrictEqual as same, match, strictEqual as equal } from "node:assert";
import { readColumn } from "../../src/measures/columns.ts";
import { areAlike } from "../../src/measures/names/alike.ts";
import { boardOf, withTables } from "../help/boards/boards.ts";
import { told } from "../help/boards/summaries.ts";

const TABLE = `create table t (run_ts timestamptz, design text, setup_wns_tt_ns float8,
  setup_wns_ss_ns float8, setup_wns_target_ns float8, hold_wns_ns float8)`;
const ROWS = `insert into t values ('2026-01-01', 'a', -0.1, -0.5, -7, 0.02),
  ('2026-01-02', 'a', 0.1, -0.9, -7, 0.02), ('2026-01-02', 'b', 0.3, null, -7, 0.01)`;

Deno.test("summarize() takes the worst of a slack's columns, one a corner", async () => {
  same((await told("qor", TABLE, ROWS)).numbers, [
    "a: setup_wns -0.9 ns (-0.5 worse)",
    "a: hold_wns 0.02 ns (0.02)",
    "b: setup_wns 0.3 ns",
    "b: hold_wns 0.01 ns",
  ]);
});

Deno.test("a board's setup WNS is the worst of its columns, and says so", async () => {
  await withTables(async ({ db }, reader) => {
    await db.unsafe(`${TABLE.replace(" t ", " public.t ")}; ${ROWS.replace(" t ", " public.t ")}`)
      .simple();
    const { board, panels } = await boardOf(reader, "t", "timing");
    same(panels.get("Setup WNS · worst")!.columns["Setup WNS"], [-0.9]);
    const stat = board.panels!.find(({ title }) => title === "Setup WNS · worst");
    match(JSON.stringify(stat), /The worst of setup_wns_tt_ns, setup_wns_ss_ns\./);
  });
});

Deno.test("areAlike() tells corners from other slacks", () => {
  const alike = (a: string, b: string) =>
    areAlike(readColumn(a, "float8", "number"), readColumn(b, "float8", "number"));
  for (const [a, b] of [["wns_reg2reg", "wns_in2reg"], ["ss wns", "ff WNS"], ["ws__1", "ws__2"]]) {
    equal(alike(a!, b!), true, `${a} ${b}`);
  }
  for (
    const [a, b] of [
      ["finish__timing__setup__ws", "finish__timing__setup__wns"],
      ["wns_before", "wns_after"],
      ["wns", "wns_ss"],
      ["wns_ss_ns", "wns_tt_ps"],
      ["wns_a_b", "wns_c_d"],
      ["setup_wns", "hold_wns"],
    ]
  ) equal(alike(a!, b!), false, `${a} ${b}`);
});
