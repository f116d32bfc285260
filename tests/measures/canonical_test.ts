import { deepStrictEqual as same } from "node:assert";
import { COMMON, firstColumns } from "../../src/imports/tables.ts";
import { withTables } from "../help/boards/boards.ts";
import { linesOf, summaryOf } from "../help/boards/summaries.ts";

const common = Object.entries(COMMON).map(([name, { type }]) => `${name} ${type}`).join(", ");

Deno.test("the columns that each canonical table opens with are read by their format", () => {
  same(firstColumns("timing", "paths").slice(12), [
    "path_group",
    "path_type",
    "startpoint",
    "endpoint",
  ]);
});

Deno.test("summarize() reads a number under names with and without a unit as one, in each run's unit", async () => {
  await withTables(async ({ db }, reader) => {
    await db.unsafe(`
      create table paths (${common}, path_group text, path_type text, startpoint text, endpoint text,
        slack float8, slack_ns float8, slack_ps float8);
      insert into paths (run_id, run_ts, design, path_type, endpoint, slack, slack_ns, slack_ps) values
        ('1', '2026-01-01', 'sta', 'max', 'a', -2, null, null),
        ('1', '2026-01-01', 'sta', 'max', 'b', 1, null, null),
        ('2', '2026-01-02', 'vivado', 'max', 'a', null, -0.5, null),
        ('3', '2026-01-03', 'vivado', 'max', 'a', null, null, -700)`).simple();
    same(linesOf(await summaryOf(reader, "paths", "timing")), [
      "vivado: setup_wns -700 ps (-500 worse)",
      "vivado: setup_tns -700 ps (-500 worse)",
      "vivado: violations 1 (1)",
      "sta: setup_wns -2",
      "sta: setup_tns -2",
      "sta: violations 1",
    ]);
  });
});

Deno.test("summarize() counts the violations of a clean run as 0, beside LVS and iterations", async () => {
  await withTables(async ({ db }, reader) => {
    await db.unsafe(`
      create table summary (${common}, iteration int8, rule text, layer text, count int8, lvs_errors int8);
      insert into summary (run_id, run_ts, design, rule, count, iteration, lvs_errors) values
        ('1', '2026-01-01', 'clean', 'Total', 0, null, null),
        ('1', '2026-01-01', 'clean', 'LVS', null, null, 0),
        ('1', '2026-01-01', 'bad', 'Total', 5, null, null),
        ('1', '2026-01-01', 'bad', 'M1.S', 3, null, null),
        ('1', '2026-01-01', 'bad', 'M2.S', 2, null, null)`).simple();
    same(linesOf(await summaryOf(reader, "summary", "drc")), [
      "bad: drc_total 5",
      "clean: drc_total 0",
      "clean: lvs_errors 0",
    ]);
  });
});
