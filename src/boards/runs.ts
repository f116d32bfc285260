import { groupLabel, type TableFacts, tableOf } from "./facts.ts";
import type { Measure } from "./measures.ts";
import { cellOf, numberOf, quoteName, quoteText, timeOf } from "./sql.ts";
import type { Column } from "./columns.ts";

/** Points of a trend: more cannot be told apart on a screen 1,920 pixels wide. */
const MOST_POINTS = 2000;

function conditions(parts: (string | undefined)[]): string {
  const given = parts.filter((part) => part !== undefined);
  return given.length > 0 ? ` WHERE ${given.join(" AND ")}` : "";
}

/** The name under which a measure's value is answered: never one that these queries use themselves. */
export function shownName({ title }: Measure): string {
  return ["time", "metric", "value", "of"].includes(title) ? `${title} ` : title;
}

/** Only rows in the time range that the viewer chose. */
export function inRange({ time }: TableFacts): string | undefined {
  return time && `$__timeFilter(${quoteName(time.column.name)})`;
}

/** Only rows of the newest run: those that share the greatest run time. */
export function ofNewest(facts: TableFacts): string | undefined {
  if (!facts.time) return undefined;
  const time = quoteName(facts.time.column.name);
  const newest = `(SELECT pg_catalog.max(${time}) FROM ${tableOf(facts)}${
    conditions([inRange(facts)])
  })`;
  return `${time} = ${newest}`;
}

/**
 * One row a run and group: "time" (null without a time column), "metric" (the group's label), "value".
 * `where` narrows the rows further.
 */
export function perRun(facts: TableFacts, measure: Measure, where?: string): string {
  const label = groupLabel(facts.group_columns) ?? "''";
  const time = facts.time ? timeOf(facts.time.column) : "NULL::pg_catalog.timestamptz";
  const { expression, within, per, iteration } = measure;
  const from = `FROM ${tableOf(facts)}${
    conditions([inRange(facts), measure.where, where])
  } GROUP BY 1, 2`;
  const grouped = (aggregate: string, extra = "") =>
    `SELECT ${time} AS "time", ${label} AS "metric", pg_catalog.${aggregate}(${expression}) AS "value"${
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

/** The newest points over run time, one series a group (the six that ran last). */
export function trend(facts: TableFacts, measure: Measure): string {
  const label = groupLabel(facts.group_columns);
  const compared = label !== undefined && isCompared(facts);
  const names = facts.groups.newest.map(quoteText).join(", ");
  const runs = perRun(facts, measure, compared ? `${label} IN (${names})` : undefined);
  const points = `SELECT "time", ${
    compared ? `"metric", "value"` : `"value" AS ${quoteName(shownName(measure))}`
  } FROM (${runs}) r${
    compared ? ` WHERE "value" IS NOT NULL` : ""
  } ORDER BY "time" DESC LIMIT ${MOST_POINTS}`;
  return `SELECT * FROM (${points}) t ORDER BY "time"`;
}

/** Each group's newest value, the worst (or largest) first, at most 20. */
export function newestOfEach(facts: TableFacts, measure: Measure): string {
  const newest = `SELECT DISTINCT ON ("metric") "metric", "value" FROM (${
    perRun(facts, measure)
  }) r WHERE "value" IS NOT NULL ORDER BY "metric", "time" DESC`;
  return `SELECT "metric" AS "of", "value" AS ${
    quoteName(shownName(measure))
  } FROM (${newest}) n ` +
    `ORDER BY 2 ${measure.within === "min" ? "ASC" : "DESC"}, 1 LIMIT 20`;
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
  const { expression, within, iteration } = measure;
  const rows = conditions([measure.where, every ? inRange(facts) : ofNewest(facts)]);
  const label = groupLabel(facts.group_columns);
  const part = label ? `PARTITION BY ${label}` : "";
  const part_of = iteration && quoteName(iteration.column.name);
  const end = iteration?.which === "first" ? "min" : "max";
  const source = part_of
    ? `(SELECT *, ${part_of} = pg_catalog.${end}(${part_of}) OVER (${part}) AS "is last" ` +
      `FROM ${tableOf(facts)}${rows}) s WHERE "is last"`
    : `${tableOf(facts)}${rows}`;
  const counted = column.shape === "number";
  const key = counted ? `${quoteName(column.name)}::pg_catalog.text` : cellOf(column);
  const worst = within === "min" ? "ASC" : "DESC";
  return `SELECT ${key} AS ${quoteName(column.name)}, ` +
    `pg_catalog.${within}(${expression}) AS ${quoteName(shownName(measure))} FROM ${source} ` +
    `GROUP BY ${counted ? quoteName(column.name) : "1"} ` +
    `HAVING pg_catalog.count(${expression}) > 0 ` +
    (counted
      ? `ORDER BY pg_catalog.min(${numberOf(column)}) LIMIT 70`
      : `ORDER BY 2 ${worst}, 1 LIMIT 20`);
}

/** When the newest run was, in ms since 1970. */
export function newestTime(facts: TableFacts & { time: { column: Column } }): string {
  return `SELECT pg_catalog.round(extract(epoch FROM pg_catalog.max(${
    timeOf(facts.time.column)
  })) * 1000)::float8 AS "Newest run" FROM ${tableOf(facts)}${
    conditions([inRange(facts)])
  } HAVING pg_catalog.count(*) > 0`;
}
