import { barPanel, statePanel, trendPanel } from "../charts.ts";
import { pivotPanel } from "../pivot.ts";
import { columnOf, dimensionsOf } from "../../measures/facts.ts";
import type { Measure } from "../../measures/measure.ts";
import { iterationMeasures, measuresOf } from "../../measures/measures.ts";
import type { Panel, Source } from "../panels.ts";
import { newestRows, rowsOfNewest } from "../rows.ts";
import { areComparable, isCompared, newestBy, newestOfEach } from "../runs.ts";
import { diePanel } from "../samples.ts";
import { firstBar, newestRun, newestStat } from "../stats.ts";
import { packed, type Row } from "./row.ts";

/** One bar chart per dimension, and the largest value of each. */
function byDimension(source: Source, total: Measure): { bars: Panel[]; worst: Panel[] } {
  const columns = dimensionsOf(source.facts, ["rule", "layer", "category", "severity", "cell"]);
  const bars = columns.map((column) =>
    barPanel(source, {
      title: `${total.title} by ${column.name}`,
      about: columnOf(source.facts.columns, "iteration")
        ? "After the newest run's last iteration."
        : "The newest run.",
      sql: newestBy(source.facts, total, column),
      measure: total,
    })
  );
  const worst = columns.slice(0, 3).map((column) =>
    firstBar(source, total, `Top ${column.name}`, newestBy(source.facts, total, column))
  );
  return { bars, worst };
}

function byIteration(source: Source, total: Measure): Panel[] {
  const iteration = columnOf(source.facts.columns, "iteration");
  if (!iteration) return [];
  return [barPanel(source, {
    title: `${total.title} by ${iteration.name}`,
    about: "The newest run by iteration, summed over all designs.",
    sql: newestBy(source.facts, total, iteration),
    measure: total,
    upright: true,
  })];
}

function ofEachDesign(source: Source, measure: Measure): Panel[] {
  if (!areComparable(source.facts)) return [];
  return [barPanel(source, {
    title: `${measure.title}, each design`,
    about: "Each design's newest run, highest first; at most 20.",
    sql: newestOfEach(source.facts, measure),
    measure,
  })];
}

/** Rule by layer; a table without rules has categories. */
function cross(source: Source, total: Measure): Panel[] {
  const { columns } = source.facts;
  const rule = columnOf(columns, "rule") ?? columnOf(columns, "category");
  const layer = columnOf(columns, "layer");
  const layers = source.facts.values.layer ?? [];
  return rule && layer && layers.length > 0 ? [pivotPanel(source, total, rule, layer)] : [];
}

function states(source: Source, total: Measure): Panel[] {
  const { facts } = source;
  return facts.time && facts.runs > 1 && isCompared(facts)
    ? [statePanel(source, total, ["clean", "violated"])]
    : [];
}

/** Empty when the table has nothing to count. */
export function drc(source: Source): Row[] {
  const measures = measuresOf(source.facts, [
    "drc_total",
    "violations",
    "antenna",
    "slew_violations",
  ]);
  const [total] = measures;
  if (!total) return [];
  return rowsOf(source, measures, total);
}

function rowsOf(source: Source, measures: Measure[], total: Measure): Row[] {
  const course = iterationMeasures(source.facts, total);
  const { bars, worst } = byDimension(source, total);
  const stats = [...measures, ...course].map((m) => newestStat(source, m));
  const die = diePanel(source, "violations");
  const by = cross(source, total);
  // The last iteration nearly always ends at 0, so the earlier ones come first.
  const trends = source.facts.time
    ? [...course, ...measures].map((m) => trendPanel(source, m))
    : [];
  const [first, ...later] = trends;
  // Without rules, the number of iterations comes first.
  const ofIterations = by.length > 0 ? later.toReversed() : later;
  const charts = course.length > 0
    ? [...byIteration(source, total), ...(first ? [first] : []), ...ofIterations, ...bars]
    : [...trends.slice(0, 1), ...bars.slice(0, 1), ...die, ...bars.slice(1), ...trends.slice(1)];
  const each = ofEachDesign(source, course[0] ?? total);
  const rows = bars.length > 0
    ? rowsOfNewest(source, total, by.length > 0 ? 9 : 14)
    : newestRows(source, { first: measures, most: 10, changes: ["drc_total"] });
  const top = { height: 4, panels: [...stats, ...worst, ...newestRun(source)].slice(0, 8) };
  const first_charts = { height: 10, panels: charts.slice(0, 3) };
  return [
    top,
    // The heat map is on the preview's first frame, also of a capture of 720 px.
    ...(by.length > 0
      ? [{ height: 13, panels: [...by, rows] }, first_charts]
      : [first_charts, { height: 13, panels: [...each, rows], wide_last: true }]),
    ...packed([
      ...charts.slice(3),
      ...(by.length > 0 ? each : []),
      ...states(source, total),
      ...(course.length > 0 ? die : []),
    ]),
  ];
}
