import { deepStrictEqual as same } from "node:assert";
import type { Kind } from "../../../src/measures/facts.ts";
import { withTables } from "./boards.ts";
import { linesOf, summaryOf } from "./summaries.ts";

type Table = [columns: string, values: string, numbers: string[]];

/** One test for several tables of a rule: their columns, their rows, and what is said of them. */
export function rule(name: string, kind: Kind, ...tables: Table[]) {
  Deno.test(name, () =>
    withTables(async ({ db }, reader) => {
      for (const [columns, values, wanted] of tables) {
        await db.unsafe(
          `drop table if exists public.t; create table public.t (${columns}); insert into public.t values ${values}`,
        ).simple();
        same(linesOf(await summaryOf(reader, "t", kind)), wanted, columns);
      }
    }));
}
