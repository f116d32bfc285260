import { columnOf } from "../facts.ts";
import { measuresOf } from "../measures.ts";
import { barPanel, newestRun, newestStat, type Source, trendPanel } from "../panels.ts";
import { newestRows } from "../rows.ts";
import { newestBy } from "../runs.ts";
import type { Row } from "./row.ts";

/** Quality of results: size, power and speed of the newest run, their course, each design's newest. */
export function qor(source: Source): Row[] {
  const { facts } = source;
  const measures = measuresOf(facts, [
    "area",
    "utilization",
    "power",
    "setup_wns",
    "setup_tns",
    "drc_total",
    "wirelength",
    "runtime",
    "cells",
    "hold_wns",
    "leakage",
    "vias",
    "memory",
    "frequency",
    "ir_drop",
    "violations",
  ]);
  if (measures.length === 0) return [];
  const of = (...meanings: string[]) =>
    measures.filter(({ meaning }) => meanings.includes(meaning!));
  const followed = [...new Set([...of("area"), ...of("power"), ...of("setup_wns"), ...measures])];
  const trends = facts.time ? followed.map((m) => trendPanel(source, m)) : [];
  const stage = columnOf(facts.columns, "stage");
  const runtime = of("runtime").find(() => stage);
  const by_stage = stage && runtime && barPanel(source, {
    title: `Runtime by ${stage.name}`,
    about: "The newest run, the longest first.",
    sql: newestBy(facts, runtime, stage),
    measure: runtime,
  });
  // As many lines as it will have, so that more of the board stands on the first screen.
  const lines = facts.metrics.length || (facts.groups.count > 1 ? facts.groups.count : 13);
  const height = Math.min(Math.max(Math.ceil(lines * 0.8) + 2, 5), 13);
  return [
    {
      height: 4,
      panels: [...measures.slice(0, 7).map((m) => newestStat(source, m)), ...newestRun(source)],
    },
    { height: 10, panels: trends.slice(0, 3) },
    {
      height,
      panels: [
        ...(by_stage ? [by_stage] : []),
        newestRows(source, { first: measures, most: by_stage ? 11 : 14 }),
      ],
      wide_last: true,
    },
    { height: 9, panels: trends.slice(3, 6) },
    { height: 9, panels: trends.slice(6, 9) },
  ];
}
