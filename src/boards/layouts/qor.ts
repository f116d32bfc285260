import { barPanel, gaugePanel, statePanel, trendPanel } from "../charts.ts";
import { cutsOf } from "../../measures/facts.ts";
import type { Measure } from "../../measures/measure.ts";
import { measuresOf } from "../../measures/measures.ts";
import type { Panel, Source } from "../panels.ts";
import { newestRows } from "../rows.ts";
import { areComparable, newestBy } from "../runs.ts";
import { newestRun, newestStat } from "../stats.ts";
import { packed, type Row, tableHeight } from "./row.ts";

const CHANGES = ["area", "power", "setup_wns", "runtime"] as const;

/** How full each design is, and since when each one met its clock. */
function ofEachDesign(source: Source, measures: Measure[]): Panel[] {
  const { facts } = source;
  if (!areComparable(facts)) return [];
  const full = measures.filter(({ meaning, unit }) =>
    meaning === "utilization" && unit === "percent"
  );
  const met = facts.time && facts.runs > 1
    ? measures.filter(({ meaning }) => meaning === "setup_wns")
    : [];
  return [
    ...full.map((measure) =>
      gaugePanel(source, {
        title: "Utilization of each design",
        about: "Each design's newest run, the fullest first; at most 20.",
        measure,
        most: 100,
      })
    ),
    ...met.map((measure) => statePanel(source, measure, ["met", "violated"])),
  ];
}

/** How much of an FPGA's resources is used, one bar a site type. */
function bySite(source: Source, measures: Measure[]): Panel[] {
  const [site] = cutsOf(source.facts, ["site_type"]);
  if (!site) return [];
  return measures.filter(({ meaning }) => meaning === "site_utilization" || meaning === "used")
    .map((measure) =>
      barPanel(source, {
        title: `${measure.title} by ${site.name}`,
        about: "The newest run, the most first.",
        sql: newestBy(source.facts, measure, site),
        measure,
      })
    );
}

/** Quality of results: size, power and speed of the newest run, their course, each design's newest. */
export function qor(source: Source): Row[] {
  const { facts } = source;
  const measures = measuresOf(facts, [
    "failing_tests",
    "area",
    "utilization",
    "power",
    "setup_wns",
    "setup_tns",
    "drc_total",
    "lvs_errors",
    "wirelength",
    "runtime",
    "cells",
    "hold_wns",
    "vias",
    "leakage",
    "memory",
    "frequency",
    "ir_drop",
    "violations",
    "failed",
    "site_utilization",
    "used",
  ]).filter(({ objects, meaning }) => !objects || meaning === "failing_tests");
  if (measures.length === 0) return [];
  const sites = bySite(source, measures);
  const of = (...meanings: string[]) =>
    measures.filter(({ meaning }) => meanings.includes(meaning!));
  const followed = [...new Set([...of("area"), ...of("power"), ...of("setup_wns"), ...measures])];
  const trends = facts.time ? followed.map((m) => trendPanel(source, m)) : [];
  const [stage] = cutsOf(facts, ["stage"]);
  const runtime = of("runtime").find(() => stage);
  const by_stage = stage && runtime && barPanel(source, {
    title: `Runtime by ${stage.name}`,
    about: "The newest run, the longest first.",
    sql: newestBy(facts, runtime, stage),
    measure: runtime,
  });
  return [
    {
      height: 4,
      panels: [...measures.slice(0, 7).map((m) => newestStat(source, m)), ...newestRun(source)],
    },
    { height: 10, panels: [...sites, ...trends].slice(0, 3) },
    {
      height: tableHeight(facts),
      panels: [
        ...(by_stage ? [by_stage] : []),
        newestRows(source, { first: measures, most: by_stage ? 10 : 14, changes: CHANGES }),
      ],
      wide_last: true,
    },
    ...packed([...ofEachDesign(source, measures), ...trends.slice(3 - sites.length, 10)]),
  ];
}
