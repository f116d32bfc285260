import type { Sql } from "../external/postgres/postgres.ts";
import type { Column, Meaning } from "./columns.ts";
import { MOST_METRICS, MOST_RUNS, type NewestRun } from "./facts.ts";
import { type Content, keysOf } from "./mapping/content.ts";
import type { Mapping } from "./mapping/mapping.ts";
import { columnOf } from "./names/choose.ts";
import { hashed } from "./runs/hashed.ts";
import { newestOf } from "./runs/newest.ts";
import { cellOf, numberOf, quoteName, textOf, timeOf } from "./sql.ts";

/** The columns whose different values are wanted, by what they hold; g0 … name the group, r0 … the run. */
type Wanted = Record<string, Column>;

/** What the whole table says; `since`: the newest 5 % of the rows have times from here on. */
export type Overall = {
  rows: number;
  now: number;
  /** The greatest value of each number column, in their order; null where there is none. */
  greatest: (number | null)[];
  runs?: number;
  first?: number | null;
  last?: number | null;
  since?: string | null;
  time_unit?: string[] | null;
  path_type?: string[] | null;
  layer?: string[] | null;
  metric?: [string, string | null][] | null;
  /** As `readNewest` reads them, where groups and runs are few. */
  newest?: NewestRun[] | null;
  /** Why no number was read. */
  refused?: Error;
};

const SANE = "BETWEEN '1900-01-01Z' AND '9999-12-31Z'";
/** Distinct times among which the newest are found, and the share of the rows that they are to have. */
const MOST_TIMES = 20_000;
const NEWEST_SHARE = 0.05;
const NEVER = new Date(0);

const numbered = (letter: string, columns: Column[]) =>
  Object.fromEntries(columns.map((column, i) => [`${letter}${i}`, column]));

/** Values of several columns are read in one pass where they are few together, by the sample. */
function passesOf(content: Content, { columns, run, group }: Mapping): Wanted[] {
  const given = (wanted: Record<string, Column | undefined>) =>
    Object.fromEntries(Object.entries(wanted).filter(([, column]) => column)) as Wanted;
  const of = (meaning: Meaning) => columnOf(columns, meaning);
  const areFew = (wanted: Wanted) => {
    const names = Object.values(wanted).map(({ name }) => name);
    const found = content.columns.filter(({ name }) => names.includes(name));
    return new Set(keysOf(found, content.sampled)).size <= Math.max(100, content.sampled / 5);
  };
  const isLong = of("metric") && of("value");
  const time = given({ time: run.time, time_unit: of("time_unit") });
  const runs = { ...time, ...numbered("g", group), ...numbered("r", run.names) };
  const parts = [
    areFew(runs) ? runs : time,
    given({ path_type: of("path_type") }),
    given({ layer: of("layer") }),
    given(isLong ? { metric: of("metric"), unit: of("unit") } : {}),
  ].filter((part) => Object.keys(part).length > 0);
  let first: Wanted = {};
  const rest: Wanted[] = [];
  for (const part of parts) {
    if (areFew({ ...first, ...part })) first = { ...first, ...part };
    else rest.push(part);
  }
  return [first, ...rest];
}

/** The table's figures over all rows, in one pass, and one more for each column of many values. */
export async function readOverall(
  reader: Sql,
  place: string,
  content: Content,
  mapping: Mapping,
  numbers: Column[],
): Promise<Overall> {
  const passes = passesOf(content, mapping);
  return await hashed(reader, async (tx) => {
    const read: Overall[] = [];
    for (const [i, wanted] of passes.entries()) {
      const sql = passOf(place, mapping, wanted, i === 0 ? numbers : []);
      const [row] = await tx.unsafe(sql);
      read.push(row as unknown as Overall);
    }
    return Object.assign({}, ...read.toReversed());
  });
}

/** SQL of the newest runs among the groups of a pass; "" when the pass has no groups and runs. */
function newestIn(mapping: Mapping, wanted: Wanted): string {
  const { run: { names, time }, group } = mapping;
  const has = (role: string) => wanted[role] !== undefined;
  const isWhole = group.every((_, i) => has(`g${i}`)) && names.every((_, i) => has(`r${i}`)) &&
    (!time || has("time"));
  if (!isWhole || !time && names.length === 0) return "";
  const called = (letter: string, columns: Column[]) =>
    columns.map((column, i) => ({ ...column, name: `${letter}${i}` }));
  const facts = {
    mapping: { ...mapping, run: { names: called("r", names) } },
    group_columns: called("g", group),
    // Only a run's time is asked for of it.
    ...(time && { time: { column: { ...time, name: "time" }, first: NEVER, last: NEVER } }),
  };
  return `, (SELECT pg_catalog.json_agg(r) FROM (${newestOf(facts, "seen")}) r) AS newest`;
}

/** SQL with one row of `Overall`: the rows are grouped once, all else is made from the groups. */
function passOf(place: string, mapping: Mapping, wanted: Wanted, numbers: Column[]): string {
  const roles = Object.entries(wanted);
  const isText = (role: string) => ["metric", "unit", "time_unit"].includes(role);
  const keys = roles.map(([role, column]) =>
    `${isText(role) ? textOf(column) : quoteName(column.name)} AS ${role}`
  );
  const items = [
    ...keys,
    "pg_catalog.count(*) AS n",
    ...numbers.map((column, i) => `pg_catalog.max(${numberOf(column)}) AS x${i}`),
  ];
  const by = roles.length > 0 ? ` GROUP BY ${roles.map((_, i) => i + 1).join(", ")}` : "";
  const at = wanted.time ? timeOf({ ...wanted.time, name: "time" }) : undefined;
  const greatest = numbers.map((_, i) => `pg_catalog.max(x${i})`).join(", ");
  return `WITH seen AS MATERIALIZED (SELECT ${items.join(", ")} FROM ${place}${by})${
    at
      ? `, times AS MATERIALIZED (SELECT ${at} AS at, pg_catalog.sum(n) AS n FROM seen
           WHERE time IS NOT NULL GROUP BY 1)`
      : ""
  } SELECT COALESCE(pg_catalog.sum(n), 0)::float8 AS rows,
      (extract(epoch FROM pg_catalog.now()) * 1000)::float8 AS now,
      pg_catalog.json_build_array(${greatest}) AS greatest${at ? timesOf() : ""}${
    valuesOf(wanted, at)
  }${newestIn(mapping, wanted)} FROM seen`;
}

function timesOf(): string {
  const end = (end: string) =>
    `(SELECT (extract(epoch FROM pg_catalog.${end}(at)) * 1000)::float8 FROM times WHERE at ${SANE})`;
  return `, (SELECT LEAST(pg_catalog.count(at), ${MOST_RUNS + 1})::int FROM times) AS runs,
    ${end("min")} AS first, ${end("max")} AS last,
    (SELECT pg_catalog.min(at)::pg_catalog.text FROM (
      SELECT at, pg_catalog.row_number() OVER newest AS nth, pg_catalog.sum(n) OVER newest - n AS later
      FROM (SELECT at, n FROM times WHERE at ${SANE} AND at <= pg_catalog.now() + interval '1 day'
        ORDER BY at DESC LIMIT ${MOST_TIMES}) t
      WINDOW newest AS (ORDER BY at DESC)) t
     WHERE nth <= 2 OR later < ${NEWEST_SHARE} * (SELECT pg_catalog.sum(n) FROM times)) AS since`;
}

function valuesOf(wanted: Wanted, at: string | undefined): string {
  const { time_unit, metric, unit } = wanted;
  const cuts = (["path_type", "layer"] as const).flatMap((role) => {
    const column = wanted[role];
    if (!column) return [];
    return `, (SELECT pg_catalog.json_agg(v ORDER BY n DESC, v) FROM (
      SELECT ${cellOf({ ...column, name: role })} AS v, pg_catalog.sum(n) AS n FROM seen
      WHERE ${role} IS NOT NULL GROUP BY ${role} ORDER BY 2 DESC, 1 LIMIT 50) v) AS ${role}`;
  });
  const newest = at ? ` AND ${at} = (SELECT pg_catalog.max(at) FROM times)` : "";
  return [
    ...cuts,
    time_unit
      ? `, (SELECT pg_catalog.json_agg(DISTINCT time_unit) FROM seen
          WHERE time_unit IS NOT NULL${newest}) AS time_unit`
      : "",
    metric
      ? `, (SELECT pg_catalog.json_agg(pg_catalog.json_build_array(metric, unit) ORDER BY n DESC, metric) FROM (
          SELECT metric, ${unit ? "pg_catalog.max(unit)" : "''"} AS unit, pg_catalog.sum(n) AS n
          FROM seen WHERE metric IS NOT NULL GROUP BY 1 ORDER BY 3 DESC, 1 LIMIT ${MOST_METRICS}) m) AS metric`
      : "",
  ].join("");
}
