import { type Sql, sqlState } from "../external/postgres.ts";
import { columnOf } from "./names/choose.ts";
import { type Column, meaningOf, shapeOf } from "./columns.ts";
import {
  groupLabel,
  type Kind,
  type Metric,
  MOST_GROUPS,
  MOST_METRICS,
  MOST_RUNS,
  type TableFacts,
  tableOf,
} from "./facts.ts";
import type { Content, Found } from "./mapping/content.ts";
import { isUnordered, type Mapping, mappingOf } from "./mapping/mapping.ts";
import { checkIn } from "./mapping/metrics.ts";
import { type Moment, startsOf } from "./mapping/runs.ts";
import { keyMeasures } from "./measures.ts";
import { isBetterHigh } from "./number.ts";
import { cellOf, numberOf, quoteName, textOf, timeOf } from "./sql.ts";
import { writtenUnit } from "./names/units.ts";
import { runValues } from "./runs/values.ts";

/** Cells of a sample: what decides how a table is read must cost no more than a look at it. */
const MOST_CELLS = 400_000;
const MOST_SAMPLED = 5000;

type Described = { name: string; type: string; is_enum: boolean };

function describe(reader: Sql, schema: string, table: string) {
  return reader<Described[]>`
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
}

/** A cell as the sample has it; of a time its seconds since 1970. */
function sampledCell({ name, shape, type }: Omit<Found, "values" | "least" | "most">): string {
  const column = quoteName(name);
  if (shape === "other" && !type.startsWith("interval")) return "NULL::pg_catalog.text";
  if (shape !== "time") return `pg_catalog.left(${column}::pg_catalog.text, 200)`;
  return `CASE WHEN pg_catalog.isfinite(${column}) THEN extract(epoch FROM ${column})::pg_catalog.text END`;
}

/** The columns with a sample of their content; one that cannot be read leaves all without. */
async function readSample(reader: Sql, schema: string, table: string): Promise<Content> {
  const described = (await describe(reader, schema, table)).map(({ name, type, is_enum }) => ({
    name,
    type,
    shape: is_enum ? "text" as const : shapeOf(type),
  }));
  const most = Math.max(
    100,
    Math.min(MOST_SAMPLED, Math.floor(MOST_CELLS / (described.length + 1))),
  );
  const rows = described.length === 0 ? [] : await reader.unsafe(
    `SELECT ${described.map(sampledCell).join(", ")} FROM ${
      tableOf({ schema, table })
    } LIMIT ${most}`,
  ).values().catch((error) => {
    if (/^22/.test(sqlState(error) ?? "")) return [];
    throw error;
  }) as unknown as (string | null)[][];
  const columns = described.map((column, i): Found => {
    const values = rows.map((row) => row[i] ?? null);
    const numbers = column.shape === "number"
      ? values.filter((value) => value !== null).map(Number).filter(Number.isFinite)
      : [];
    const [least, most] = numbers.length === 0
      ? [null, null]
      : [numbers.reduce((a, b) => Math.min(a, b)), numbers.reduce((a, b) => Math.max(a, b))];
    return { ...column, values, least, most };
  });
  return { columns, sampled: rows.length };
}

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

async function readGroups(reader: Sql, place: string, columns: Column[], time?: Column) {
  const label = groupLabel(columns);
  if (!label) return { count: 1, shown: [] };
  const last = time ? `pg_catalog.max(${timeOf(time)})` : "pg_catalog.count(*)";
  const rows = await reader.unsafe(
    `SELECT label FROM (SELECT ${label} AS label, ${last} AS last, pg_catalog.count(*) AS n
       FROM ${place} GROUP BY 1 ORDER BY 2 DESC NULLS LAST, 3 DESC, 1 LIMIT ${MOST_GROUPS}) g`,
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

/**
 * Reads what boards and numbers need to know of a table, as the reader role, in at most ten queries that
 * each see the table at most once (1.2 s on a million rows). Throws what postgres.js throws.
 */
export async function readTable(
  reader: Sql,
  schema: string,
  table: string,
  kind: Kind,
): Promise<TableFacts> {
  const place = tableOf({ schema, table });
  const content = await readSample(reader, schema, table);
  const mapping = mappingOf(content);
  const { columns, group, run: { time: timed } } = mapping;
  // Known numbers first, at most 64: each costs about 30 ms on a million rows.
  const numbers = columns.filter(({ shape, sum }) => shape === "number" && !sum)
    .toSorted((a, b) => Number(!a.meaning) - Number(!b.meaning)).slice(0, 64);
  const { refused, ...ends } = await readEndsOrNone(reader, place, timed, numbers);
  const found = ends.times.find(({ first, last }) => first != null && last != null);
  const time = found &&
    { column: found.column, first: new Date(found.first!), last: new Date(found.last!) };
  const texts = columns.filter(({ shape, type }) => shape === "text" && type !== "name").slice(
    0,
    12,
  );
  const time_unit = await readTimeUnit(reader, place, columns, time?.column);
  const runs = await readRuns(reader, place, time?.column);
  const starts = await readStarts(reader, place, mapping, ends.rows, runs);
  const facts: TableFacts = {
    schema,
    table,
    kind,
    mapping,
    columns,
    ...(time_unit && { time_unit }),
    rows: ends.rows,
    ...(time && { time }),
    group_columns: group,
    groups: await readGroups(reader, place, group, time?.column),
    runs,
    ...(starts && { starts }),
    unordered: isUnordered(content, mapping),
    values: await readValues(reader, place, columns),
    empty: ends.empty,
    greatest: ends.greatest,
    distinct: await readDistinct(reader, place, texts),
    metrics: await readMetrics(reader, place, columns),
    ...(refused && { refused }),
    read_at: ends.read_at,
  };
  if (refused) return facts;
  return { ...facts, groups: { ...facts.groups, shown: await readWorst(reader, facts) } };
}
