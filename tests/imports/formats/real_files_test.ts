import { deepStrictEqual as same, equal, ok } from "node:assert/strict";
import { collect, type Collected, pieces, random, type Row } from "../../help/imports/collect.ts";
import { type Expected, recognised, report } from "../../help/imports/reports.ts";

/** Name of a fact in an expect.json -> column of `runs` without its unit. */
const RUN_COLUMNS: Record<string, string> = {
  ...{ setup_wns: "setup_wns", setup_tns: "setup_tns", setup_violations: "setup_violations" },
  ...{ hold_wns: "hold_wns", hold_violations: "hold_violations", area: "area" },
  ...{ area_core: "core_area", die_area: "die_area", utilization: "utilization" },
  ...{ cell_count: "cells", power_total: "power_total", wirelength: "wirelength", vias: "vias" },
  ...{ drc_total: "drc_errors", lvs_errors: "lvs_errors", runtime: "runtime" },
  ...{ antenna_violating_nets: "antenna_violations", peak_memory: "peak_mem" },
};
const SUFFIXES: Record<string, string> = {
  ...{ ns: "_ns", "um^2": "_um2", "mm^2": "_mm2", um: "_um", W: "_w", MB: "_mb", "%": "_pct" },
  ...{ "ratio 0..1": "", s: "_s" },
};

function fromRun(row: Row, name: string): unknown {
  const column = Object.keys(row).find((one) =>
    one === name || one.startsWith(`${name}_`) && /_(?:[nu]?s|[mu]m2?|w|[km]b|pct)$/.test(one)
  );
  return column === undefined ? undefined : { [column]: row[column] };
}

const sum = (rows: Row[] = []) => rows.reduce((total, row) => total + Number(row.count ?? 0), 0);

function facts({ tables }: Collected, { facts, by_rule, absent = [] }: Expected) {
  const { runs = [], summary = [], violations = [], tests = [], metrics = [] } = tables;
  const [run] = runs;
  const total = summary.find(({ rule }) => rule === "Total")?.count;
  const other = (name: string) => summary.find((row) => row[name] != null)?.[name];
  const named: Record<string, unknown> = {
    ...{ drc_total: total, lvs_errors: other("lvs_errors"), lvs_result: other("lvs_result") },
    antenna_violating_nets: other("antenna_violating_nets"),
    antenna_violating_pins: other("antenna_violating_pins"),
    tests: tests.length,
    failures: tests.filter(({ status }) => status === "failed").length,
    passed: tests.filter(({ status }) => status === "passed").length,
    clock_period: metrics.find(({ metric }) => metric === "CLOCK_PERIOD")?.value,
  };
  for (const [name, { value, unit, seconds }] of Object.entries(facts)) {
    const column = RUN_COLUMNS[name];
    if (!run || !column) {
      equal(named[name], value, name);
      continue;
    }
    const suffix = seconds === undefined ? SUFFIXES[unit ?? ""] ?? "" : "_s";
    same(fromRun(run, column), { [column + suffix]: seconds ?? value }, name);
  }
  for (const name of absent) {
    ok(!run || fromRun(run, RUN_COLUMNS[name] ?? name) === undefined, `${name} is not in the file`);
    ok(named[name] == null, `${name} is not in the file`);
  }
  if (!by_rule) return;
  equal(sum(violations), facts.drc_total!.value);
  const counts = Map.groupBy(violations, ({ rule }) => rule);
  same(Object.fromEntries([...counts].map(([rule, rows]) => [rule, sum(rows)])), by_rule);
  const others = summary.filter((row) => row.rule !== "Total" && row.count != null);
  same(sum(others), facts.drc_total!.value, "rules of the summary");
}

const FILES = [
  ...["calibre_ascii_drc.rdb", "cocotb_results.xml", "klayout_clean.lyrdb", "mixer5ghz.lyrdb"],
  ...["librelane_metrics.csv", "librelane_metrics.json", "magic_drc.rpt", "magic_drc_clean.rpt"],
  ...["netgen_lvs.report", "netgen_lvs_short.rpt", "openlane1_final_summary_report.csv"],
  ...["openlane1_manufacturability.rpt", "openlane1_metrics.csv", "openlane_drc.klayout.xml"],
  ...["tritonroute_drc.tr"],
];
const PLAIN = [
  "openlane_benchmark_sky130_fd_sc_hd.csv",
  "tilos_asap7_nvdla_flow-2.csv",
  "vtr_basic_timing_golden_results.txt",
];

/** Common columns that are filled from others. */
const ADDED: Record<string, number> = { "OpenLane 1": 1, "VTR/VPR": 3 };

for (const file of [...FILES, ...PLAIN]) {
  Deno.test(`${file} is read as its expect.json says, wherever the text is cut`, () => {
    const { text, expected } = report(file);
    const format = recognised(text, file);
    equal(format?.name, expected.format);
    equal(format!.kind, expected.kind);
    const read = collect(format!, text, file);
    const main = read.tables[format!.table] ?? Object.values(read.tables)[0]!;
    equal(main.length, expected.records.count);
    equal(read.said.tool ?? format!.tool ?? undefined, expected.tool);
    equal(read.said.tool_version, expected.tool_version);
    if (expected.design) equal(read.said.design, expected.design);
    equal(read.said.run_ts, expected.run_time?.iso);
    if (expected.columns) {
      const unnamed = /[,\t] *$/.test(text.split(/\r?\n/, 1)[0]!) ? 1 : 0;
      const added = ADDED[read.said.tool ?? ""] ?? 0;
      equal(Object.keys(main[0]!).length, expected.columns - unnamed + added);
    }
    if (FILES.includes(file)) facts(read, expected);

    const next = random(file.length);
    for (let i = 0; i < 10; i++) {
      same(collect(format!, pieces(text, i < 2 ? 3 : 4_000, next), file), read);
    }
    const crlf = text.includes("\r")
      ? text.replaceAll("\r\n", "\n")
      : text.replaceAll("\n", "\r\n");
    same(collect(format!, crlf, file), read, "with other line ends");
  });
}

const rowsOf = (file: string) => {
  const { text } = report(file);
  return Object.values(collect(recognised(text, file)!, text, file).tables)[0]!;
};

Deno.test("tables of designs, stages and circuits keep names, and -1 of tools that mean not run is no value", () => {
  const designs = rowsOf(PLAIN[0]!);
  same(
    designs.filter(({ wns }) => Number(wns) < 0).map(({ design_name }) => design_name),
    ["aes", "aes_core"],
  );
  equal(
    Math.min(...designs.flatMap(({ spef_wns }) => spef_wns === null ? [] : Number(spef_wns))),
    0,
  );
  const stages = rowsOf(PLAIN[1]!);
  const { "WS(ns)": ws, "Total Power (mW)": power, "Congestion(H)": congestion } = stages.at(-1)!;
  same([ws, power, congestion], ["0.007", "551.40287402", null]);
  equal(stages[0]!["Congestion(H)"], "0.01%");
  const circuits = rowsOf(PLAIN[2]!);
  same(circuits.map(({ circuit, setup_WNS }) => `${circuit} ${setup_WNS}`).slice(0, 1), [
    "ch_intrinsics.v -1.97404",
  ]);
  equal(circuits[0]!.num_memories === null || Number(circuits[0]!.num_memories) >= 0, true);
});
