import type { Column } from "../boards/columns.ts";
import { columnOf, type TableFacts, tableOf } from "../boards/facts.ts";
import { numberOf, quoteName, quoteText } from "../boards/sql.ts";
import type { Measure } from "./summary_measures.ts";

/** Groups of one newest run that are read; the others are on the board. */
export const MOST_GROUPS = 200;
/** Values of one cut (path groups, rules) that are read, the most frequent ones. */
const MOST_CUTS = 500;

/**
 * Stages as flows name them, the later the higher (the first that fits: a global route is none of the
 * detailed ones); what has no known name comes before all.
 */
const STAGES = [
  "syn",
  "floor",
  "place",
  "cts|clock",
  "glob|grt",
  "route|drt",
  "finish|final|sign.?off|report",
];

const textOf = ({ name }: Column) => `${quoteName(name)}::pg_catalog.text`;

function stageRank(stage: Column): string {
  const cases = STAGES.map((words, i) =>
    `WHEN pg_catalog.lower(${textOf(stage)}) ~ '${words}' THEN ${i + 1}`
  );
  return `CASE ${cases.join(" ")} ELSE 0 END`;
}

/** The columns that name a group: design, platform, variant, as far as the table has them. */
export function keysOf({ columns }: Pick<TableFacts, "columns">): Column[] {
  return (["design", "platform", "variant"] as const)
    .flatMap((meaning) => columnOf(columns, meaning) ?? []);
}

/** How rows of one run stand to each other: of `last` only the greatest counts; `part` cuts the rest. */
function order(facts: TableFacts, measures: Measure[]) {
  const of = (meaning: "iteration" | "stage" | "endpoint" | "corner") =>
    columnOf(facts.columns, meaning);
  const [iteration, stage, end, corner] = [
    of("iteration"),
    of("stage"),
    of("endpoint"),
    of("corner"),
  ];
  const objects = measures.some((measure) => measure.objects);
  const last = iteration ? numberOf(iteration) : objects && stage ? stageRank(stage) : undefined;
  if (objects) return { last, part: end && textOf(end), by_stage: false };
  if (stage) return { last, part: stageRank(stage), by_stage: true };
  return { last, part: corner && textOf(corner), by_stage: false };
}

/** The rows of the newest run of each group and of its run before, with what is asked of each. */
function rowsOfRuns(facts: TableFacts, keys: Column[], items: string[], last?: string): string {
  const time = facts.time && quoteName(facts.time.column.name);
  // "infinity" is no time of a run.
  const where = time ? ` WHERE ${time} >= '1900-01-01' AND ${time} <= '9999-12-31'` : "";
  const named = keys.map(({ name }, i) => `${quoteName(name)} AS k${i}`);
  const list = [
    `${time ?? "NULL::pg_catalog.timestamptz"} AS at`,
    ...named,
    ...(last ? [`${last} AS last`] : []),
    ...items,
  ].join(", ");
  const source = `(SELECT ${list} FROM ${tableOf(facts)}${where}) s`;
  const same = keys.map((_, i) => ` AND s.k${i} IS NOT DISTINCT FROM e.k${i}`).join("");
  const runs = time ? `${source} JOIN ends e ON s.at = e.at${same}` : source;
  const now = time ? "s.at = (SELECT at FROM newest)" : "true";
  const rows = `SELECT s.*, ${now} AS now FROM ${runs}`;
  if (!last) return rows;
  const each = ["at", ...keys.map((_, i) => `k${i}`)].join(", ");
  return `SELECT * FROM (SELECT *, pg_catalog.max(last) OVER (PARTITION BY ${each}) AS final ` +
    `FROM (${rows}) r) r WHERE last = final`;
}

/**
 * The newest time, and for each group that has it, it and the group's time before. What is materialized
 * is hashed: an order asked for further out would have a million rows sorted here.
 */
function endsOf(facts: TableFacts, keys: Column[], group?: (string | null)[]): string {
  if (!facts.time) return "WITH ";
  const time = quoteName(facts.time.column.name);
  const place = tableOf(facts);
  const sane = `${time} >= '1900-01-01' AND ${time} <= '9999-12-31'`;
  const newest = "(SELECT at FROM newest)";
  const list = keys.map(({ name }, i) => `${quoteName(name)} AS k${i}`);
  const names = keys.map((_, i) => `k${i}`);
  const of = group ? keys.map((key, i) => ` AND ${sameText(key, group[i]!)}`).join("") : "";
  const by = keys.length > 0 ? ` GROUP BY ${keys.map((_, i) => i + 1).join(", ")}` : "";
  return `WITH newest AS MATERIALIZED (SELECT pg_catalog.max(${time}) AS at FROM ${place} WHERE ${sane}),
grouped AS MATERIALIZED (SELECT ${[...list, ""].join(", ")}pg_catalog.max(${time}) AS last,
    pg_catalog.max(${time}) FILTER (WHERE ${time} < ${newest}) AS before
  FROM ${place} WHERE ${sane}${of}${by} HAVING pg_catalog.max(${time}) = ${newest}),
runs AS MATERIALIZED (SELECT * FROM grouped ORDER BY ${
    [...names, "last"].join(", ")
  } LIMIT ${MOST_GROUPS}),
ends AS MATERIALIZED (SELECT ${[...names, ""].join(", ")}last AS at FROM runs
  UNION ALL SELECT ${[...names, ""].join(", ")}before FROM runs WHERE before IS NOT NULL),
`;
}

const sameText = (key: Column, text: string | null) =>
  text === null ? `${quoteName(key.name)} IS NULL` : `${textOf(key)} = ${quoteText(text)}`;

/**
 * One query for all measures: a row for each group and run with `g0 …` (its keys as text), `now` (false: the run
 * before) and `v0, min0, max0 …` (value, and the least and greatest unit that its rows state).
 */
export function numbersQuery(facts: TableFacts, measures: Measure[]): string {
  const keys = keysOf(facts);
  const { last, part, by_stage } = order(facts, measures);
  const run = facts.time ? undefined : columnOf(facts.columns, "run");
  const items = [
    `${part ?? "NULL"} AS part`,
    ...(run ? [`${textOf(run)} AS run`] : []),
    ...measures.flatMap(({ value, unit_of }, i) => [
      `${value} AS v${i}`,
      ...(unit_of ? [`${unit_of} AS u${i}`] : []),
    ]),
  ];
  const names = keys.map((_, i) => `k${i}`);
  const ends = run ? "pg_catalog.min(run) AS first_run, pg_catalog.max(run) AS last_run, " : "";
  const inner = measures.flatMap(({ within, unit_of }, i) => [
    `pg_catalog.${within}(v${i}) AS v${i}`,
    `pg_catalog.count(v${i}) AS n${i}`,
    ...(unit_of ? UNIT_ENDS.map((end) => statedUnit(end, i)) : []),
  ]);
  const outer = measures.flatMap((measure, i) => [
    `${acrossParts(facts, measure, i, by_stage)} AS v${i}`,
    ...(measure.unit_of
      ? UNIT_ENDS.map((end) => `pg_catalog.${end}(${end}${i}) AS ${end}${i}`)
      : []),
  ]);
  const by = [...names, "now", "part"].join(", ");
  return `${endsOf(facts, keys)}parts AS MATERIALIZED (SELECT ${by}, ${ends}${inner.join(", ")}
  FROM (${rowsOfRuns(facts, keys, items, last)}) r GROUP BY ${by}),
whole AS MATERIALIZED (SELECT ${[...names, "now"].join(", ")}, ${outer.join(", ")}
  FROM parts GROUP BY ${[...names, "now"].join(", ")}
  ${run ? "HAVING pg_catalog.min(first_run) IS NOT DISTINCT FROM pg_catalog.max(last_run)" : ""})
SELECT ${
    ["*", ...names.map((name, i) => `${name}::pg_catalog.text AS g${i}`)].join(", ")
  } FROM whole
ORDER BY ${[...names, "now"].join(", ")} LIMIT ${2 * MOST_GROUPS}`;
}

const UNIT_ENDS = ["min", "max"] as const;
const statedUnit = (end: "min" | "max", i: number) =>
  `pg_catalog.${end}(u${i}) FILTER (WHERE v${i} IS NOT NULL) AS ${end}${i}`;

/** Parts of a run become its value; rows that nothing puts in order, none being an object, say nothing. */
function acrossParts(facts: TableFacts, measure: Measure, i: number, by_stage: boolean): string {
  const latest = by_stage && measure.name !== "runtime";
  const value = latest
    ? `(pg_catalog.array_agg(v${i} ORDER BY part DESC) FILTER (WHERE v${i} IS NOT NULL))[1]`
    : `pg_catalog.${measure.across}(v${i})`;
  if (facts.time || measure.objects) return value;
  return `CASE WHEN pg_catalog.max(n${i}) = 1 THEN ${value} END`;
}

/**
 * One measure of one group, cut by a column (undefined: not cut): `cut`, `now`, `value`, how many of its
 * parts are below 0, and the run's first and last commit.
 */
export function cutQuery(
  facts: TableFacts,
  measures: Measure[],
  measure: Measure,
  group: (string | null)[],
  cut: Column | undefined,
): string {
  const keys = keysOf(facts);
  const { last, part, by_stage } = order(facts, measures);
  const commit = columnOf(facts.columns, "commit");
  const items = [
    `${part ?? "NULL"} AS part`,
    `${measure.value} AS v0`,
    `${cut ? textOf(cut) : "NULL::pg_catalog.text"} AS cut`,
    `${commit ? textOf(commit) : "NULL::pg_catalog.text"} AS sha`,
  ];
  return `${endsOf(facts, keys, group)}parts AS MATERIALIZED (
  SELECT cut, now, part, pg_catalog.${measure.within}(v0) AS v0, pg_catalog.count(v0) AS n0,
    pg_catalog.min(sha) AS first_sha, pg_catalog.max(sha) AS last_sha
  FROM (${rowsOfRuns(facts, keys, items, last)}) r GROUP BY cut, now, part)
SELECT pg_catalog.left(cut, 200) AS cut, now,
  ${acrossParts(facts, measure, 0, by_stage)} AS value,
  pg_catalog.count(*) FILTER (WHERE v0 < 0)::int AS late,
  pg_catalog.min(first_sha) AS first_sha, pg_catalog.max(last_sha) AS last_sha
FROM parts GROUP BY cut, now ORDER BY pg_catalog.count(*) DESC, cut LIMIT ${2 * MOST_CUTS}`;
}
