import type { Db, Sql } from "../../external/postgres/postgres.ts";
import { MOST_GROUPS, type NewestRun, type TableFacts, tableOf } from "../facts.ts";
import { conditions, quoteText, timeOf } from "../sql.ts";
import { hashed } from "./hashed.ts";
import { hasRuns, keysOf, newestFirst, ofKnownRun, type RunFacts, runOf } from "./runs.ts";

type Row = NewestRun & { sure: boolean; last: number | null };

/**
 * SQL with the two newest runs of each group among the rows of `from`, the groups that ran last first; `sure`:
 * the group has two that are not ahead of now.
 */
export function newestOf(facts: RunFacts, from: string, where: (string | undefined)[] = []) {
  const { key, at } = runOf(facts);
  const keys = keysOf(facts);
  const names = keys.map((_, i) => `k${i}`);
  const list = [...keys.map((sql, i) => `${sql} AS k${i}`), `${key} AS run`];
  const of = names.length > 0 ? `PARTITION BY ${names.join(", ")} ` : "";
  return `SELECT pg_catalog.json_build_array(${names.join(", ")}) AS keys, run::pg_catalog.text,
      pg_catalog.pg_typeof(run)::pg_catalog.text AS type, at::pg_catalog.text, nth::int, known >= 2 AS sure,
      extract(epoch FROM last)::float8 AS last FROM (
      SELECT *, pg_catalog.row_number() OVER (${of}ORDER BY ${newestFirst(facts)}) AS nth,
        pg_catalog.max(at) OVER (${of}) AS last,
        pg_catalog.count(*) FILTER (WHERE at <= pg_catalog.now() + interval '1 day') OVER (${of}) AS known FROM (
          SELECT ${list.join(", ")}, pg_catalog.max(${at}) AS at FROM ${from}${
    conditions([...where, ofKnownRun(facts)])
  } GROUP BY ${list.map((_, i) => i + 1).join(", ")}) r) r
    WHERE nth <= 2 ORDER BY last DESC NULLS LAST${names.map((name) => `, ${name}`).join("")}, nth
    LIMIT ${2 * MOST_GROUPS}`;
}

/** A run without what decided whether older rows are to be read. */
export const plainRun = ({ keys, run, type, at, nth }: NewestRun): NewestRun => ({
  keys,
  run,
  type,
  at,
  nth,
});

/** The groups of all rows that have less than two runs in `recent`; undefined where they are too many. */
async function missingIn(reader: Db, facts: TableFacts, recent: Row[]) {
  const done = new Set(recent.filter(({ sure }) => sure).map(({ keys }) => JSON.stringify(keys)));
  const keys = keysOf(facts);
  if (keys.length === 0) return done.size > 0 ? [] : undefined;
  const by = keys.map((_, i) => i + 1).join(", ");
  const groups = await reader.unsafe(
    `SELECT ${keys.join(", ")} FROM ${tableOf(facts)} GROUP BY ${by} LIMIT ${2 * MOST_GROUPS + 1}`,
  ).values() as unknown as string[][];
  const missing = groups.filter((group) => !done.has(JSON.stringify(group)));
  return groups.length > 2 * MOST_GROUPS ? undefined : missing;
}

/** As from the whole table, from the rows since `since` and all rows of the groups that have no two runs there. */
async function newestSince(reader: Db, facts: TableFacts, since: string) {
  const place = tableOf(facts);
  const read = (where: string[]) =>
    reader.unsafe(newestOf(facts, place, where)) as unknown as Promise<Row[]>;
  const from = `${timeOf(facts.time!.column)} >= ${quoteText(since)}::pg_catalog.timestamptz`;
  const recent = await read([from]);
  const missing = await missingIn(reader, facts, recent);
  if (!missing) return await read([]);
  if (missing.length === 0) return recent;
  const list = missing.map((keys) => `(${keys.map(quoteText).join(", ")})`);
  const older = await read([`(${keysOf(facts).join(", ")}) IN (VALUES ${list.join(", ")})`]);
  const found = new Set(older.map(({ keys }) => JSON.stringify(keys)));
  const others = recent.filter(({ keys }) => !found.has(JSON.stringify(keys)));
  const lastOf = ({ last }: Row) => last ?? -Infinity;
  return [...others, ...older].toSorted((a, b) =>
    lastOf(b) > lastOf(a) ? 1 : lastOf(b) < lastOf(a) ? -1 : 0
  )
    .slice(0, 2 * MOST_GROUPS);
}

/**
 * The two newest runs of each group; undefined without distinct runs. What is read of the newest runs
 * names them, and does not decide anew which they are.
 */
export async function readNewest(
  reader: Sql,
  facts: TableFacts,
  since: string | null | undefined,
): Promise<NewestRun[] | undefined> {
  if (!hasRuns(facts)) return undefined;
  const rows = await hashed(
    reader,
    async (tx) =>
      since && facts.time
        ? await newestSince(tx, facts, since)
        : await tx.unsafe(newestOf(facts, tableOf(facts))) as unknown as Row[],
  );
  return rows.map(plainRun);
}
