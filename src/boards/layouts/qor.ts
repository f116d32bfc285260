import { barPanel, gaugePanel, statePanel, trendPanel } from "../charts.ts";
import { dimensionsOf } from "../../measures/facts.ts";
import type { Measure } from "../../measures/measure.ts";
import { measuresOf } from "../../measures/measures.ts";
import type { Panel, Source } from "../panels.ts";
import { newestRows } from "../rows.ts";
import { areComparable, newestBy } from "../runs.ts";
import { newestRun, newestStat } from "../stats.ts";
import { isFirstOfTitle, packed, type Row, tableHeight } from "./row.ts";

/** In the order of the stats. */
const SHOWN = [
  "failing_tests",
  "setup_wns",
  "setup_tns",
  "hold_wns",
  "setup_violations",
  "violations",
  "drc_total",
  "area",
  "utilization",
  "power",
  "runtime",
  "lvs_errors",
  "frequency",
  "cells",
  "hold_tns",
  "hold_violations",
  "wirelength",
  "vias",
  "leakage",
  "memory",
  "ir_drop",
  "failed",
  "site_utilization",
  "used",
] as const;
const CHANGES = ["area", "power", "setup_wns", "runtime"] as const;

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
        about: "Each design's newest run, highest first; at most 20.",
        measure,
        most: 100,
      })
    ),
    ...met.map((measure) => statePanel(source, measure, ["met", "violated"])),
  ];
}

/** FPGA resources, one bar per site type. */
function bySite(source: Source, measures: Measure[]): Panel[] {
  const [site] = dimensionsOf(source.facts, ["site_type"]);
  if (!site) return [];
  return measures.filter(({ meaning }) => meaning === "site_utilization" || meaning === "used")
    .map((measure) =>
      barPanel(source, {
        title: `${measure.title} by ${site.name}`,
        about: "The newest run, highest first.",
        sql: newestBy(source.facts, measure, site),
        measure,
      })
    );
}

function statRows(source: Source, measures: Measure[]): Row[] {
  const stats = [...measures.slice(0, 11).map((m) => newestStat(source, m)), ...newestRun(source)];
  if (stats.length <= 8) return [{ height: 4, panels: stats }];
  const half = Math.ceil(stats.length / 2);
  return [stats.slice(0, half), stats.slice(half)].map((panels) => ({ height: 3, panels }));
}

function runtimeByStage(source: Source, runtime: Measure | undefined): Panel | undefined {
  const [stage] = dimensionsOf(source.facts, ["stage"]);
  return stage && runtime && barPanel(source, {
    title: `Runtime by ${stage.name}`,
    about: "The newest run, longest first.",
    sql: newestBy(source.facts, runtime, stage),
    measure: runtime,
  });
}

export function qor(source: Source): Row[] {
  const { facts } = source;
  const measures = measuresOf(facts, SHOWN).filter(({ objects, meaning }) =>
    !objects || meaning === "failing_tests"
  )
    .filter(isFirstOfTitle);
  if (measures.length === 0) return [];
  const sites = bySite(source, measures);
  const of = (...meanings: string[]) =>
    measures.filter(({ meaning }) => meanings.includes(meaning!));
  const followed = [...new Set([...of("area"), ...of("power"), ...of("setup_wns"), ...measures])];
  const trends = facts.time ? followed.map((m) => trendPanel(source, m)) : [];
  const by_stage = runtimeByStage(source, of("runtime")[0]);
  return [
    ...statRows(source, measures),
    { height: 10, panels: [...sites, ...trends].slice(0, 3) },
    {
      height: tableHeight(facts),
      panels: [
        ...(by_stage ? [by_stage] : []),
        newestRows(source, { first: measures, most: by_stage ? 10 : 16, changes: CHANGES }),
      ],
      wide_last: true,
    },
    ...packed([...ofEachDesign(source, measures), ...trends.slice(3 - sites.length, 10)]),
  ];
}
