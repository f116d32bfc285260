import { deepStrictEqual as same, strictEqual as equal } from "node:assert";
import { agree, lastOf } from "../help/boards/agreement.ts";
import { boardOf, withTables } from "../help/boards/boards.ts";
import { linesOf, summaryOf } from "../help/boards/summaries.ts";

const COMMON =
  `run_id text, run_ts timestamptz, design text, platform text, variant text, stage text,
  corner text, git_commit text, tool text, tool_version text, format text, file text`;
const run = (n: number, design: string) =>
  `'r${n}', timestamptz '2026-01-0${n}Z', '${design}', null, null, null, null, null, 'x', null, 'x', 'x'`;

const SUMMARY = `create table summary (${COMMON}, path_group text, clock text,
  setup_wns_ps float8, setup_wns float8, setup_wns_ns float8, setup_tns_ns float8, setup_tns float8);
  insert into summary values
    (${run(1, "vivado")}, 'Total', null, null, null, -0.5, -2, null),
    (${run(2, "vivado")}, 'Total', null, -250, null, null, -1, null),
    (${run(1, "sta")}, 'Total', null, null, -0.25, null, null, -1),
    (${run(2, "sta")}, 'Total', null, null, -0.75, null, null, -3)`;

Deno.test("a number whose unit stands in several columns' names is read from each row's own", async () => {
  await withTables(async ({ db }, reader) => {
    await db.unsafe(SUMMARY).simple();
    const summary = await summaryOf(reader, "summary", "timing");
    same(linesOf(summary), [
      "sta: setup_wns -0.75 (-0.25 worse)",
      "sta: setup_tns -3 (-1 worse)",
      "vivado: setup_wns -250 ps (-500 better)",
      "vivado: setup_tns -1 ns (-2 better)",
    ]);
    const { panels } = await boardOf(reader, "summary", "timing");
    equal(lastOf(panels.get("Setup WNS · worst")!), -0.75);
    agree(
      { kind: "timing", schema_name: "public", table_name: "summary" },
      summary.numbers.filter(({ group }) => group === "sta"),
      panels,
    );
  });
});

const PATHS = `create table paths (${COMMON}, path_group text, path_type text, startpoint text,
  endpoint text, slack float8, slack_ns float8);
  insert into paths values
    (${run(1, "vivado")}, 'clk', 'max', 'a', 'b', null, -0.5),
    (${run(1, "vivado")}, 'clk', 'min', 'a', 'c', null, 0.1),
    (${run(1, "sta")}, 'clk', 'max', 'a', 'b', -0.25, null)`;

Deno.test("paths with and without a unit stand in one table", async () => {
  await withTables(async ({ db }, reader) => {
    await db.unsafe(PATHS).simple();
    const summary = await summaryOf(reader, "paths", "timing");
    same(linesOf(summary), [
      "sta: setup_wns -0.25",
      "sta: setup_tns -0.25",
      "sta: violations 1",
      "vivado: setup_wns -0.5 ns",
      "vivado: setup_tns -0.5 ns",
      "vivado: hold_wns 0.1 ns",
      "vivado: hold_tns 0 ns",
      "vivado: violations 1",
      "vivado: hold_violations 0",
    ]);
  });
});
