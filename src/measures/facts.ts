import type { Sql } from "../external/postgres.ts";
import {
  areAlike,
  type Column,
  type Meaning,
  meaningOf,
  readColumn,
  shapeOf,
  wordsOf,
} from "./columns.ts";
import { cellOf, numberOf, quoteName, textOf, timeOf } from "./sql.ts";
import { writtenUnit } from "./units.ts";

export type Kind = "timing" | "qor" | "drc";

/** What a board is composed from: the table's columns, and a few figures of its content. */
export type TableFacts = {
  schema: string;
  table: string;
  kind: Kind;
  columns: Column[];
  rows: number;
  /** The column that says when a row's run was, and its first and last time. */
  time?: { column: Column; first: Date; last: Date };
  /** Columns that together name one design under test (platform, design, variant). */
  group_columns: Column[];
  /** How many of them there are (at most MOST_GROUPS are counted), and the six that ran last. */
  groups: { count: number; newest: string[] };
  /** Number columns without any value are of no use on a board. */
  empty: string[];
  /** The greatest value of each number column that is looked at. */
  greatest: Record<string, number>;
  /** The unit that the newest run's rows state for their times, where it is one. */
  time_unit?: string;
  /** How many different run times there are; MOST_RUNS + 1 means more. 1 without a time column. */
  runs: number;
  /** The values of the columns that a board is cut by (path type, layer), the most frequent 50 first. */
  values: Partial<Record<Meaning, string[]>>;
  /** Different values of each text column among its first 20,000 rows; 51 means more than 50. */
  distinct: Record<string, number>;
  /** A long table's metrics (name and unit, the most frequent first, at most MOST_METRICS). */
  metrics: { name: string; unit: string }[];
  read_at: Date;
};

/** More designs than this are not told apart: comparing them would cost seconds. */
export const MOST_GROUPS = 1000;
/** Different metrics of a long table that are looked at: METRICS 2.1 knows about 400. */
const MOST_METRICS = 2000;
/** Points of one line: more cannot be told apart on a screen 1,920 pixels wide. */
export const MOST_RUNS = 1500;

/** The stages of a flow, latest first: of `cts__…__ws` and `finish__…__ws` the later one counts. */
const LATEST = ["finish", "final", "signoff", "detailedroute", "globalroute", "cts"];

/** The column of this meaning; of several the one of the latest stage, then the first. */
export function columnOf(columns: Column[], meaning: Meaning): Column | undefined {
  const stage = ({ name }: Column) => {
    const at = LATEST.findIndex((stage) => wordsOf(name).includes(stage));
    return at < 0 ? LATEST.length : at;
  };
  return columns.filter((column) => column.meaning === meaning)
    .toSorted((a, b) => stage(a) - stage(b))[0];
}

const SLACKS: (Meaning | undefined)[] = ["setup_wns", "setup_tns", "hold_wns", "hold_tns"];

/** The columns that say one slack together, one a corner or path group; of another meaning the column alone. */
export function slacksOf(columns: Column[], column: Column): Column[] {
  if (!SLACKS.includes(column.meaning)) return [column];
  return columns.filter((other) => other === column || areAlike(column, other));
}

/** A column's number as SQL; of a slack in several columns the worst. */
export function worstOf(columns: Column[], column: Column): string {
  const values = slacksOf(columns, column).map(numberOf);
  return values.length > 1 ? `LEAST(${values.join(", ")})` : values.join();
}

/** The columns of these meanings, each meaning once, that cut the rows into more than one part. */
export function cutsOf({ columns, distinct }: TableFacts, meanings: Meaning[]): Column[] {
  return meanings.flatMap((meaning) => columnOf(columns, meaning) ?? [])
    .filter(({ name }) => distinct[name] !== 1);
}

/** `"schema"."table"`. */
export function tableOf({ schema, table }: { schema: string; table: string }): string {
  return `${quoteName(schema)}.${quoteName(table)}`;
}

/** The one unit that the rows of the newest time state, if it is one. */
async function readTimeUnit(reader: Sql, place: string, columns: Column[], time?: Column) {
  const unit = columnOf(columns, "time_unit");
  if (!unit) return undefined;
  const at = time && quoteName(time.name);
  const rows = await reader.unsafe(
    `SELECT DISTINCT ${textOf(unit)} FROM ${place} WHERE ${quoteName(unit.name)} IS NOT NULL${
      at ? ` AND ${at} = (SELECT pg_catalog.max(${at}) FROM ${place})` : ""
    } LIMIT 2`,
  ).values() as unknown as string[][];
  return rows.length === 1 ? writtenUnit(rows[0]![0]!) ?? undefined : undefined;
}

/** The text that names a row's group: `sky130hd gcd`; undefined where nothing names one. */
export function groupLabel(columns: Column[]): string | undefined {
  if (columns.length === 0) return undefined;
  const parts = columns.map(({ name }) => `${quoteName(name)}::pg_catalog.text`);
  return `pg_catalog.concat_ws(' ', ${parts.join(", ")})`;
}

async function readColumns(reader: Sql, schema: string, table: string): Promise<Column[]> {
  const rows = await reader<{ name: string; type: string; is_enum: boolean }[]>`
    select a.attname as name,
      pg_catalog.format_type(coalesce(b.oid, t.oid), null) as type,
      coalesce(b.typtype, t.typtype) = 'e' as is_enum
    from pg_catalog.pg_attribute a
    join pg_catalog.pg_class c on c.oid = a.attrelid
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    join pg_catalog.pg_type t on t.oid = a.atttypid
    left join pg_catalog.pg_type b on t.typtype = 'd' and b.oid = t.typbasetype
    where n.nspname = ${schema} and c.relname = ${table} and a.attnum > 0 and not a.attisdropped
    order by a.attnum
  `;
  return rows.map(({ name, type, is_enum }) =>
    readColumn(name, type, is_enum ? "text" : shapeOf(type))
  );
}

/** The time columns, likeliest first: those named as one, before them those of the run. */
function timeColumns(columns: Column[]): Column[] {
  const rank = ({ name, meaning }: Column) =>
    meaning !== "time" ? 2 : wordsOf(name).includes("run") ? 0 : 1;
  return columns.filter(({ shape }) => shape === "time").toSorted((a, b) => rank(a) - rank(b))
    .slice(0, 5);
}

/** One pass over the table: rows, the ends of each time column, and which numbers are there at all. */
async function readContent(reader: Sql, place: string, times: Column[], numbers: Column[]) {
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
    empty: rows ? numbers.filter((_, i) => !rest[ends.length + 2 * i]).map(({ name }) => name) : [],
    greatest: Object.fromEntries(
      numbers.map(({ name }, i) => [name, rest[ends.length + 2 * i + 1] ?? 0]),
    ),
  };
}

async function readGroups(reader: Sql, place: string, columns: Column[], time?: Column) {
  const label = groupLabel(columns);
  if (!label) return { count: 1, newest: [] };
  const last = time ? `pg_catalog.max(${quoteName(time.name)})` : "pg_catalog.count(*)";
  const rows = await reader.unsafe(
    `SELECT label FROM (SELECT ${label} AS label, ${last} AS last, pg_catalog.count(*) AS n
       FROM ${place} GROUP BY 1 ORDER BY 2 DESC NULLS LAST, 3 DESC, 1 LIMIT ${MOST_GROUPS}) g`,
  ).values() as unknown as string[][];
  return { count: rows.length, newest: rows.slice(0, 6).map(([label]) => label!) };
}

async function readRuns(reader: Sql, place: string, time?: Column): Promise<number> {
  if (!time) return 1;
  const name = quoteName(time.name);
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
       GROUP BY 1 ORDER BY pg_catalog.count(*) DESC, 1 LIMIT 50`,
    ).values() as unknown as string[][];
    values[meaning] = rows.map(([value]) => value!);
  }
  return values;
}

async function readDistinct(reader: Sql, place: string, columns: Column[]) {
  if (columns.length === 0) return {};
  const counts = columns.map(({ name }) =>
    `(SELECT pg_catalog.count(*)::float8 FROM (SELECT DISTINCT ${quoteName(name)}
       FROM (SELECT ${quoteName(name)} FROM ${place} LIMIT 20000) s LIMIT 51) d)`
  );
  const [row] = await reader.unsafe(`SELECT ${counts.join(", ")}`)
    .values() as unknown as number[][];
  return Object.fromEntries(columns.map(({ name }, i) => [name, row![i]!]));
}

async function readMetrics(reader: Sql, place: string, columns: Column[]) {
  const metric = columnOf(columns, "metric");
  const valued = columns.some(({ name }) => meaningOf(name, "number") === "value");
  if (!metric || !valued) return [];
  const unit = columnOf(columns, "unit");
  const rows = await reader.unsafe(
    `SELECT ${quoteName(metric.name)}::pg_catalog.text,
       ${unit ? `pg_catalog.max(${quoteName(unit.name)}::pg_catalog.text)` : "''"}
     FROM ${place} WHERE ${quoteName(metric.name)} IS NOT NULL
     GROUP BY 1 ORDER BY pg_catalog.count(*) DESC, 1 LIMIT ${MOST_METRICS}`,
  ).values() as unknown as [string, string | null][];
  return rows.map(([name, unit]) => ({ name, unit: unit ?? "" }));
}

/**
 * Reads what a board needs to know of a table, as the reader role, in at most eight queries that each see
 * the table at most once (1.2 s on a million rows). Throws what postgres.js throws.
 */
export async function readTable(
  reader: Sql,
  schema: string,
  table: string,
  kind: Kind,
): Promise<TableFacts> {
  const place = tableOf({ schema, table });
  const columns = await readColumns(reader, schema, table);
  // Known numbers first, at most 64: each costs about 30 ms on a million rows.
  const numbers = columns.filter(({ shape }) => shape === "number")
    .toSorted((a, b) => Number(!a.meaning) - Number(!b.meaning)).slice(0, 64);
  const content = await readContent(reader, place, timeColumns(columns), numbers);
  const found = content.times.find(({ first, last }) => first != null && last != null);
  const time = found &&
    { column: found.column, first: new Date(found.first!), last: new Date(found.last!) };
  const group_columns = (["platform", "design", "variant"] as const)
    .flatMap((meaning) => columnOf(columns, meaning) ?? []);
  const texts = columns.filter(({ shape, type }) => shape === "text" && type !== "name").slice(
    0,
    12,
  );
  const time_unit = await readTimeUnit(reader, place, columns, time?.column);
  return {
    schema,
    table,
    kind,
    columns,
    ...(time_unit && { time_unit }),
    rows: content.rows,
    ...(time && { time }),
    group_columns,
    groups: await readGroups(reader, place, group_columns, time?.column),
    runs: await readRuns(reader, place, time?.column),
    values: await readValues(reader, place, columns),
    empty: content.empty,
    greatest: content.greatest,
    distinct: await readDistinct(reader, place, texts),
    metrics: await readMetrics(reader, place, columns),
    read_at: content.read_at,
  };
}
