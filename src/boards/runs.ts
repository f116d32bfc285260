import type { Column } from "./columns.ts";
import { groupLabel, MOST_GROUPS, MOST_RUNS, type TableFacts, tableOf } from "./facts.ts";
import type { Measure } from "./measures.ts";
import { cellOf, numberOf, quoteName, quoteText, timeOf } from "./sql.ts";
import { ofDesign, unlessChosen, upToRun } from "./variables.ts";

/** Spans of time that a trend of more runs than can be told apart is cut into. */
const SPANS = 500;
/** All of six series: a panel is answered with at most 10,000 rows. */
const MOST_POINTS = 6 * MOST_RUNS;

/** `WHERE …` of what is given, or nothing. */
export function conditions(parts: (string | undefined)[]): string {
  const given = parts.filter((part) => part !== undefined);
  return given.length > 0 ? ` WHERE ${given.join(" AND ")}` : "";
}

/** The name under which a measure's value is answered: never one that these queries use themselves. */
export function shownName({ title }: Measure): string {
  return ["time", "metric", "value", "of"].includes(title) ? `${title} ` : title;
}

/** Only rows of the time range and the design that the viewer chose. */
export function seen(facts: TableFacts): (string | undefined)[] {
  const { time } = facts;
  return [time && `$__timeFilter(${quoteName(time.column.name)})`, ofDesign(facts)];
}

/** Of these the rows up to the run that the viewer chose. */
export function asOf(facts: TableFacts): (string | undefined)[] {
  return [...seen(facts), upToRun(facts)];
}

/** Only rows of the newest run: those that share the greatest run time. */
export function ofNewest(facts: TableFacts): (string | undefined)[] {
  if (!facts.time) return [ofDesign(facts)];
  const time = quoteName(facts.time.column.name);
  const newest = `(SELECT pg_catalog.max(${time}) FROM ${tableOf(facts)}${
    conditions(asOf(facts))
  })`;
  return [`${time} = ${newest}`, ofDesign(facts)];
}

/** Whether there are more run times than points of a trend. */
export function isDense({ runs }: TableFacts): boolean {
  return runs > MOST_RUNS;
}

/** Whether each design's own newest run can be looked for: not among thousands of them. */
export function areComparable(facts: TableFacts): boolean {
  return isCompared(facts) && facts.groups.count < MOST_GROUPS;
}

/** How many seconds one point of a dense table's trend covers. */
export function spanOf({ time }: TableFacts): number {
  return time ? (time.last.getTime() - time.first.getTime()) / 1000 / SPANS : 0;
}

/** A row's run time; of a dense table, the start of one of the 500 spans that its range is cut into. */
function pointOf(facts: TableFacts): string {
  if (!facts.time) return "NULL::pg_catalog.timestamptz";
  const time = timeOf(facts.time.column);
  if (!isDense(facts)) return time;
  const seconds = `${Math.max(spanOf(facts), 0.001)}::float8`;
  return `pg_catalog.to_timestamp(pg_catalog.floor(extract(epoch FROM ${time})::float8 / ${seconds}) * ${seconds})`;
}

/**
 * One row a run and group: "time" (null without a time column), "metric" (the group's label), "value".
 * `where`: which rows, as SQL. `point`: the run time, where several runs may share a point.
 */
export function perRun(
  facts: TableFacts,
  measure: Measure,
  where: (string | undefined)[],
  point = facts.time ? timeOf(facts.time.column) : "NULL::pg_catalog.timestamptz",
): string {
  const label = groupLabel(facts.group_columns) ?? "''";
  const { expression, within, per, iteration } = measure;
  const from = `FROM ${tableOf(facts)}${conditions([...where, measure.where])} GROUP BY 1, 2`;
  const grouped = (aggregate: string, extra = "") =>
    `SELECT ${point} AS "time", ${label} AS "metric", pg_catalog.${aggregate}(${expression}) AS "value"${
      extra && `, ${extra} AS "part"`
    } ${from}${extra && ", 4"}`;
  if (per) {
    const worst = grouped("min", quoteName(per.name));
    return `SELECT "time", "metric", pg_catalog.${within}("value") AS "value" FROM (${worst}) p GROUP BY 1, 2`;
  }
  if (!iteration) return grouped(within);
  return `SELECT DISTINCT ON ("time", "metric") "time", "metric", "value" FROM (${
    grouped(within, quoteName(iteration.column.name))
  }) p WHERE "part" IS NOT NULL ORDER BY "time", "metric", "part" ${
    iteration.which === "last" ? "DESC" : "ASC"
  }`;
}

/** Whether a board compares several designs. */
export function isCompared({ groups }: TableFacts): boolean {
  return groups.count > 1;
}

/** The newest run in one number; where the worst of several designs is shown, with its name. */
export function newestValue(facts: TableFacts, measure: Measure): string {
  const runs = perRun(facts, measure, ofNewest(facts));
  const title = quoteName(shownName(measure));
  if (isCompared(facts) && measure.across !== "sum") {
    return `SELECT "metric" AS "of", "value" AS ${title} FROM (${runs}) r WHERE "value" IS NOT NULL ` +
      `ORDER BY "value" ${measure.across === "min" ? "ASC" : "DESC"}, 1 LIMIT 1`;
  }
  return `SELECT pg_catalog.${measure.across}("value") AS ${title} FROM (${runs}) r ` +
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
  const six = compared ? unlessChosen(facts, facts.groups.newest.map(quoteText)) : undefined;
  const points = `SELECT "time", ${
    compared ? `"metric", ${value} AS "value"` : `${value} AS ${quoteName(shownName(measure))}`
  } FROM (${perRun(facts, measure, [...where, six], pointOf(facts))}) r${
    compared ? ` WHERE "value" IS NOT NULL` : ""
  } ORDER BY "time" DESC LIMIT ${MOST_POINTS}`;
  return `SELECT * FROM (${points}) t ORDER BY "time"`;
}

/** Only the rows of each group's newest run. Without a time column: all. */
export function ofEachNewest(facts: TableFacts): (string | undefined)[] {
  const label = groupLabel(facts.group_columns);
  if (!facts.time || !label) return asOf(facts);
  const time = quoteName(facts.time.column.name);
  const newest = `(SELECT ${label}, pg_catalog.max(${time}) FROM ${tableOf(facts)}${
    conditions(asOf(facts))
  } GROUP BY 1)`;
  return [`(${label}, ${time}) IN ${newest}`];
}

/** Each group's newest value, the worst (or largest) first, at most 20. */
export function newestOfEach(facts: TableFacts, measure: Measure): string {
  return `SELECT "metric" AS "of", "value" AS ${quoteName(shownName(measure))} FROM (${
    perRun(facts, measure, ofEachNewest(facts))
  }) r WHERE "value" IS NOT NULL ORDER BY 2 ${
    measure.within === "min" ? "ASC" : "DESC"
  }, 1 LIMIT 20`;
}

/** The rows that count for a measure, as what follows FROM: of its iterations the one that counts. */
export function countedRows(
  facts: TableFacts,
  { where, iteration }: Measure,
  rows: (string | undefined)[],
): string {
  const found = `${tableOf(facts)}${conditions([...rows, where])}`;
  if (!iteration) return found;
  const label = groupLabel(facts.group_columns);
  const part = quoteName(iteration.column.name);
  const end = iteration.which === "first" ? "min" : "max";
  return `(SELECT *, ${part} = pg_catalog.${end}(${part}) OVER (${
    label ? `PARTITION BY ${label}` : ""
  }) AS "is last" FROM ${found}) s WHERE "is last"`;
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
  const { expression, within } = measure;
  const counted = column.shape === "number";
  const key = counted ? `${quoteName(column.name)}::pg_catalog.text` : cellOf(column);
  return `SELECT ${key} AS ${quoteName(column.name)}, ` +
    `pg_catalog.${within}(${expression}) AS ${quoteName(shownName(measure))} ` +
    `FROM ${countedRows(facts, measure, every ? asOf(facts) : ofNewest(facts))} ` +
    `GROUP BY ${counted ? quoteName(column.name) : "1"} ` +
    `HAVING pg_catalog.count(${expression}) > 0 ` +
    (counted
      ? `ORDER BY pg_catalog.min(${numberOf(column)}) LIMIT 70`
      : `ORDER BY 2 ${within === "min" ? "ASC" : "DESC"}, 1 LIMIT 20`);
}

/** When the newest run was, in ms since 1970. */
export function newestTime(facts: TableFacts & { time: { column: Column } }): string {
  return `SELECT pg_catalog.round(extract(epoch FROM pg_catalog.max(${
    timeOf(facts.time.column)
  })) * 1000)::float8 AS "Newest run" FROM ${tableOf(facts)}${
    conditions(asOf(facts))
  } HAVING pg_catalog.count(*) > 0`;
}
