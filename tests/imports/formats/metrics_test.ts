import { deepStrictEqual as same, equal, ok, throws } from "node:assert/strict";
import { secondsOf } from "../../../src/imports/formats/metrics/figures.ts";
import { librelaneCsv, librelaneJson } from "../../../src/imports/formats/metrics/librelane.ts";
import { openlane1Manufacturability } from "../../../src/imports/formats/metrics/manufacturability.ts";
import { metrics21 } from "../../../src/imports/formats/metrics/metrics21.ts";
import { openlane1Csv } from "../../../src/imports/formats/metrics/openlane1.ts";
import { collect } from "../../help/imports/collect.ts";
import { recognised, report } from "../../help/imports/reports.ts";

const ORFS = new URL("../../../../shared/data/orfs/metadata/", import.meta.url);

Deno.test("every METRICS 2.1 file of the OpenROAD flow has its run, in the units of its platform", () => {
  const files = [...Deno.readDirSync(ORFS)].map(({ name }) => name);
  ok(files.length > 40, "../shared/data/orfs/metadata is missing");
  for (const file of files) {
    const text = Deno.readTextFileSync(new URL(file, ORFS));
    equal(recognised(text, file)?.name, "metrics-2.1-json", file);
    const { said, tables: { runs, metrics } } = collect(metrics21, text, file);
    const all = JSON.parse(text);
    const [platform, design] = file.replace(".json", "").split("__");
    equal(said.platform, platform);
    same([said.design, said.run_id], [all.run__flow__design, all.run__flow__uuid], `${design}`);
    equal(runs!.length, 1);
    equal(metrics!.length, Object.keys(all).length);
    const unit = all.run__flow__platform__time_units?.slice(1);
    const [run] = runs!;
    const number = (key: string) => typeof all[key] === "number" ? all[key] + 0 : undefined;
    equal(run![`setup_wns_${unit}`], number("finish__timing__setup__ws"), file);
    equal(run![`setup_tns_${unit}`], number("finish__timing__setup__tns"), file);
    equal(run!.area_um2, number("finish__design__instance__area"), file);
    equal(run!.power_total_w, number("finish__power__total"), file);
    equal(run!.wirelength_um, number("detailedroute__route__wirelength"), file);
    equal(run!.drc_errors, number("detailedroute__route__drc_errors"), file);
    equal(run!.runtime_s, secondsOf(all.total_time), file);
  }
});

Deno.test("metrics of asap7 are in ps, their stages and corners stand apart, texts beside numbers", () => {
  const text = Deno.readTextFileSync(new URL("asap7__gcd.json", ORFS));
  const { said, tables: { runs, metrics } } = collect(metrics21, text);
  equal(said.run_ts?.length, "2024-09-26T21:19:00".length);
  ok("setup_wns_ps" in runs![0]! && runs![0]!.stage === "finish");
  const drop = metrics!.find(({ corner }) => corner === "default")!;
  same([drop.stage, String(drop.metric).startsWith("design_powergrid__")], ["finish", true]);
  const clocks = metrics!.find(({ metric }) => metric === "constraints__clocks__details")!;
  ok(clocks.value === null && String(clocks.text).startsWith("["));
  const ws = metrics!.find(({ metric, stage }) =>
    metric === "timing__setup__ws" && stage === "cts"
  )!;
  equal(ws.unit, "ps");
});

Deno.test("a number that the last stage lacks is missing, and is not taken from the stage before", () => {
  const { tables: { runs } } = collect(
    metrics21,
    JSON.stringify({
      ...{ run__flow__platform__time_units: "1ns", cts__timing__hold__ws: 0.1 },
      ...{ cts__timing__setup__ws: -1, finish__timing__setup__ws: 0.5 },
      ...{ globalroute__antenna__violating__nets: 7, detailedroute__antenna__violating__nets: 2 },
      ...{ finish__power__total: "N/A", finish__timing__setup__tns: "ERR" },
    }),
  );
  same(runs, [{ stage: "finish", setup_wns_ns: 0.5, antenna_violations: 2 }]);
});

Deno.test("LibreLane's JSON and CSV give the same run, corners are no runs, and the worst DRC counts", () => {
  const [json, csv] = [
    collect(librelaneJson, report("librelane_metrics.json").text),
    collect(librelaneCsv, report("librelane_metrics.csv").text),
  ];
  same(csv.tables.runs, json.tables.runs);
  equal(json.tables.runs!.length, 1);
  const worst = json.tables.metrics!.filter(({ metric, corner }) =>
    metric === "timing__setup__ws" && corner !== null
  ).reduce((a, b) => Number(b.value) < Number(a.value) ? b : a);
  equal(worst.corner, "max_ss_125C_4v50");
  const { tables } = collect(
    librelaneCsv,
    "Metric,Value\r\nroute__drc_errors,1\r\nmagic__drc_error__count,23\r\nklayout__drc_error__count,4\r\n" +
      "timing__setup__ws,Infinity\r\ntiming__setup__wns,0\r\ndesign__die__bbox,0.0 0.0 5.5 6.5\r\n",
  );
  same(tables.runs, [{ setup_wns_ns: 0, drc_errors: 23 }]);
  equal(tables.metrics!.at(-1)!.text, "0.0 0.0 5.5 6.5");
});

Deno.test("metrics that are cut are refused", () => {
  for (
    const [format, file] of [
      [librelaneJson, "librelane_metrics.json"],
      [openlane1Manufacturability, "openlane1_manufacturability.rpt"],
    ] as const
  ) {
    const { text } = report(file);
    const end = file.endsWith(".rpt") ? text.lastIndexOf(":") : text.trimEnd().length;
    for (let at = 1; at < end; at += Math.ceil(end / 200)) {
      throws(() => collect(format, text.slice(0, at)), `${file} at ${at}`);
    }
  }
  throws(() => collect(openlane1Csv, report("openlane1_metrics.csv").text.slice(0, -10)), /cells/);
  throws(() => collect(librelaneCsv, "Metric,Value\na__b,1\nc__d"), /value/);
});

Deno.test("manufacturability has an LVS result only where one is printed, and no total without a DRC report", () => {
  const text = (drc: string, lvs: string, antenna: string) =>
    `Design Name: gcd\nRun Directory: /r\n${drc}\n-----\n\nLVS Summary:\nSource: x\n${lvs}\n-----\n\n` +
    `Antenna Summary:\n${antenna}\n`;
  const summaryOf = (...parts: [string, string, string]) =>
    collect(openlane1Manufacturability, text(...parts)).tables.summary ?? [];
  same(summaryOf("Source not found.", "Source not found.", "No antenna report found."), []);
  same(
    summaryOf(
      "Total Magic DRC violations is 0",
      "Design is LVS clean.",
      "Number of pins violated: 3",
    ),
    [
      { rule: "Total", count: 0 },
      { rule: "Antenna", antenna_violating_nets: null, antenna_violating_pins: 3 },
      { rule: "LVS", lvs_errors: 0, lvs_result: "match" },
    ],
  );
  same(
    summaryOf("Source not found.", "Total errors = 4", "Pin violations: -1\nNet violations: -1"),
    [{ rule: "LVS", lvs_errors: 4, lvs_result: "mismatch" }],
  );
  throws(
    () => summaryOf("Total Magic DRC violations is 3", "Source not found.", "Net violations: 0"),
    /total is 3/,
  );
});

Deno.test("secondsOf() reads the durations of flows", () => {
  same(
    ["0:16:38.84", "2:16.32", "1h51m15s0ms", "0h0m57s", "57.5s", "", "N/A", "x1s"].map(secondsOf),
    [998.84, 136.32, 6_675, 57, 57.5, null, null, null],
  );
});
