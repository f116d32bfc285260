import { type Sql, sqlState } from "../external/postgres/postgres.ts";
import { columnOf } from "./names/choose.ts";
import { type Column, meaningOf } from "./columns.ts";
import {
  groupLabel,
  type Kind,
  type Metric,
  MOST_GROUPS,
  MOST_RUNS,
  type NewestRun,
  type TableFacts,
  tableOf,
} from "./facts.ts";
import type { Correction } from "./mapping/correction.ts";
import { type Mapping, mappingOf } from "./mapping/mapping.ts";
import { isUnordered } from "./mapping/order.ts";
import type { Content } from "./mapping/content.ts";
import { readSample } from "./mapping/sample.ts";
import { checkIn } from "./mapping/metrics.ts";
import { type Moment, startsOf } from "./mapping/runs.ts";
import { keyMeasures } from "./measures.ts";
import { isBetterHigh } from "./number.ts";
import { textOf, timeOf } from "./sql.ts";
import { writtenUnit } from "./names/units.ts";
import { type Overall, readOverall } from "./overall.ts";
import { plainRun, readNewest } from "./runs/newest.ts";
import { hasRuns } from "./runs/runs.ts";
import { runValues } from "./runs/values.ts";

/** Groups with a line of their own in a trend. */
const SHOWN = 6;

/** The groups whose newest run is worst by the table's first number; those that ran last where it has none. */
async function readWorst(reader: Sql, facts: TableFacts): Promise<string[]> {
  const [first] = keyMeasures(facts);
  const { count, shown } = facts.groups;
  if (!first || count <= SHOWN || count >= MOST_GROUPS) return shown;
  const { stated: _, name, ...measure } = first;
  const values = runValues(facts, [measure], { newest: 1 });
  const parts = facts.group_columns.map((_, i) => `NULLIF(k${i}, '')`).join(", ");
  const rows = await reader.unsafe(
    `SELECT pg_catalog.concat_ws(' ', ${parts}) FROM (${values}) r WHERE v0 IS NOT NULL
     ORDER BY v0 ${isBetterHigh(name) ? "ASC" : "DESC"}, at DESC NULLS LAST, 1 LIMIT ${SHOWN}`,
  ).values() as unknown as string[][];
  return rows.length < SHOWN ? shown : rows.map(([label]) => label!);
}

/** How many groups there are, and some of them; those that ran last where runs are known. */
async function readGroups(reader: Sql, place: string, columns: Column[], newest?: NewestRun[]) {
  const label = groupLabel(columns);
  if (!label) return { count: 1, shown: [] };
  if (newest) {
    const labels = newest.filter(({ nth }) => nth === 1)
      .map(({ keys }) => keys.filter((key) => key !== "").join(" "));
    return { count: labels.length, shown: labels.slice(0, SHOWN) };
  }
  const rows = await reader.unsafe(
    `SELECT ${label} FROM ${place} GROUP BY 1 ORDER BY pg_catalog.count(*) DESC, 1 LIMIT ${MOST_GROUPS}`,
  ).values() as unknown as string[][];
  return { count: rows.length, shown: rows.slice(0, SHOWN).map(([label]) => label!) };
}

/** The same without any number where one of them cannot be computed (a generated column that divides by 0). */
async function readAll(
  reader: Sql,
  place: string,
  content: Content,
  mapping: Mapping,
  numbers: Column[],
): Promise<Overall> {
  try {
    return await readOverall(reader, place, content, mapping, numbers);
  } catch (error) {
    if (!/^22/.test(sqlState(error) ?? "") || !(error instanceof Error)) throw error;
    const read = await readOverall(reader, place, content, mapping, []);
    return { ...read, greatest: numbers.map(() => null), refused: error };
  }
}

/** Number columns without any value; -1 in a utilization says that the step did not run. */
function emptyOf(numbers: Column[], { rows, greatest }: Overall): string[] {
  if (rows === 0) return [];
  const isEmpty = ({ meaning }: Column, most: number | null) =>
    most === null || meaning === "utilization" && most < 0;
  return numbers.filter((column, i) => isEmpty(column, greatest[i] ?? null)).map(({ name }) =>
    name
  );
}

/** Different values of each column in the sample, at most 51. */
function distinctIn(content: Content, columns: Column[]) {
  return Object.fromEntries(columns.map(({ name }) => {
    const found = content.columns.find((column) => column.name === name)!;
    return [name, Math.min(51, new Set(found.values).size)];
  }));
}

function metricsOf(columns: Column[], { metric: found }: Overall): Metric[] {
  const metric = columnOf(columns, "metric");
  const check = metric?.meaning === "metric" ? checkIn(metric) : "";
  return (found ?? []).map(([name, unit]) => {
    const meaning = meaningOf(`${check} ${name}`, "number");
    return { name, unit: unit ?? "", ...(meaning && { meaning }) };
  });
}

/** The facts that the figures of the whole table say. */
function saidBy(overall: Overall, { columns, run }: Mapping, numbers: Column[]) {
  const { rows, runs = 1, now, first, last, time_unit: units, path_type, layer } = overall;
  const column = run.time;
  const isTimed = column && first != null && last != null;
  const time_unit = units?.length === 1 ? writtenUnit(units[0]!) : undefined;
  return {
    ...{ rows, runs, read_at: new Date(now) },
    empty: emptyOf(numbers, overall),
    greatest: Object.fromEntries(numbers.map(({ name }, i) => [name, overall.greatest[i] ?? 0])),
    ...(overall.refused && { refused: overall.refused }),
    ...(isTimed && { time: { column, first: new Date(first), last: new Date(last) } }),
    ...(time_unit && { time_unit }),
    values: {
      ...(path_type !== undefined && { path_type: path_type ?? [] }),
      ...(layer !== undefined && { layer: layer ?? [] }),
    },
    metrics: metricsOf(columns, overall),
  };
}

const MOST_MOMENTS = 20_000;

/** When runs start, where the newest rows have times of their own and nothing names their runs. */
async function readStarts(
  reader: Sql,
  place: string,
  mapping: Mapping,
  rows: number,
  runs: number,
) {
  const { run: { names, time }, group, dimensions } = mapping;
  if (!time || names.length > 0 || runs <= Math.min(rows, MOST_RUNS) / 2) return undefined;
  if (dimensions.length === 0) return undefined;
  const label = (columns: Column[]) =>
    columns.length === 0
      ? "''"
      : `pg_catalog.concat_ws(E'\\x1f', ${
        columns.map((c) => `COALESCE(${textOf(c)}, '')`).join(", ")
      })`;
  const moments = await reader.unsafe(
    `SELECT extract(epoch FROM ${timeOf(time)})::float8 AS at, ${label(group)} AS group, ${
      label(dimensions)
    } AS object FROM ${place} WHERE ${timeOf(time)} BETWEEN '1900-01-01' AND '9999-12-31'
     ORDER BY ${timeOf(time)} DESC LIMIT ${MOST_MOMENTS}`,
  ) as unknown as Moment[];
  return startsOf(moments);
}

/** Their greatest value decides how they are read. */
const DECIDED = ["waived", "utilization"];
const isDecided = ({ name, meaning }: Column) =>
  DECIDED.includes(meaning ?? "") || /viol/i.test(name) && /_[wt]ns$/.test(meaning ?? "");

/** The columns that are looked at over the whole table; numbers only where the sample does not suffice. */
function looked(content: Content, { columns, chosen }: Mapping) {
  const named = Object.values(chosen).map(({ column }) => column?.name);
  const isKnown = ({ name, meaning }: Column) => meaning !== undefined || named.includes(name);
  // Known numbers first, at most 64: each costs about 30 ms on a million rows.
  const stored = content.columns.filter(({ most, computed }) => most !== null && !computed);
  const filled = new Set(stored.map(({ name }) => name));
  const isSeen = (column: Column) =>
    filled.has(column.name) && !isDecided(column) && !named.includes(column.name);
  const numbers = columns.filter((one) =>
    one.shape === "number" && !one.sum && !one.spelled && !isSeen(one)
  )
    .toSorted((a, b) => Number(isKnown(b)) - Number(isKnown(a))).slice(0, 64);
  const texts = columns.filter(({ shape, type }) => shape === "text" && type !== "name");
  return { numbers, texts: texts.slice(0, 12) };
}

/**
 * Reads what boards and numbers need to know of a table, as the reader role: one pass over all rows, one more for
 * each column of many values, and the rows of the newest runs. Throws what postgres.js throws.
 */
export async function readTable(
  reader: Sql,
  schema: string,
  table: string,
  kind: Kind,
  correction?: Correction,
): Promise<TableFacts> {
  const place = tableOf({ schema, table });
  const content = await readSample(reader, schema, table);
  const mapping = mappingOf(content, correction);
  const { columns, group } = mapping;
  const { numbers, texts } = looked(content, mapping);
  const overall = await readAll(reader, place, content, mapping, numbers);
  const said = saidBy(overall, mapping, numbers);
  const starts = await readStarts(reader, place, mapping, said.rows, said.runs);
  const known = {
    ...{ schema, table, kind, mapping, columns, group_columns: group },
    ...said,
    ...(starts && { starts }),
    unordered: isUnordered(content, mapping),
    distinct: distinctIn(content, texts),
    groups: { count: 1, shown: [] },
  };
  const isRead = overall.newest && !starts && hasRuns(known) &&
    Boolean(said.time) === Boolean(mapping.run.time);
  const newest = isRead
    ? overall.newest!.map(plainRun)
    : await readNewest(reader, known, overall.since);
  const facts: TableFacts = {
    ...known,
    ...(newest && { newest }),
    groups: await readGroups(reader, place, group, newest),
  };
  if (overall.refused) return facts;
  return { ...facts, groups: { ...facts.groups, shown: await readWorst(reader, facts) } };
}
