import { type Sql, sqlState } from "../external/postgres/postgres.ts";
import { columnOf } from "./names/choose.ts";
import { type Column, meaningOf } from "./columns.ts";
import {
  groupLabel,
  type Kind,
  type Metric,
  MOST_GROUPS,
  MOST_METRICS,
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
import { cellOf, numberOf, quoteName, textOf, timeOf } from "./sql.ts";
import { writtenUnit } from "./names/units.ts";
import { readNewest } from "./runs/newest.ts";
import { runValues } from "./runs/values.ts";

/** One pass over the table: rows, the ends of each time column, and which numbers are there at all. */
async function readEnds(reader: Sql, place: string, times: Column[], numbers: Column[]) {
  const ends = times.flatMap((column) => {
    const time = timeOf(column);
    const sane = `${time} BETWEEN '1900-01-01Z' AND '9999-12-31Z'`;
    return ["min", "max"].map((end) =>
      `(extract(epoch FROM pg_catalog.${end}(${time}) FILTER (WHERE ${sane})) * 1000)::float8`
    );
  });
  const filled = numbers.flatMap((column) => [
    `pg_catalog.count(${numberOf(column)})::float8`,
    `pg_catalog.max(${numberOf(column)})::float8`,
  ]);
  const [row] = await reader.unsafe(
    `SELECT pg_catalog.count(*)::float8, (extract(epoch FROM pg_catalog.now()) * 1000)::float8
       ${[...ends, ...filled].map((item) => `, ${item}`).join("")} FROM ${place}`,
  ).values() as unknown as (number | null)[][];
  const [rows, now, ...rest] = row!;
  const found = times.map((column, i) => ({ column, first: rest[2 * i], last: rest[2 * i + 1] }));
  return {
    rows: rows!,
    read_at: new Date(now!),
    times: found,
    empty: rows
      ? numbers.filter(({ meaning }, i) => {
        const [count, most] = rest.slice(ends.length + 2 * i);
        return !count || meaning === "utilization" && most! < 0; // -1: the step did not run
      }).map(({ name }) => name)
      : [],
    greatest: Object.fromEntries(
      numbers.map(({ name }, i) => [name, rest[ends.length + 2 * i + 1] ?? 0]),
    ),
  };
}

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

/** How many groups there are, and some of them; those that ran last where runs are told apart. */
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
async function readEndsOrNone(
  reader: Sql,
  place: string,
  time: Column | undefined,
  numbers: Column[],
): Promise<Awaited<ReturnType<typeof readEnds>> & { refused?: Error }> {
  const times = time ? [time] : [];
  try {
    return await readEnds(reader, place, times, numbers);
  } catch (error) {
    if (!/^22/.test(sqlState(error) ?? "") || !(error instanceof Error)) throw error;
    const ends = await readEnds(reader, place, times, []);
    return { ...ends, empty: numbers.map(({ name }) => name), refused: error };
  }
}

async function readRuns(reader: Sql, place: string, time?: Column): Promise<number> {
  if (!time) return 1;
  const name = time.type.startsWith("timestamp") ? quoteName(time.name) : timeOf(time);
  const [row] = await reader.unsafe(
    `SELECT pg_catalog.count(*)::float8 FROM (SELECT DISTINCT ${name} FROM ${place}
       WHERE ${name} IS NOT NULL LIMIT ${MOST_RUNS + 1}) d`,
  ).values() as unknown as number[][];
  return row![0]!;
}

async function readValues(reader: Sql, place: string, columns: Column[]) {
  const values: TableFacts["values"] = {};
  for (const meaning of ["path_type", "layer"] as const) {
    const column = columnOf(columns, meaning);
    if (!column) continue;
    const rows = await reader.unsafe(
      `SELECT ${cellOf(column)} FROM ${place} WHERE ${quoteName(column.name)} IS NOT NULL
       GROUP BY ${quoteName(column.name)} ORDER BY pg_catalog.count(*) DESC, 1 LIMIT 50`,
    ).values() as unknown as string[][];
    values[meaning] = rows.map(([value]) => value!);
  }
  return values;
}

/** Different values of each column in the sample, at most 51. */
function distinctIn(content: Content, columns: Column[]) {
  return Object.fromEntries(columns.map(({ name }) => {
    const found = content.columns.find((column) => column.name === name)!;
    return [name, Math.min(51, new Set(found.values).size)];
  }));
}

async function readMetrics(reader: Sql, place: string, columns: Column[]): Promise<Metric[]> {
  const [metric, value] = [columnOf(columns, "metric"), columnOf(columns, "value")];
  if (!metric || !value) return [];
  const unit = columnOf(columns, "unit");
  const rows = await reader.unsafe(
    `SELECT ${quoteName(metric.name)}::pg_catalog.text,
       ${unit ? `pg_catalog.max(${textOf(unit)})` : "''"}
     FROM ${place} WHERE ${quoteName(metric.name)} IS NOT NULL
     GROUP BY 1 ORDER BY pg_catalog.count(*) DESC, 1 LIMIT ${MOST_METRICS}`,
  ).values() as unknown as [string, string | null][];
  const check = metric.meaning === "metric" ? checkIn(metric) : "";
  return rows.map(([name, unit]) => {
    const meaning = meaningOf(`${check} ${name}`, "number");
    return { name, unit: unit ?? "", ...(meaning && { meaning }) };
  });
}

/** The one unit that the rows of the newest time state, if it is one. */
async function readTimeUnit(reader: Sql, place: string, columns: Column[], time?: Column) {
  const unit = columnOf(columns, "time_unit");
  if (!unit) return undefined;
  const at = time && timeOf(time);
  const rows = await reader.unsafe(
    `SELECT DISTINCT ${textOf(unit)} FROM ${place} WHERE ${quoteName(unit.name)} IS NOT NULL${
      at ? ` AND ${at} = (SELECT pg_catalog.max(${at}) FROM ${place})` : ""
    } LIMIT 2`,
  ).values() as unknown as string[][];
  return rows.length === 1 ? writtenUnit(rows[0]![0]!) ?? undefined : undefined;
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

/** The columns that are looked at over the whole table. */
function looked({ columns, chosen }: Mapping) {
  const named = Object.values(chosen).map(({ column }) => column?.name);
  const isKnown = ({ name, meaning }: Column) => meaning !== undefined || named.includes(name);
  // Known numbers first, at most 64: each costs about 30 ms on a million rows.
  const numbers = columns.filter(({ shape, sum }) => shape === "number" && !sum)
    .toSorted((a, b) => Number(isKnown(b)) - Number(isKnown(a))).slice(0, 64);
  const texts = columns.filter(({ shape, type }) => shape === "text" && type !== "name");
  return { numbers, texts: texts.slice(0, 12) };
}

/**
 * Reads what boards and numbers need to know of a table, as the reader role, in at most twelve queries that
 * each see the table at most once (1.2 s on a million rows). Throws what postgres.js throws.
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
  const { numbers, texts } = looked(mapping);
  const { times, ...ends } = await readEndsOrNone(reader, place, mapping.run.time, numbers);
  const [{ first, last, column } = {}] = times;
  const time = column && first != null && last != null
    ? { column, first: new Date(first), last: new Date(last) }
    : undefined;
  const time_unit = await readTimeUnit(reader, place, columns, time?.column);
  const runs = await readRuns(reader, place, time?.column);
  const starts = await readStarts(reader, place, mapping, ends.rows, runs);
  const known = {
    ...{ schema, table, kind, mapping, columns, runs, group_columns: group, ...ends },
    ...(time && { time }),
    ...(time_unit && { time_unit }),
    ...(starts && { starts }),
    unordered: isUnordered(content, mapping),
    values: await readValues(reader, place, columns),
    distinct: distinctIn(content, texts),
    metrics: await readMetrics(reader, place, columns),
    groups: { count: 1, shown: [] },
  };
  const newest = await readNewest(reader, known);
  const facts: TableFacts = {
    ...known,
    ...(newest && { newest }),
    groups: await readGroups(reader, place, group, newest),
  };
  if (ends.refused) return facts;
  return { ...facts, groups: { ...facts.groups, shown: await readWorst(reader, facts) } };
}
