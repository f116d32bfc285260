import type { Sql } from "../external/postgres/postgres.ts";
import { type TableFacts, tableOf } from "./facts.ts";
import { textOf } from "./sql.ts";

const MOST_ROWS = 3;

/** Texts of at most 60 characters, in the order of the table's columns. */
export async function readFirstRows(reader: Sql, facts: TableFacts): Promise<(string | null)[][]> {
  const { names } = facts.mapping;
  if (names.length === 0) return [];
  const cells = names.map((name) => `pg_catalog.left(${textOf({ name })}, 60)`);
  return await reader.unsafe(
    `SELECT ${cells.join(", ")} FROM ${tableOf(facts)} LIMIT ${MOST_ROWS}`,
  ).values() as unknown as (string | null)[][];
}
