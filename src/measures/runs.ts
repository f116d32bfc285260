import type { Column } from "./columns.ts";
import { columnOf, type TableFacts, tableOf } from "./facts.ts";
import { conditions, numberOf, quoteName, textOf, timeOf } from "./sql.ts";

/** How a row's run is known, as SQL over one row: `key` names it, `order` and `at` put it in order. */
export type Run = { key: string; order: string; at: string };

const NO_TIME = "NULL::pg_catalog.timestamptz";

export function runOf({ time, columns }: TableFacts): Run {
  const name = columnOf(columns, "run");
  if (!time && name) return { key: textOf(name), order: naturalOrder(name), at: NO_TIME };
  if (!time) return { key: "''", order: NO_TIME, at: NO_TIME };
  return { key: timeOf(time.column), order: timeOf(time.column), at: timeOf(time.column) };
}

/** A name's order as people see it, as SQL: numbers inside it by their value, 100 after 99. */
function naturalOrder(name: Column): string {
  if (name.shape === "number") return numberOf(name);
  const padded = String.raw`pg_catalog.regexp_replace(${
    textOf(name)
  }, '(\d+)', '00000000000000000000\1', 'g')`;
  return String.raw`pg_catalog.regexp_replace(${padded}, '0*(\d{20})', '\1', 'g') COLLATE "C"`;
}

/** The group's names as SQL texts, '' for a row that has none. */
export function keysOf({ group_columns }: TableFacts): string[] {
  return group_columns.map((column) => `COALESCE(${textOf(column)}, '')`);
}

/** Rows of a run whose time PostgreSQL and a chart can show; "infinity" is none. */
export function ofKnownRun({ time }: TableFacts): string | undefined {
  if (!time) return undefined;
  const name = quoteName(time.column.name);
  return `${name} >= '1900-01-01' AND ${name} <= '9999-12-31'`;
}

/** The condition that a row is of one of its group's `most` newest runs among the rows of `where`, as SQL. */
export function pickedRuns(
  facts: TableFacts,
  where: (string | undefined)[],
  most: number,
): string | undefined {
  const { key, order } = runOf(facts);
  if (!facts.time && !columnOf(facts.columns, "run")) return undefined;
  const keys = keysOf(facts);
  const names = keys.map((_, i) => `k${i}`);
  const list = [...keys.map((sql, i) => `${sql} AS k${i}`), `${key} AS run`];
  const by = list.map((_, i) => i + 1).join(", ");
  const of = names.length > 0 ? `PARTITION BY ${names.join(", ")} ` : "";
  return `(${[...keys, key].join(", ")}) IN (SELECT ${[...names, "run"].join(", ")} FROM (` +
    `SELECT *, pg_catalog.row_number() OVER (${of}ORDER BY o DESC, run DESC) AS n FROM (` +
    `SELECT ${list.join(", ")}, pg_catalog.max(${order}) AS o FROM ${tableOf(facts)}${
      conditions(where)
    } GROUP BY ${by}) r) r WHERE n <= ${most})`;
}
