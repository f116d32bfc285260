import { readTable } from "../../../src/measures/read.ts";
import type { Kind } from "../../../src/measures/facts.ts";
import { summarize, type Summary } from "../../../src/measures/summary.ts";
import type { Sql } from "../../../src/external/postgres/postgres.ts";
import { withTables } from "./boards.ts";

/** What is told of a table, read as its board is. */
export async function summaryOf(
  reader: Sql,
  table: string,
  kind: Kind = "qor",
  schema = "public",
) {
  return await summarize(reader, await readTable(reader, schema, table, kind));
}

/** Numbers as "group: name value unit (before better)". */
export function linesOf({ numbers }: Summary): string[] {
  return numbers.map(({ group, name, value, unit, before, better, sure }) => {
    const direction = !sure ? " not sure" : better === null ? "" : better ? " better" : " worse";
    const was = before === null ? "" : ` (${before}${direction})`;
    return `${group ? `${group}: ` : ""}${name} ${value}${unit ? ` ${unit}` : ""}${
      was || (sure ? "" : " not sure")
    }`;
  });
}

/** Makes the table `t` by these statements and tells of it; numbers as "group name value unit (before)". */
export async function told(kind: Kind, ...statements: string[]) {
  let found!: { numbers: string[]; why: string | null };
  await withTables(async ({ db }, reader) => {
    for (const statement of statements) await db.unsafe(statement);
    const summary = await summaryOf(reader, "t", kind);
    found = { numbers: linesOf(summary), why: summary.why };
  });
  return found;
}
