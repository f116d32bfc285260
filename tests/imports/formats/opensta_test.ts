import { deepStrictEqual as same, equal, throws } from "node:assert/strict";
import { ParseError } from "../../../src/imports/formats/format.ts";
import { collect } from "../../help/imports/collect.ts";
import { recognised } from "../../help/imports/reports.ts";

const read = (text: string) => collect(recognised(text, "report.rpt")!, text);
const RULE = "=".repeat(74);
const DASHES = "-".repeat(74);

type Options = { group?: string; type?: string; end?: string; corner?: string };
const path = (slack: string, { group = "clk", type = "max", end = "b", corner }: Options = {}) =>
  [
    ...["Startpoint: a (rising edge-triggered flip-flop clocked by clk')"],
    ...[`Endpoint: ${end} (output port clocked by clk)`, `Path Group: ${group}`],
    ...[`Path Type: ${type}`, ...(corner ? [`Corner: ${corner}`] : []), ""],
    ...["  Delay    Time   Description", "-".repeat(57)],
    ...["   0.00    0.00   clock clk (rise edge)", "   1.25    1.25 ^ u1/Q (slack (MET))"],
    ...["           1.25   data arrival time", "", "           9.25   data required time"],
    ...[
      "-".repeat(57),
      "           9.25   data required time",
      "          -1.25   data arrival time",
    ],
    ...["-".repeat(57), slack, "", "", ""],
  ].join("\n");

Deno.test("report_checks: slack is a number or none, never -0 or infinity", () => {
  const { tables } = read([
    path("          -0.00   slack (VIOLATED)"),
    path("            INF   slack (MET)", { end: "c" }),
    path("(Path is unconstrained)", { group: "(none)", end: "d" }),
    path("\t8.000\tslack (MET)", { end: "e[1]|$x" }).replaceAll("   Time", "\tTime"),
  ].join(""));
  same(tables.paths!.map(({ endpoint, slack }) => [endpoint, slack]), [
    ...[["b", 0], ["c", null], ["d", null], ["e[1]|$x", 8]],
  ]);
  same([Object.is(tables.paths![0]!.slack, -0), tables.paths![0]!.required], [false, 9.25]);
  same([tables.paths![0]!.launch_clock, tables.paths![0]!.clock], ["clk", "clk"]);
});

Deno.test("report_checks: long names are split over two lines", () => {
  const long = "x/".repeat(60) + "\\y[3] ";
  const { tables: { paths } } = read(
    path("   1.00   slack (MET)").replace(
      "Startpoint: a (rising",
      `Startpoint: ${long.trim()}\n            (rising`,
    ),
  );
  same([paths![0]!.startpoint, paths![0]!.launch_clock], [long.trim(), "clk"]);
});

Deno.test("report_checks: a path counts once for its sections, and each time within one", () => {
  const same_path = path("  -1.00   slack (VIOLATED)");
  const sections = [
    `${RULE}\nreport_checks -unconstrained\n${RULE}\n${same_path}${same_path}`,
    `${RULE}\nreport_checks --slack_max -0.01\n${RULE}\n${same_path}`,
    `${RULE}\nreport_checks -path_delay min\n${RULE}\n${
      path("0.2   slack (MET)", { type: "min" })
    }`,
  ].join("\n");
  same(read(sections).tables.paths!.map(({ path_type }) => path_type), ["max", "max", "min"]);
});

Deno.test("report_checks: the corner is the path's, else the heading's, and ends with the command", () => {
  const text = [
    ...[RULE, "report_checks -path_delay max", RULE, "======= Slow Corner =======", ""],
    path("   1.00   slack (MET)"),
    path("   2.00   slack (MET)", { corner: "Fast" }),
    ...[
      RULE,
      "report_checks -path_delay min",
      RULE,
      path("   3.00   slack (MET)", { type: "min" }),
    ],
  ].join("\n");
  same(read(text).tables.paths!.map(({ corner }) => corner), ["Slow", "Fast", undefined]);
});

Deno.test("report_checks: forms end, summary, slack_only and short", () => {
  const end = [
    ...["max_delay/setup group gated clock", "", "                        Required  Actual"],
    ...["Endpoint                  Delay   Delay   Slack", DASHES],
    ...["out[1] (output)            0.39    0.42   -0.03 (VIOLATED)"],
    ...["r1/D (DFF_X1)              0.39    0.30    0.09 (MET)", "", ""],
  ].join("\n");
  same(
    read(end).tables.paths!.map(({ path_group, path_type, endpoint, slack, required }) => [
      ...[path_group, path_type, endpoint, slack, required],
    ]),
    [["gated clock", "max", "out[1]", -0.03, 0.39], ["gated clock", "max", "r1/D", 0.09, 0.39]],
  );
  throws(() => read(end.slice(0, end.indexOf("-0.03"))), ParseError);
  const summary = [
    ...["Startpoint            Endpoint               Slack", DASHES],
    ...["en (input)            g1/A2 (AND2_X1)         9.50", ""],
  ].join("\n");
  const both = read(`${end}\n${summary}\n`).tables.paths!;
  same(both.at(-1), { ...both.at(-1), startpoint: "en", endpoint: "g1/A2", slack: 9.5 });
  equal(read(`${path("1.0   slack (MET)")}${summary}\n`).tables.paths!.length, 1, "the same paths");
  const short = path("").split("\n").slice(0, 4).join("\n");
  same(read(`${short}\n\n\n${short}\n\n\n`).tables.paths!.map(({ slack }) => slack), [null, null]);
});

Deno.test("report_wns and its like: setup and hold, old and new form, stages, clamped zeros", () => {
  const section = (title: string, ...lines: string[]) =>
    [RULE, title, DASHES, ...lines, "", ""].join("\n");
  const text = [
    section("cts final report_wns", "wns max -0.70"),
    section("finish report_tns", "tns max -4.50"),
    section("finish report_wns", "wns max 0.00"),
    section("finish report_worst_slack", "worst slack max 5497.88"),
    section("finish report_worst_slack_min", "worst slack -0.25"),
    section("finish report_clock_min_period", "core_clock period_min = 0.43 fmax = 2325.58"),
    section(
      "finish report_clock_skew",
      ...["Clock core_clock", "   0.08 source latency r1/CK ^", "  -0.07 target latency r2/CK ^"],
      ...["   0.00 CRPR", "--------------", "   0.01 setup skew"],
    ),
    section("finish max_slew_violation_count", "max slew violation count 3"),
    section("finish setup_violation_count", "setup violation count 2"),
    section("finish report_checks -path_delay max", path("  -0.70   slack (VIOLATED)")),
    section("finish report_design_area", "Design area 549 um^2 59% utilization."),
    section("finish report_cell_usage", "Cell type report:       Count       Area"),
    "  Tap cell                 40      50.05\n  Total                   551     662.87\n",
  ].join("");
  const { tables } = read(text);
  const { summary, paths, runs, area } = tables;
  same(summary!.find(({ stage, path_group }) => stage === "finish" && path_group === "Total"), {
    ...{ path_group: "Total", setup_wns: 5497.88, setup_tns: -4.5, setup_violations: 2 },
    ...{ hold_wns: -0.25, setup_wns_clamped: 0, slew_violations: 3, stage: "finish" },
  });
  const clocks = summary!.filter(({ clock }) => clock === "core_clock");
  same(clocks, [
    { clock: "core_clock", fmax: 2325.58, stage: "finish" },
    {
      ...{ clock: "core_clock", skew: 0.01, source_latency: 0.08, target_latency: 0.07 },
      stage: "finish",
    },
  ]);
  same(summary!.find(({ stage }) => stage === "cts final")?.setup_wns, -0.7);
  same([paths!.length, paths![0]!.stage], [1, "finish"]);
  same(runs, [{ area_um2: 549, utilization_pct: 59, cells: 551, stage: "finish" }]);
  same(area, [{ category: "Tap cell", cells: 40, area: 50.05, stage: "finish" }]);
});

Deno.test("LibreLane lists a number for each corner under its heading", () => {
  const text = `\n${RULE}\nWorst Slack (Hold)\n${RULE}\nnom_tt_025C_1v80: -0.2\nnom_ss: 0.3\n`;
  same(read(text).tables.summary, [
    { path_group: "Total", hold_wns: -0.2, corner: "nom_tt_025C_1v80" },
    { path_group: "Total", hold_wns: 0.3, corner: "nom_ss" },
  ]);
});

Deno.test("report_power: its unit, NaN, groups with blanks, instances", () => {
  const text = `report_power
Group                  Internal  Switching    Leakage      Total
                          Power      Power      Power      Power (mW)
----------------------------------------------------------------
Black box              5.71e-04        NaN   9.25e-09   1.13e-03  18.8%
Total                  2.54e-03   3.48e-03   6.02e-06   6.03e-03 100.0%
  Internal  Switching    Leakage      Total
     Power      Power      Power      Power (Watts)
--------------------------------------------
  1.00e-06   2.00e-06   3.00e-09   3.00e-06 core/u1
`;
  const { tables: { power } } = read(text);
  same(power!.map(({ power_group, instance }) => power_group ?? instance), [
    ...["Black box", "Total", "core/u1"],
  ]);
  same([power![0]!.power_switching_mw, power![1]!.power_total_mw], [null, 6.03e-3]);
  equal(power![2]!.power_internal_w, 1e-6);
  throws(() => read(text.slice(0, text.indexOf("Total        "))), /without its Total/);
});

Deno.test("report_clock_skew: hold, a clock without paths, other reports of clocks", () => {
  const text = `--- report_clock_skew -hold ---
Clock clk
   0.10 source latency r1/CK ^
  -0.20 target latency r2/CK ^
   0.00 CRPR
--------------
  -0.10 hold skew

Clock idle
No launch/capture paths found.

Clock clk
rise -> rise
    min     max
   0.00    0.00 source latency
`;
  same(read(text).tables.summary, [
    { clock: "clk", hold_skew: -0.1, source_latency: 0.1, target_latency: 0.2 },
    { clock: "idle", hold_skew: null, source_latency: null, target_latency: null },
  ]);
});

Deno.test("a file without line end at its end is read, with a warning", () => {
  const { warnings } = read("worst slack 1.18");
  same(warnings, [{ message: "The last line has no line end. Is the file cut?", line: 1 }]);
});
