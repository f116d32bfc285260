import type { Column } from "../measures/columns.ts";
import { MOST_GROUPS, MOST_RUNS, type TableFacts, tableOf } from "../measures/facts.ts";
import type { Measure } from "../measures/measure.ts";
import { cellOf, conditions, numberOf, quoteName, quoteText, timeOf } from "../measures/sql.ts";
import { pickedRuns } from "../measures/runs/runs.ts";
import { runValues } from "../measures/runs/values.ts";
import { ofDesign, unlessChosen, upToRun } from "./variables.ts";

/** A trend of more runs than a screen can show is divided into this many time spans. */
const SPANS = 500;
/** For six series; a panel returns at most 10,000 rows. */
const MOST_POINTS = 6 * MOST_RUNS;

/** A title that does not clash with the column names of these queries. */
export function shownName({ title }: Measure): string {
  return ["time", "metric", "value", "of"].includes(title) ? `${title} ` : title;
}

/** SQL conditions: the viewer's time range and design. */
export function seen(facts: TableFacts): (string | undefined)[] {
  const { time } = facts;
  if (!time) return [ofDesign(facts)];
  // Grafana's macro accepts a plain column only.
  const range = time.column.form
    ? `${timeOf(time.column)} BETWEEN $__timeFrom() AND $__timeTo()`
    : `$__timeFilter(${quoteName(time.column.name)})`;
  return [range, ofDesign(facts)];
}

/** Also up to the run that the viewer chose. */
export function asOf(facts: TableFacts): (string | undefined)[] {
  return [...seen(facts), upToRun(facts)];
}

/** SQL conditions: each group's newest run. */
export function ofNewest(facts: TableFacts): (string | undefined)[] {
  return [newestRows(facts), ofDesign(facts)];
}

function newestRows(facts: TableFacts): string | undefined {
  const { time, starts, mapping } = facts;
  const plain = time && !starts && mapping.run.names.length === 0;
  // For one group, or too many to compare, the maximum time is cheaper.
  if (!plain || isCompared(facts) && areComparable(facts)) return pickedRuns(facts, asOf(facts), 1);
  const name = timeOf(time.column);
  const newest = (extra?: string) =>
    `(SELECT pg_catalog.max(${name}) FROM ${tableOf(facts)}${conditions([...asOf(facts), extra])})`;
  return `${name} = COALESCE(${
    newest(`${name} <= pg_catalog.now() + interval '1 day'`)
  }, ${newest()})`;
}

export function isDense({ runs }: TableFacts): boolean {
  return runs > MOST_RUNS;
}

/** A run dated more than a day ahead does not count as the newest. */
export function endsAhead({ time, read_at }: TableFacts): boolean {
  return time !== undefined && time.last.getTime() > read_at.getTime() + 86_400_000;
}

/** True when each design's newest run can be found: not for thousands of designs. */
export function areComparable(facts: TableFacts): boolean {
  return isCompared(facts) && facts.groups.count < MOST_GROUPS;
}

/** Seconds per point of a dense table's trend. */
export function spanOf({ time }: TableFacts): number {
  return time ? (time.last.getTime() - time.first.getTime()) / 1000 / SPANS : 0;
}

/** SQL: the start of the row's span; undefined when runs are points. */
function pointOf(facts: TableFacts): string | undefined {
  if (!facts.time || !isDense(facts)) return undefined;
  const time = timeOf(facts.time.column);
  const seconds = `${Math.max(spanOf(facts), 0.001)}::float8`;
  return `pg_catalog.to_timestamp(pg_catalog.floor(extract(epoch FROM ${time})::float8 / ${seconds}) * ${seconds})`;
}

/** SQL: the label of a row of `runValues`. */
function labelOf({ group_columns }: TableFacts): string {
  const parts = group_columns.map((_, i) => `NULLIF(k${i}, '')`);
  return parts.length > 0 ? `pg_catalog.concat_ws(' ', ${parts.join(", ")})` : "''";
}

/** SQL: one row per run and group: "time" (null without one), "metric" (the group), "value". `point` merges runs. */
function perRun(
  facts: TableFacts,
  measure: Measure,
  where: (string | undefined)[],
  point?: string,
): string {
  const values = runValues(facts, [shown(measure)], { where, ...(point && { point }) });
  return `SELECT at AS "time", ${labelOf(facts)} AS "metric", v0 AS "value" FROM (${values}) p`;
}

function shown({ stated: _, ...measure }: Measure): Measure {
  return measure;
}

export function isCompared({ groups }: TableFacts): boolean {
  return groups.count > 1;
}

/** SQL: one number; of several designs the worst, with its name. */
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

/** SQL: the newest points, one series per group: the six that ran last, or the chosen one. */
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

/** SQL: at most 20, the worst (or largest) first. */
export function newestOfEach(facts: TableFacts, measure: Measure): string {
  return `SELECT "metric" AS "of", "value" AS ${quoteName(shownName(measure))} FROM (${
    perRun(facts, measure, ofNewest(facts))
  }) r WHERE "value" IS NOT NULL ORDER BY 2 ${order(measure)}, 1 LIMIT 20`;
}

/** SQL: the newest run (`every`: all) by one dimension: the worst 20, or 70 iterations in order. */
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

/** SQL: the newest run by one dimension, one column per measure. */
export function newestPivot(facts: TableFacts, measures: Measure[], column: Column): string {
  return runValues(facts, measures.map(shown), { where: ofNewest(facts), cut: cellOf(column) });
}

const order = ({ rows }: Measure) => rows === "min" ? "ASC" : "DESC";

/** SQL: in ms since 1970. */
export function newestTime(facts: TableFacts & { time: { column: Column } }): string {
  return `SELECT pg_catalog.round(extract(epoch FROM pg_catalog.max(${
    timeOf(facts.time.column)
  })) * 1000)::float8 AS "Newest run" FROM ${tableOf(facts)}${
    conditions(asOf(facts))
  } HAVING pg_catalog.count(*) > 0`;
}
