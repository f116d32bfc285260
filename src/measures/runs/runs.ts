import { type NewestRun, type TableFacts, tableOf } from "../facts.ts";
import { conditions, quoteName, quoteText, textOf, timeOf } from "../sql.ts";

/** What of the facts decides which runs are the newest. */
export type RunFacts = Pick<TableFacts, "mapping" | "group_columns" | "time" | "starts">;

/** How a row's run is known, as SQL over one row: `key` names it (null: it is of none), `at` is its time. */
export type Run = { key: string; at: string };

/** What a row's run is known by: its name, else its time; without either all rows are one run. */
export function runOf(facts: RunFacts): Run {
  const { names } = facts.mapping.run;
  const time = facts.time && timeOf(facts.time.column);
  const at = time ?? "NULL::pg_catalog.timestamptz";
  const [name] = names;
  if (names.length > 1) {
    return { key: `pg_catalog.concat_ws(' ', ${names.map(textOf).join(", ")})`, at };
  }
  if (name) return { key: name.shape === "number" ? quoteName(name.name) : textOf(name), at };
  if (!time) return { key: "''", at };
  return { key: facts.starts ? startedAt(facts, facts.starts, time) : time, at };
}

/**
 * The order of runs by name as people see it, as SQL over `run`: numbers inside it by their value, 100
 * after 99. Over rows it would cost more than all else.
 */
function naturalOrder({ mapping: { run: { names } } }: RunFacts): string {
  if (names.length < 2 && names[0]?.shape !== "text") return "run";
  const padded = String.raw`pg_catalog.regexp_replace(run, '(\d+)', '00000000000000000000\1', 'g')`;
  return String.raw`pg_catalog.regexp_replace(${padded}, '0*(\d{20})', '\1', 'g') COLLATE "C"`;
}

/** The number of the run in which a row's time falls, by when its group's runs start. */
function startedAt(facts: RunFacts, starts: Record<string, number[]>, time: string): string {
  const seconds = `extract(epoch FROM ${time})::float8`;
  const bucket = (of: number[]) =>
    `pg_catalog.width_bucket(${seconds}, ARRAY[${of.join(", ")}]::float8[])`;
  const groups = Object.entries(starts);
  if (facts.group_columns.length === 0 || groups.length === 1) return bucket(groups[0]![1]);
  const label = `pg_catalog.concat_ws(E'\\x1f', ${keysOf(facts).join(", ")})`;
  const cases = groups.map(([group, of]) => `WHEN ${quoteText(group)} THEN ${bucket(of)}`);
  return `CASE ${label} ${cases.join(" ")} ELSE 0 END`;
}

/** The group's names as SQL texts, '' for a row that has none. */
export function keysOf({ group_columns }: RunFacts): string[] {
  return group_columns.map((column) => `COALESCE(${textOf(column)}, '')`);
}

/** Rows of a run whose time PostgreSQL and a chart can show; "infinity" is none. */
export function ofKnownRun({ time, mapping }: RunFacts): string | undefined {
  const names = mapping.run.names.map(({ name }) => `${quoteName(name)} IS NOT NULL`);
  if (names.length > 0) return names.join(" AND ");
  return time && `${timeOf(time.column)} BETWEEN '1900-01-01' AND '9999-12-31'`;
}

/** A run more than a day ahead is not the newest while there are others. */
const isAhead = ({ time }: RunFacts) =>
  time ? "(at > pg_catalog.now() + interval '1 day') IS TRUE, " : "";

/** The order of runs, the newest first, as SQL over rows with `run` and `at`. */
export function newestFirst(facts: RunFacts): string {
  return `${isAhead(facts)}at DESC NULLS LAST, ${naturalOrder(facts)} DESC, run DESC`;
}

/** Whether the rows are of several runs at all. */
export function hasRuns({ time, mapping }: RunFacts): boolean {
  return time !== undefined || mapping.run.names.length > 0;
}

/** The condition that a row is of one of its group's `most` newest runs among the rows of `where`, as SQL that a board may ask at any time. */
export function pickedRuns(
  facts: TableFacts,
  where: (string | undefined)[],
  most: number,
): string | undefined {
  if (!hasRuns(facts)) return undefined;
  const { key, at } = runOf(facts);
  const keys = keysOf(facts);
  const names = keys.map((_, i) => `k${i}`);
  const list = [...keys.map((sql, i) => `${sql} AS k${i}`), `${key} AS run`];
  const by = list.map((_, i) => i + 1).join(", ");
  const of = names.length > 0 ? `PARTITION BY ${names.join(", ")} ` : "";
  return `(${[...keys, key].join(", ")}) IN (SELECT ${[...names, "run"].join(", ")} FROM (` +
    `SELECT *, pg_catalog.row_number() OVER (${of}ORDER BY ${newestFirst(facts)}) AS n FROM (` +
    `SELECT ${list.join(", ")}, pg_catalog.max(${at}) AS at FROM ${tableOf(facts)}${
      conditions([...where, ofKnownRun(facts)])
    } GROUP BY ${by}) r) r WHERE n <= ${most})`;
}

/** The condition that a row is of one of its group's `most` (1 or 2) newest runs when the table was read, as SQL. */
export function knownRuns(facts: TableFacts, most: number): string | undefined {
  if (!facts.newest) return undefined;
  const picked = facts.newest.filter(({ nth }) => nth <= most);
  if (picked.length === 0) return "false";
  const { key } = runOf(facts);
  const list = picked.map(({ keys, run, type }) =>
    `(${[...keys.map(quoteText), `${quoteText(run)}::${type}`].join(", ")})`
  );
  return allOfRun(
    facts,
    picked,
    `(${[...keysOf(facts), key].join(", ")}) IN (VALUES ${list.join(", ")})`,
  );
}

/** Where the time is the run, rows before the oldest picked run need no closer look. */
function allOfRun({ time, starts, mapping }: TableFacts, picked: NewestRun[], condition: string) {
  const times = [...new Set(picked.flatMap(({ at }) => at ?? []))];
  if (!time || starts || mapping.run.names.length > 0 || times.length === 0) return condition;
  const list = times.map((at) => `${quoteText(at)}::pg_catalog.timestamptz`).join(", ");
  return `${
    timeOf(time.column)
  } >= (SELECT pg_catalog.min(t) FROM pg_catalog.unnest(ARRAY[${list}]) t) AND ${condition}`;
}
