import { rule } from "../help/boards/rules.ts";

rule(
  "rule 1: rows of one run name are one run, whatever their times",
  "timing",
  [
    "run_uuid uuid, finished timestamptz, design text, mode text, wns float8, tns float8, fep int",
    `('a1111111-1111-1111-1111-111111111111', '2025-01-01 10:00', 'd', 'func_ss', -0.3, -3, 30),
     ('a1111111-1111-1111-1111-111111111111', '2025-01-01 11:00', 'd', 'func_ff', 0.1, 0, 0),
     ('22222222-2222-1111-1111-111111111111', '2025-01-02 10:00', 'd', 'func_ss', -0.2, -2, 20),
     ('22222222-2222-1111-1111-111111111111', '2025-01-02 11:30', 'd', 'func_ff', 0.1, 0, 0)`,
    [
      "d: setup_wns -0.2 (-0.3 better)",
      "d: setup_tns -2 (-3 better)",
      "d: violations 20 (30 better)",
    ],
  ],
);

rule(
  "rule 2: rows that trickle in are one run until the same object comes again",
  "timing",
  [
    "id int, design text, corner text, wns float8, logged_at timestamptz",
    `(1, 'a', 'ss', -0.3, '2025-01-01 10:00:01.1'), (2, 'a', 'tt', 0.3, '2025-01-01 10:00:01.2'),
     (3, 'a', 'ss', -0.4, '2025-01-01 10:01:01.1'), (4, 'a', 'tt', 0.2, '2025-01-01 10:01:01.2')`,
    ["a: setup_wns -0.4 (-0.3 worse)"],
  ],
);

rule(
  "rule 3: runs are ordered by times as people and tools write them",
  "timing",
  [
    "ts text, design text, wns float8",
    "('1/2/2025 1:00:00 PM', 'a', -0.1), ('1/2/2025 11:00:00 AM', 'a', -0.2), ('1/13/2025 1:00 AM', 'a', -0.3)",
    ["a: setup_wns -0.3 (-0.1 worse)"],
  ],
  [
    '"when" text, design text, wns float8',
    "('Mon Jan  6 10:00:00 2025', 'a', -0.1), ('Tue Dec 31 10:00:00 2024', 'a', -0.3), ('Tue Jan  7 10:00:00 2025', 'a', -0.2)",
    ["a: setup_wns -0.2 (-0.1 worse)"],
  ],
  [
    '"Start" text, design text, wns float8',
    "('Jan 5 2025 10:00', 'a', -0.1), ('Feb 3 2025 10:00', 'a', -0.3), ('Dec 31 2024 9:00', 'a', -0.2)",
    ["a: setup_wns -0.3 (-0.1 worse)"],
  ],
  [
    "run_date text, design text, wns float8",
    "('05-Jan-2025', 'a', -0.1), ('03-Feb-2025', 'a', -0.3), ('31-Dec-2024', 'a', -0.2)",
    ["a: setup_wns -0.3 (-0.1 worse)"],
  ],
  [
    "run_uuid uuid, design text, wns float8",
    "('ffffffff-1111-1111-1111-111111111111', 'a', -0.1), ('00000000-1111-1111-1111-111111111111', 'a', -0.2)",
    ["a: setup_wns -0.1 (-0.2 not sure)"],
  ],
  [
    "tag text, design text, wns float8",
    "('v1.9.0', 'a', -0.1), ('v1.10.0', 'a', -0.2), ('v1.2.0', 'a', -0.3)",
    ["a: setup_wns -0.2 (-0.1 worse)"],
  ],
);

rule(
  "rule 4: dates of a tape-out or a library are not the run's",
  "timing",
  [
    "design text, tapeout_date date, started timestamptz, lib_date date, wns float8",
    "('a', '2026-06-01', '2025-01-01', '2024-01-01', -0.1), ('a', '2026-05-01', '2025-01-02', '2024-02-01', -0.2)",
    ["a: setup_wns -0.2 (-0.1 worse)"],
  ],
  [
    "run_ts timestamptz, design text, wns float8",
    "('2025-01-01', 'a', -0.1), ('2025-01-02', 'a', -0.2), ('2199-01-02', 'a', 9)",
    ["a: setup_wns -0.2 (-0.1 worse)"],
  ],
);

rule(
  "rule 8: WNS is the worst, TNS and counts are the sum within a corner, the worst over corners",
  "timing",
  [
    `compile_time timestamptz, "Timing Model" text, "Clock" text, "Analysis" text, "Slack" float8, "End Point TNS" float8`,
    `('2025-01-01', 'Slow 1200mV 85C Model', 'clk', 'Setup', -0.9, -14.2), ('2025-01-01', 'Slow 1200mV 85C Model', 'clk', 'Hold', 0.3, 0),
     ('2025-01-01', 'Slow 1200mV 0C Model', 'clk', 'Setup', -0.5, -8), ('2025-01-01', 'Fast 1200mV 0C Model', 'clk', 'Hold', 0.11, 0)`,
    ["setup_wns -0.9", "setup_tns -14.2", "hold_wns 0.11", "hold_tns 0"],
  ],
  [
    `run_tag text, "timing__setup__ws__corner:nom_tt_025C_1v80" float8, "timing__setup__ws__corner:max_ss_100C_1v60" float8,
     "timing__setup_vio__count__corner:nom_tt_025C_1v80" int, "timing__setup_vio__count__corner:ss" int`,
    "('r1', 0.5, -0.1, 9, 5), ('r2', 0.5, -0.2, 9, 6)",
    ["setup_wns -0.2 (-0.1 worse)", "violations 9 (9)"],
  ],
  [
    `run text, ts timestamptz, scenario text, type text, group_name text, "WNS" float8, "TNS" float8, "NUM" int`,
    `('r1', '2025-01-01', 'ss', 'setup', 'reg2reg', -0.31, -40, 300), ('r1', '2025-01-01', 'ss', 'setup', 'in2reg', -0.1, -4, 10),
     ('r1', '2025-01-01', 'ss', 'hold', 'reg2reg', -0.02, -1, 10), ('r1', '2025-01-01', 'ff', 'hold', 'reg2reg', -0.07, -5, 50)`,
    [
      "setup_wns -0.31",
      "setup_tns -44",
      "hold_wns -0.07",
      "hold_tns -5",
      "violations 310",
      "hold_violations 50",
    ],
  ],
);

rule(
  "rule 8: the last stage counts, by its name, its number, or pre and post",
  "qor",
  [
    "run_tag text, step text, setup_wns float8, area float8",
    `('r1', '06-yosys-synthesis', null, 3000), ('r1', '43-openroad-detailedrouting', 0.5, 3500), ('r1', '52-openroad-stapostpnr', -0.2, 3501)`,
    ["setup_wns -0.2", "area 3501"],
  ],
  [
    "run_tag text, stage text, setup_wns float8",
    "('r1', 'preCTS', -0.9), ('r1', 'postCTS', -0.2), ('r1', 'place', -1)",
    ["setup_wns -0.2"],
  ],
);

const paths = (groups: [string, number][]) =>
  groups.flatMap(([group, most]) =>
    Array.from(
      { length: most },
      (_, i) =>
        `(1, '2025-01-01', '${group}', 's${i}', '${group}${i}', ${(-1 +
          i / 1000)})`,
    )
  ).join(", ");

rule(
  "rule 8: totals over listed paths are unsure where a group's list ends at a round limit and still fails",
  "timing",
  [
    "run_id int, run_ts timestamptz, path_group text, startpoint text, endpoint text, slack float8",
    paths([["clk", 100], ["io", 37]]),
    ["setup_wns -1", "setup_tns -131.384 not sure", "violations 137 not sure"],
  ],
  [
    "run_id int, run_ts timestamptz, path_group text, startpoint text, endpoint text, slack float8",
    paths([["clk", 43], ["io", 44]]),
    ["setup_wns -1", "setup_tns -85.151", "violations 87"],
  ],
);

rule(
  "rule 8: a total is unsure where rows of one run differ in a column that is not understood",
  "timing",
  [
    "run_id int, design text, bucket text, wns float8, tns float8",
    "(1, 'a', 'x', -0.2, -2), (1, 'a', 'y', -0.1, -1), (2, 'a', 'x', -0.3, -3), (2, 'a', 'y', -0.1, -1)",
    ["a: setup_wns -0.3 (-0.2 worse)", "a: setup_tns -3 (-2 not sure)"],
  ],
);

rule(
  "rule 8: a regression's failing tests are counted, or stand in a column",
  "qor",
  [
    "regression_id int, started timestamptz, total int, passed int, failed int, pass_rate text",
    "(1, '2025-01-01', 100, 97, 3, '97%'), (2, '2025-01-02', 100, 95, 5, '95%')",
    ["failing_tests 5 (3 worse)"],
  ],
  [
    "build int, classname text, name text, result text",
    "(9, 'a', 't1', 'passed'), (9, 'a', 't2', 'failure'), (10, 'a', 't1', 'error'), (10, 'a', 't2', 'failure'), (10, 'a', 't3', 'skipped')",
    ["failing_tests 2 (1 worse)"],
  ],
);

rule(
  "rule 9: a total row is the whole, and sizes of types are added up",
  "qor",
  [
    `run_at timestamptz, "Group" text, "Internal" float8, "Switching" float8, "Leakage" float8, "Total (W)" float8`,
    `('2025-01-01', 'Sequential', 1, 0.5, 0.1, 1.6), ('2025-01-01', 'Combinational', 1, 1, 0.1, 2.1), ('2025-01-01', 'Total', 2, 1.5, 0.2, 3.7)`,
    ["power 3.7 W"],
  ],
  [
    "run_at timestamptz, module text, cell_type text, count int, area float8",
    "('2025-01-01', 'gcd', '$_AND_', 100, 120.5), ('2025-01-01', 'gcd', '$_DFF_P_', 50, 800.25)",
    ["gcd: area 920.75", "gcd: cells 150"],
  ],
);

rule(
  "rule 10: waived violations are counted apart, as marks and as counts beside a total",
  "drc",
  [
    `run_time timestamptz, topcell text, rulecheck text, "TOTAL Result Count" int, "Waived" int`,
    `('2025-01-01', 'chip', 'M1.S.1', 10, 0), ('2025-01-01', 'chip', 'M2.W.1', 5, 5), ('2025-01-01', 'chip', 'TOTAL', 15, 5),
     ('2025-01-02', 'chip', 'M1.S.1', 13, 0), ('2025-01-02', 'chip', 'M2.W.1', 5, 5), ('2025-01-02', 'chip', 'TOTAL', 18, 5)`,
    ["chip: drc_total 13 (10 worse)"],
  ],
  [
    "run_time timestamptz, rule text, count int, waived boolean",
    "('2025-01-01', 'M1.S.1', 10, false), ('2025-01-01', 'M2.W.1', 5, true), ('2025-01-01', 'Total', 15, false)",
    ["drc_total 10"],
  ],
);

rule(
  "rule 12: a qualifier wins over a noun",
  "qor",
  [
    `run_ts timestamptz, "DRC Violations" text, "Max Cap Vio" int, "Max Tran Vio" int, "ERC violations" int`,
    "('2025-01-01', '1,204', 1, 2, 3)",
    ["drc_total 1204"],
  ],
  [
    "ts timestamptz, wns_pre float8, wns_post float8, prev_tns float8, tns float8, tns_delta float8, power_budget float8",
    "('2025-01-01', -0.5, -0.1, -5, -1, 4, 7)",
    ["setup_wns -0.1", "setup_tns -1"],
  ],
  [
    `"Compiled" timestamptz, "Total block memory bits" text, area float8`,
    "('2025-01-01', '12,288 / 4,065,280 ( < 1 % )', 10)",
    ["area 10"],
  ],
);

rule(
  "rule 13: setup and hold rows of one count column never mix",
  "timing",
  [
    `run_date timestamp, "Check" text, "WNS" text, "VioPaths" text`,
    "('2025-01-01', 'late', '-0.100', '100'), ('2025-01-01', 'early', '-0.010', '9')",
    ["setup_wns -0.1", "hold_wns -0.01", "violations 100", "hold_violations 9"],
  ],
);

rule(
  "rule 14: joined spellings are read",
  "timing",
  [
    "date timestamp, setupwns float8, setuptns float8, setupnvp int, holdnvp int",
    "('2025-01-01', -0.1, -1, 10, 7)",
    ["setup_wns -0.1", "setup_tns -1", "violations 10", "hold_violations 7"],
  ],
);

rule(
  "rule 15: METRICS 2.1 names its design and platform, OpenSTA's wrappers their metrics",
  "qor",
  [
    "run__flow__design text, run__flow__platform text, finish__timing__setup__ws float8",
    "('gcd', 'asap7', -16)",
    ["gcd asap7: setup_wns -16"],
  ],
  [
    "run_ts timestamptz, metric_name text, metric_value text, units text",
    "('2025-01-01', 'wns max', '-0.40', 'ns'), ('2025-01-01', 'wns min', '0.10', 'ns'), ('2025-01-01', 'cell area', '1,234.5', 'um^2')",
    ["setup_wns -0.4 ns", "hold_wns 0.1 ns", "area 1234.5 µm²"],
  ],
);

rule(
  "rule 9: of instances without a hierarchy the root is the whole, and without a root nothing is sure",
  "qor",
  [
    `run_ts timestamptz, "Instance" text, "Module" text, "Cell-Count" int, "Total-Area" float8`,
    "('2025-01-01', 'top', 'top', 300, 1500), ('2025-01-01', 'u_a', 'a', 100, 530), ('2025-01-01', 'u_b', 'b', 200, 970)",
    ["area 1500", "cells 300"],
  ],
  [
    `run_ts timestamptz, "Instance" text, "Total-Area" float8`,
    "('2025-01-01', 'top', 1500), ('2025-01-01', 'u_a', 530), ('2025-01-01', 'u_b', 970)",
    ["area 3000 not sure"],
  ],
);

rule(
  "rule 1: a run's directory names it",
  "timing",
  [
    `run_dir text, "Timing Path Group" text, "Critical Path Slack:" text, "Total Negative Slack:" text`,
    "('/p/run_10', 'clk', '-0.10', '-1.5'), ('/p/run_10', 'io', '0.20', '0.0'), ('/p/run_9', 'clk', '-0.20', '-2.5'), ('/p/run_9', 'io', '0.20', '0.0')",
    ["setup_wns -0.1 (-0.2 better)", "setup_tns -1.5 (-2.5 better)"],
  ],
);

rule(
  "rule 19: violations that are written as positive are not sure",
  "timing",
  [
    `run int, "Worst Setup Violation" float8, "Total Setup Violation" float8`,
    "(1, 0.2, 5), (2, 0.1, 3)",
    ["setup_wns 0.1 (0.2 not sure)", "setup_tns 3 (5 not sure)"],
  ],
);
