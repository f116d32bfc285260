import { deepStrictEqual as same } from "node:assert";
import { withTables } from "../help/boards/boards.ts";
import { rule } from "../help/boards/rules.ts";
import { summaryOf } from "../help/boards/summaries.ts";

rule(
  "rule 7: a number of another stage, corner set or unit has no change",
  "timing",
  [
    "run int, stage text, wns_ns float8",
    "(1, 'cts', -0.4), (1, 'route', -0.1), (2, 'cts', -0.5)",
    ["setup_wns -0.5 ns"],
  ],
  [
    "run int, corner text, wns_ns float8",
    "(1, 'ss', -0.4), (1, 'ff', 0.1), (2, 'ff', 0.3)",
    ["setup_wns 0.3 ns"],
  ],
  ["run int, wns float8, time_unit text", "(1, -100, 'ps'), (2, -0.2, null)", ["setup_wns -0.2"]],
  [
    "run int, wns float8, time_unit text",
    "(1, -100, 'ps'), (2, -0.2, 'ns')",
    ["setup_wns -0.2 ns (-0.1 worse)"],
  ],
);

Deno.test("rule 7: the reason stands where a change is missing", () =>
  withTables(async ({ db }, reader) => {
    await db.unsafe(`create table public.t (run int, wns float8, time_unit text);
      insert into public.t values (1, -100, 'ps'), (2, -0.2, null)`).simple();
    same(
      (await summaryOf(reader, "t", "timing")).numbers.map(({ before, doubt }) => [before, doubt]),
      [
        [null, "This run's value is without a unit, the one before in ps."],
      ],
    );
  }));

rule(
  "rule 8: a summary beside each listed path is no part of a sum",
  "timing",
  [
    "run_id int, path_group text, startpoint text, endpoint text, slack float8, design_tns float8, design_nvp int",
    Array.from(
      { length: 100 },
      (_, i) => `(1, 'clk', 's${i}', 'e${i}', ${i / 1000 - 1}, -5000.5, 7001)`,
    )
      .join(", "),
    ["setup_wns -1", "setup_tns -5000.5", "violations 7001"],
  ],
);

rule(
  "rule 8: a stage that is called the total has the runtime of all",
  "qor",
  [
    "run_id int, stage text, runtime_s float8",
    "(1, 'synth', 600), (1, 'place', 1200), (1, 'Total', 1800), (2, 'synth', 700), (2, 'place', 1200), (2, 'Total', 1900)",
    ["runtime 1900 s (1800 worse)"],
  ],
);

rule(
  "rule 9: a figure of some cells is none of the design",
  "qor",
  [
    `run int, "Leaf Instance Count" int, "Combinational Instance Count" int, "Cell Area" float8, "Physical Cell Area" float8,
     "Net Area" float8, "Total Area (Cell+Physical+Net)" float8`,
    "(1, 8123, 6023, 15234.5, 0, 9000, 24234.5)",
    ["area 15234.5", "cells 8123"],
  ],
  ["run_tag text, clock text, buffers int, buffer_area_um2 float8", "('r1', 'clk', 12, 140.5)", []],
  [
    `build int, "On-Chip" text, "Power (W)" float8`,
    "(1, 'Clocks', 0.2), (1, 'Signals', 0.5), (1, 'Total', 0.7)",
    ["power 0.7 W"],
  ],
  [
    `run int, "Hierarchical cell" text, "Absolute Total" float8, "Percent Total" float8, "Design" text`,
    "(1, 'top', 2000, 100, 'top'), (1, 'u_core', 1500, 75, 'core'), (1, 'u_core/alu', 500, 25, 'alu'), (1, 'u_mem', 470, 24, 'mem')",
    ["area 2000"],
  ],
);

rule(
  "rule 12: columns of stages are no corners, the last stage counts, and a plain name is of the end",
  "timing",
  [
    "run int, synth_wns float8, cts_wns float8, route_wns float8, cts_tns float8, route_tns float8",
    "(1, -0.4, -0.3, -0.1, -9, -1)",
    ["setup_wns -0.1", "setup_tns -1"],
  ],
  ["run int, wns float8, cts_wns float8, place_wns float8", "(1, -0.1, -0.3, -0.2)", [
    "setup_wns -0.1",
  ]],
  [
    "run int, wns_func_ss float8, wns_func_tt float8, wns_scan_ss float8, wns_scan_tt float8",
    "(1, -0.1, 0.1, -0.2, -0.9)",
    ["setup_wns -0.9"],
  ],
);

rule(
  "rule 13: rows of a long table that are called WNS are of the check beside them",
  "timing",
  [
    "run int, check_type text, kpi text, val float8",
    `(1, 'setup', 'WNS', -0.1), (1, 'setup', 'TNS', -1), (1, 'setup', 'NUM', 10),
     (1, 'hold', 'WNS', -0.5), (1, 'hold', 'TNS', -7), (1, 'hold', 'NUM', 70)`,
    [
      "setup_wns -0.1",
      "setup_tns -1",
      "hold_wns -0.5",
      "hold_tns -7",
      "violations 10",
      "hold_violations 70",
    ],
  ],
);

rule(
  "rule 16: numbers with a decimal comma are read as such, by the whole table",
  "qor",
  [
    `run int, "WNS [ns]" text, "Area [um2]" text, "Util [%]" text`,
    "(1, '-0,123', '1.234,5', '71,25')",
    ["setup_wns -0.123 ns", "area 1234.5 µm²", "utilization 71.25 %"],
  ],
  [
    `run int, "WNS" text, "Cells" text, "Area [um2]" text`,
    "(1, '-0.120', '12,345', '1''234''567.5')",
    ["setup_wns -0.12", "area 1234567.5 µm²", "cells 12345"],
  ],
);

rule(
  "rule 19: slacks of unknown names, of two units, and sizes of violations are not sure",
  "timing",
  ["run int, ws_final float8, ws_real float8", "(1, -0.1, -340)", ["setup_wns -0.1 not sure"]],
  ["run int, ws_final_ns float8, ws_real_ps float8", "(1, -0.1, -340)", [
    "setup_wns -0.1 ns not sure",
  ]],
  ["run int, wns_ns float8, wns_ps float8", "(1, -0.1, -100)", ["setup_wns -0.1 ns"]],
  [
    `run int, "Design  WNS" float8, "TNS" float8`,
    "(1, 0.05, 1.3)",
    ["setup_wns 0.05 not sure", "setup_tns 1.3 not sure"],
  ],
);

rule(
  "rule 12: a clock's frequency is no fmax, and kGE are no rival of µm²",
  "qor",
  [
    `run int, "Fmax (MHz)" float8, "Clock Freq" float8, area_kge float8, area_um2 float8`,
    "(1, 480, 500, 120.5, 24000)",
    ["area 120.5 kGE", "fmax 480 MHz"],
  ],
);
