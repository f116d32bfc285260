import type { Column } from "./columns.ts";
import { type TableFacts, tableOf } from "./facts.ts";
import { conditions, numberOf, quoteText, textOf, timeOf } from "./sql.ts";

/**
 * How a row's run is known, as SQL over one row: `key` names it (null: it is of none), `order` and then `tie` put
 * runs in order, `at` is its time.
 */
export type Run = { key: string; order: string; tie: string; at: string };

const NO_TIME = "NULL::pg_catalog.timestamptz";

/** What a row's run is known by: its name, else its time; without either all rows are one run. */
export function runOf(facts: TableFacts): Run {
  const [name] = facts.mapping.run.names;
  const time = facts.time && timeOf(facts.time.column);
  const at = time ?? NO_TIME;
  if (name) {
    const natural = naturalOrder(name);
    return { key: textOf(name), order: time ?? natural, tie: natural, at };
  }
  if (!time) return { key: "''", order: NO_TIME, tie: "''", at: NO_TIME };
  const key = facts.starts ? startedAt(facts, facts.starts, time) : time;
  return { key, order: time, tie: "''", at };
}

/** A name's order as people see it, as SQL: numbers inside it by their value, 100 after 99. */
function naturalOrder(name: Column): string {
  if (name.shape === "number") return numberOf(name);
  const padded = String.raw`pg_catalog.regexp_replace(${
    textOf(name)
  }, '(\d+)', '00000000000000000000\1', 'g')`;
  return String.raw`pg_catalog.regexp_replace(${padded}, '0*(\d{20})', '\1', 'g') COLLATE "C"`;
}

/** The number of the run in which a row's time falls, by when its group's runs start. */
function startedAt(facts: TableFacts, starts: Record<string, number[]>, time: string): string {
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
export function keysOf({ group_columns }: TableFacts): string[] {
  return group_columns.map((column) => `COALESCE(${textOf(column)}, '')`);
}

/** Rows of a run whose time PostgreSQL and a chart can show; "infinity" is none. */
export function ofKnownRun({ time, mapping }: TableFacts): string | undefined {
  const [name] = mapping.run.names;
  if (name) return `${textOf(name)} IS NOT NULL`;
  return time && `${timeOf(time.column)} BETWEEN '1900-01-01' AND '9999-12-31'`;
}

/** A run more than a day ahead is not the newest while there are others. */
const isAhead = ({ time }: TableFacts) =>
  time ? "(o > pg_catalog.now() + interval '1 day') IS TRUE, " : "";

/** The order of runs, the newest first, over rows with `o` and `tie`. */
export function newestFirst(facts: TableFacts): string {
  return `${isAhead(facts)}o DESC NULLS LAST, tie DESC, run DESC`;
}

/** Whether the rows are of several runs at all. */
export function hasRuns({ time, mapping }: TableFacts): boolean {
  return time !== undefined || mapping.run.names.length > 0;
}

/** The condition that a row is of one of its group's `most` newest runs among the rows of `where`, as SQL. */
export function pickedRuns(
  facts: TableFacts,
  where: (string | undefined)[],
  most: number,
): string | undefined {
  if (!hasRuns(facts)) return undefined;
  const { key, order, tie } = runOf(facts);
  const keys = keysOf(facts);
  const names = keys.map((_, i) => `k${i}`);
  const list = [...keys.map((sql, i) => `${sql} AS k${i}`), `${key} AS run`];
  const by = list.map((_, i) => i + 1).join(", ");
  const of = names.length > 0 ? `PARTITION BY ${names.join(", ")} ` : "";
  return `(${[...keys, key].join(", ")}) IN (SELECT ${[...names, "run"].join(", ")} FROM (` +
    `SELECT *, pg_catalog.row_number() OVER (${of}ORDER BY ${newestFirst(facts)}) AS n FROM (` +
    `SELECT ${list.join(", ")}, pg_catalog.max(${order}) AS o, pg_catalog.max(${tie}) AS tie FROM ${
      tableOf(facts)
    }${conditions([...where, ofKnownRun(facts)])} GROUP BY ${by}) r) r WHERE n <= ${most})`;
}
