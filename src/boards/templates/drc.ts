import { columnOf } from "../facts.ts";
import { iterationMeasures, type Measure, measuresOf } from "../measures.ts";
import {
  barPanel,
  firstBar,
  newestRun,
  newestStat,
  type Panel,
  type Source,
  trendPanel,
} from "../panels.ts";
import { newestRows, rowsOfNewest } from "../rows.ts";
import { isCompared, newestBy, newestOfEach } from "../runs.ts";
import type { Row } from "./row.ts";

/** Where the violations are: one bar chart for each column that cuts them, and the worst of each. */
function cuts(source: Source, total: Measure): { bars: Panel[]; worst: Panel[] } {
  const columns = (["rule", "layer", "category", "severity", "cell"] as const)
    .flatMap((meaning) => columnOf(source.facts.columns, meaning) ?? []);
  const bars = columns.map((column) =>
    barPanel(source, {
      title: `${total.title} by ${column.name}`,
      about: total.iteration ? "After the newest run's last iteration." : "The newest run.",
      sql: newestBy(source.facts, total, column),
      measure: total,
    })
  );
  const worst = columns.slice(0, 3).map((column) =>
    firstBar(source, total, `Most: ${column.name}`, newestBy(source.facts, total, column))
  );
  return { bars, worst };
}

function byIteration(source: Source, total: Measure): Panel[] {
  const { iteration, ...every } = total;
  if (!iteration) return [];
  return [barPanel(source, {
    title: `${total.title} by ${iteration.column.name}`,
    about: "The newest run, all designs together, iteration by iteration.",
    sql: newestBy(source.facts, every, iteration.column),
    measure: total,
    upright: true,
  })];
}

function ofEachDesign(source: Source, measure: Measure): Panel[] {
  if (!isCompared(source.facts)) return [];
  return [barPanel(source, {
    title: `${measure.title}, each design`,
    about: "Each design's newest run, the most first; at most 20.",
    sql: newestOfEach(source.facts, measure),
    measure,
  })];
}

/** Design rule checks: how many, of what rule and layer, and how that moved. Empty: nothing to count. */
export function drc(source: Source): Row[] {
  const measures = measuresOf(source.facts, [
    "drc_total",
    "violations",
    "antenna",
    "slew_violations",
  ]);
  const [total] = measures;
  if (!total) return [];
  const course = iterationMeasures(total);
  const { bars, worst } = cuts(source, total);
  const stats = [...measures, ...course].map((m) => newestStat(source, m));
  // The last count is nearly always 0: where iterations are known, their course tells more.
  const trends = source.facts.time
    ? [...course, ...measures].map((m) => trendPanel(source, m))
    : [];
  const charts = course.length > 0
    ? [...byIteration(source, total), ...trends, ...bars]
    : [...trends.slice(0, 1), ...bars, ...trends.slice(1)];
  const each = ofEachDesign(source, course[0] ?? total);
  const rows = bars.length > 0
    ? rowsOfNewest(source, "Violations")
    : newestRows(source, { first: measures });
  return [
    { height: 4, panels: [...stats, ...worst, ...newestRun(source)].slice(0, 8) },
    { height: 10, panels: charts.slice(0, 3) },
    { height: 13, panels: [...each, rows], wide_last: true },
    { height: 10, panels: charts.slice(3, 6) },
  ];
}
