import { columnOf } from "../facts.ts";
import { measuresOf } from "../measures.ts";
import { barPanel, newestRun, newestStat, type Source, trendPanel } from "../panels.ts";
import { newestRows, worstRows } from "../rows.ts";
import { isCompared, newestBy, newestOfEach } from "../runs.ts";
import type { Row } from "./row.ts";

/** Timing: is it met, how did it move, where is it worst, which paths. Empty: there is no slack in it. */
export function timing(source: Source): Row[] {
  const { facts } = source;
  const measures = measuresOf(facts, [
    "setup_wns",
    "setup_tns",
    "setup_violations",
    "violations",
    "hold_wns",
    "hold_tns",
    "hold_violations",
    "skew",
    "frequency",
  ]);
  const [worst] = measures;
  if (!worst) return [];
  const paths = columnOf(facts.columns, "slack") !== undefined && facts.metrics.length === 0;
  const cuts = (paths ? ["path_group", "corner", "stage"] as const : ["corner", "stage"] as const)
    .flatMap((meaning) => columnOf(facts.columns, meaning) ?? []).slice(0, 2);
  const bars = cuts.map((column) =>
    barPanel(source, {
      title: `${worst.title} by ${column.name}`,
      about: "The newest run, the worst first.",
      sql: newestBy(facts, worst, column),
      measure: worst,
    })
  );
  if (isCompared(facts)) {
    bars.unshift(barPanel(source, {
      title: `${worst.title} of each design`,
      about: "Each design's newest run, the worst first; at most 20.",
      sql: newestOfEach(facts, worst),
      measure: worst,
    }));
  }
  const violating = measures.find(({ meaning }) => meaning === "setup_violations");
  if (paths && violating) {
    bars.push(...cuts.map((column) =>
      barPanel(source, {
        title: `${violating.title} by ${column.name}`,
        about: "The newest run, the most first.",
        sql: newestBy(facts, violating, column),
        measure: violating,
      })
    ));
  }
  const look = { first: measures, most: bars.length > 0 ? 11 : 14 };
  const trends = facts.time ? measures.slice(0, 3).map((m) => trendPanel(source, m)) : [];
  return [
    {
      height: 4,
      panels: [...measures.slice(0, 7).map((m) => newestStat(source, m)), ...newestRun(source)],
    },
    { height: 10, panels: trends },
    {
      height: 13,
      panels: [
        ...bars.slice(0, 1),
        paths ? worstRows(source, worst, "paths", look) : newestRows(source, look),
      ],
      wide_last: true,
    },
    { height: 10, panels: bars.slice(1, 4) },
  ];
}
