import { barPanel, statePanel, trendPanel } from "../charts.ts";
import { columnOf, dimensionsOf, type TableFacts } from "../../measures/facts.ts";
import type { Measure } from "../../measures/measure.ts";
import { measuresOf } from "../../measures/measures.ts";
import type { Panel, Source } from "../panels.ts";
import { newestRows, worstRows } from "../rows.ts";
import { areComparable, isCompared, newestBy, newestOfEach } from "../runs.ts";
import { courseOfSpread, spreadPanel } from "../samples.ts";
import { newestRun, newestStat } from "../stats.ts";
import { isFirstOfTitle, packed, type Row, tableHeight } from "./row.ts";

function byDimension(source: Source, measure: Measure): Panel[] {
  return dimensionsOf(source.facts, ["path_group", "corner", "stage"]).slice(0, 2).map((column) =>
    barPanel(source, {
      title: `${measure.title} by ${column.name}`,
      about: "The newest run, worst first.",
      sql: newestBy(source.facts, measure, column),
      measure,
    })
  );
}

function ofEachDesign(source: Source, measure: Measure): Panel[] {
  if (!areComparable(source.facts)) return [];
  return [barPanel(source, {
    title: `${measure.title} of each design`,
    about: "Each design's newest run, worst first; at most 20.",
    sql: newestOfEach(source.facts, measure),
    measure,
  })];
}

function states(source: Source, measures: Measure[]): Panel[] {
  if (!source.facts.time || source.facts.runs < 2 || !isCompared(source.facts)) return [];
  return measures.filter(({ meaning }) => meaning === "setup_wns" || meaning === "hold_wns")
    .map((measure) => statePanel(source, measure, ["met", "violated"]));
}

/** One row per path. */
function ofPaths(source: Source, worst: Measure, measures: Measure[], trends: Panel[]): Row[] {
  const setup = measures.filter(({ meaning }) => meaning === "setup_wns");
  const violating = measures.filter(({ meaning }) => meaning === "setup_violations");
  const spread = setup.flatMap((m) => spreadPanel(source, m, "slack"));
  const course = setup.flatMap((m) => courseOfSpread(source, m, "slack"));
  const by = byDimension(source, worst);
  const each = ofEachDesign(source, worst);
  return [
    { height: 10, panels: [...trends.slice(0, 1), ...spread, ...each] },
    {
      height: 13,
      panels: [...by.slice(0, 1), worstRows(source, worst, "paths", { first: measures, most: 9 })],
      wide_last: true,
    },
    ...packed([
      ...by.slice(1),
      ...violating.flatMap((measure) => byDimension(source, measure)),
      ...trends.slice(1, 4),
      ...course,
      ...states(source, measures),
    ]),
  ];
}

/** One row per run. */
function ofRuns(source: Source, worst: Measure, measures: Measure[], trends: Panel[]): Row[] {
  const bars = [...ofEachDesign(source, worst), ...byDimension(source, worst)];
  const each = trends.length > 0
    ? []
    : measures.slice(1, 4).flatMap((measure) => ofEachDesign(source, measure));
  const options = {
    first: measures,
    most: bars.length > 0 ? 10 : 14,
    changes: ["setup_wns", "setup_tns"],
  } as const;
  return [
    { height: 10, panels: trends.slice(0, 3) },
    {
      height: trends.length > 0 ? tableHeight(source.facts) : 13,
      panels: [...bars.slice(0, 1), newestRows(source, options)],
      wide_last: true,
    },
    ...packed([...bars.slice(1), ...each, ...states(source, measures), ...trends.slice(3, 7)]),
  ];
}

/** Empty when the table has no slack. */
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
  ]).filter(isFirstOfTitle);
  const [worst] = measures;
  if (!worst) return [];
  const stats = [...measures.slice(0, 7).map((m) => newestStat(source, m)), ...newestRun(source)];
  const trends = facts.time ? measures.map((m) => trendPanel(source, m)) : [];
  const rest = hasPaths(facts) ? ofPaths : ofRuns;
  return [{ height: 4, panels: stats }, ...rest(source, worst, measures, trends)];
}

function hasPaths({ columns, metrics }: TableFacts): boolean {
  return columnOf(columns, "slack") !== undefined && metrics.length === 0;
}
