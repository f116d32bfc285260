import type { Column } from "../measures/columns.ts";
import { MOST_GROUPS, MOST_RUNS, type TableFacts, tableOf } from "../measures/facts.ts";
import type { Measure } from "../measures/measure.ts";
import { cellOf, conditions, numberOf, quoteName, quoteText, timeOf } from "../measures/sql.ts";
import { pickedRuns } from "../measures/runs/runs.ts";
import { runValues } from "../measures/runs/values.ts";
import { ofDesign, unlessChosen, upToRun } from "./variables.ts";

/** Spans of time that a trend of more runs than can be told apart is cut into. */
const SPANS = 500;
/** All of six series: a panel is answered with at most 10,000 rows. */
const MOST_POINTS = 6 * MOST_RUNS;

/** The name under which a measure's value is answered: never one that these queries use themselves. */
export function shownName({ title }: Measure): string {
  return ["time", "metric", "value", "of"].includes(title) ? `${title} ` : title;
}

/** Only rows of the time range and the design that the viewer chose. */
export function seen(facts: TableFacts): (string | undefined)[] {
  const { time } = facts;
  if (!time) return [ofDesign(facts)];
  // The macro takes a column alone; what is a time only by its form stands before a range.
  const range = time.column.form
    ? `${timeOf(time.column)} BETWEEN $__timeFrom() AND $__timeTo()`
    : `$__timeFilter(${quoteName(time.column.name)})`;
  return [range, ofDesign(facts)];
}

/** Of these the rows up to the run that the viewer chose. */
export function asOf(facts: TableFacts): (string | undefined)[] {
  return [...seen(facts), upToRun(facts)];
}

/** Only rows of each group's newest run, in the time range and of the design that the viewer chose. */
export function ofNewest(facts: TableFacts): (string | undefined)[] {
  return [newestRows(facts), ofDesign(facts)];
}

function newestRows(facts: TableFacts): string | undefined {
  const { time, starts, mapping } = facts;
  const plain = time && !starts && mapping.run.names.length === 0;
  // Of one group, or of more than can be told apart, the greatest time is looked up at less cost.
  if (!plain || isCompared(facts) && areComparable(facts)) return pickedRuns(facts, asOf(facts), 1);
  const name = timeOf(time.column);
  const newest = (extra?: string) =>
    `(SELECT pg_catalog.max(${name}) FROM ${tableOf(facts)}${conditions([...asOf(facts), extra])})`;
  return `${name} = COALESCE(${
    newest(`${name} <= pg_catalog.now() + interval '1 day'`)
  }, ${newest()})`;
}

/** Whether there are more run times than points of a trend. */
export function isDense({ runs }: TableFacts): boolean {
  return runs > MOST_RUNS;
}

/** Whether the last run lies more than a day ahead, which makes it not the newest. */
export function endsAhead({ time, read_at }: TableFacts): boolean {
  return time !== undefined && time.last.getTime() > read_at.getTime() + 86_400_000;
}

/** Whether each design's own newest run can be looked for: not among thousands of them. */
export function areComparable(facts: TableFacts): boolean {
  return isCompared(facts) && facts.groups.count < MOST_GROUPS;
}

/** How many seconds one point of a dense table's trend covers. */
export function spanOf({ time }: TableFacts): number {
  return time ? (time.last.getTime() - time.first.getTime()) / 1000 / SPANS : 0;
}

/** Of a dense table, the start of one of the 500 spans that its range is cut into. */
function pointOf(facts: TableFacts): string | undefined {
  if (!facts.time || !isDense(facts)) return undefined;
  const time = timeOf(facts.time.column);
  const seconds = `${Math.max(spanOf(facts), 0.001)}::float8`;
  return `pg_catalog.to_timestamp(pg_catalog.floor(extract(epoch FROM ${time})::float8 / ${seconds}) * ${seconds})`;
}

/** The name of a row of `runValues`: its group's parts, as `groupLabel` writes them. */
function labelOf({ group_columns }: TableFacts): string {
  const parts = group_columns.map((_, i) => `NULLIF(k${i}, '')`);
  return parts.length > 0 ? `pg_catalog.concat_ws(' ', ${parts.join(", ")})` : "''";
}

/**
 * One row a run and group: "time" (null without a time column), "metric" (the group's label), "value".
 * `where`: which rows, as SQL. `point`: the run time, where several runs may share a point.
 */
export function perRun(
  facts: TableFacts,
  measure: Measure,
  where: (string | undefined)[],
  point?: string,
): string {
  const values = runValues(facts, [shown(measure)], { where, ...(point && { point }) });
  return `SELECT at AS "time", ${labelOf(facts)} AS "metric", v0 AS "value" FROM (${values}) p`;
}

/** A measure as boards show it: its rows in one unit. */
function shown({ stated: _, ...measure }: Measure): Measure {
  return measure;
}

/** Whether a board compares several designs. */
export function isCompared({ groups }: TableFacts): boolean {
  return groups.count > 1;
}

/** The newest run in one number; where the worst of several designs is shown, with its name. */
export function newestValue(facts: TableFacts, measure: Measure): string {
  const runs = perRun(facts, measure, ofNewest(facts));
  const title = quoteName(shownName(measure));
  if (isCompared(facts) && measure.across_designs !== "sum") {
    return `SELECT "metric" AS "of", "value" AS ${title} FROM (${runs}) r WHERE "value" IS NOT NULL ` +
      `ORDER BY "value" ${measure.across_designs === "min" ? "ASC" : "DESC"}, 1 LIMIT 1`;
  }
  return `SELECT pg_catalog.${measure.across_designs}("value") AS ${title} FROM (${runs}) r ` +
    `HAVING pg_catalog.count("value") > 0`;
}

/**
 * The newest points over run time, one series a group (the six that ran last, or the chosen one).
 * `value`: what is shown of "value", as SQL; `where`: which rows.
 */
export function trend(
  facts: TableFacts,
  measure: Measure,
  { value = `"value"`, where = seen(facts) } = {},
): string {
  const compared = isCompared(facts);
  const six = compared ? unlessChosen(facts, facts.groups.shown.map(quoteText)) : undefined;
  const points = `SELECT "time", ${
    compared ? `"metric", ${value} AS "value"` : `${value} AS ${quoteName(shownName(measure))}`
  } FROM (${perRun(facts, measure, [...where, six], pointOf(facts))}) r${
    compared ? ` WHERE "value" IS NOT NULL` : ""
  } ORDER BY "time" DESC LIMIT ${MOST_POINTS}`;
  return `SELECT * FROM (${points}) t ORDER BY "time"`;
}

/** Each group's newest value, the worst (or largest) first, at most 20. */
export function newestOfEach(facts: TableFacts, measure: Measure): string {
  return `SELECT "metric" AS "of", "value" AS ${quoteName(shownName(measure))} FROM (${
    perRun(facts, measure, ofNewest(facts))
  }) r WHERE "value" IS NOT NULL ORDER BY 2 ${order(measure)}, 1 LIMIT 20`;
}

/**
 * The newest run cut by one column (rule, layer, path group): the worst first, at most 20; a number's
 * values (iteration) in their own order, at most 70. `every`: over all runs instead.
 */
export function newestBy(
  facts: TableFacts,
  measure: Measure,
  column: Column,
  every = false,
): string {
  const counted = column.shape === "number";
  const where = every ? asOf(facts) : ofNewest(facts);
  const cut = counted ? numberOf(column) : cellOf(column);
  const aggregate = measure.rows === "sum" ? "sum" : measure.across_designs;
  return `SELECT ${counted ? "cut::pg_catalog.text" : "cut"} AS ${quoteName(column.name)}, ` +
    `pg_catalog.${aggregate}(v0) AS ${quoteName(shownName(measure))} ` +
    `FROM (${runValues(facts, [shown(measure)], { where, cut })}) p GROUP BY cut ` +
    `HAVING pg_catalog.count(v0) > 0 ` +
    (counted ? "ORDER BY cut LIMIT 70" : `ORDER BY 2 ${order(measure)}, 1 LIMIT 20`);
}

/** The newest run cut by one column, a further column for each of `measures`. */
export function newestPivot(facts: TableFacts, measures: Measure[], column: Column): string {
  return runValues(facts, measures.map(shown), { where: ofNewest(facts), cut: cellOf(column) });
}

const order = ({ rows }: Measure) => rows === "min" ? "ASC" : "DESC";

/** When the newest run was, in ms since 1970. */
export function newestTime(facts: TableFacts & { time: { column: Column } }): string {
  return `SELECT pg_catalog.round(extract(epoch FROM pg_catalog.max(${
    timeOf(facts.time.column)
  })) * 1000)::float8 AS "Newest run" FROM ${tableOf(facts)}${
    conditions(asOf(facts))
  } HAVING pg_catalog.count(*) > 0`;
}
