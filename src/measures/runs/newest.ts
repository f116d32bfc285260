import type { Sql } from "../../external/postgres/postgres.ts";
import { MOST_GROUPS, type NewestRun, type TableFacts, tableOf } from "../facts.ts";
import { conditions } from "../sql.ts";
import { hasRuns, keysOf, newestFirst, ofKnownRun, runOf } from "./runs.ts";

/**
 * The two newest runs of each group, the groups that ran last first; undefined where nothing tells runs
 * apart. One pass: what is read of the newest runs names them, and does not decide anew which they are.
 */
export async function readNewest(reader: Sql, facts: TableFacts): Promise<NewestRun[] | undefined> {
  if (!hasRuns(facts)) return undefined;
  const { key, at } = runOf(facts);
  const keys = keysOf(facts);
  const names = keys.map((_, i) => `k${i}`);
  const list = [...keys.map((sql, i) => `${sql} AS k${i}`), `${key} AS run`];
  const of = names.length > 0 ? `PARTITION BY ${names.join(", ")} ` : "";
  const rows = await reader.unsafe(
    `SELECT run::pg_catalog.text, pg_catalog.pg_typeof(run)::pg_catalog.text, at::pg_catalog.text, nth::int,
       ${names.length > 0 ? names.join(", ") : "''"} FROM (
       SELECT *, pg_catalog.row_number() OVER (${of}ORDER BY ${newestFirst(facts)}) AS nth,
         pg_catalog.max(at) OVER (${of}) AS last FROM (
           SELECT ${list.join(", ")}, pg_catalog.max(${at}) AS at FROM ${tableOf(facts)}${
      conditions([ofKnownRun(facts)])
    } GROUP BY ${list.map((_, i) => i + 1).join(", ")}) r) r
     WHERE nth <= 2 ORDER BY last DESC NULLS LAST${names.map((name) => `, ${name}`).join("")}, nth
     LIMIT ${2 * MOST_GROUPS}`,
  ).values() as unknown as [string, string, string | null, number, ...string[]][];
  return rows.map(([run, type, at, nth, ...rest]) => ({
    ...{ run, type, at, nth },
    keys: rest.slice(0, keys.length),
  }));
}
