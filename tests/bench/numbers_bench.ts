import type { Sql } from "../../src/external/postgres/postgres.ts";
import type { Kind } from "../../src/measures/facts.ts";
import { readTable } from "../../src/measures/read.ts";
import { summarize } from "../../src/measures/summary.ts";
import { load, TABLES, timed, withBench } from "./boards_bench.ts";

const ROUNDS = 3;
const WIDE = 300;

/** What a table is grouped by where only its runs and groups are asked for. */
const GROUPS = "run_ts, platform, design";

/**
 * Mapping and all numbers of a table of a million rows, in ms, beside a plain GROUP BY of its run and group
 * columns in the same run; and those of a table of 300 columns.
 */
export const benchNumbers = () =>
  withBench(async (reader) => {
    console.table(await measureAll(reader));
    console.log(`${WIDE} columns: ${await measureWide(reader)} ms`);
  });

async function measureAll(reader: Sql) {
  const rows: Record<string, Record<string, string>> = {};
  for (const { table, kind, columns } of TABLES.filter(({ table }) => table !== "anything")) {
    await load(reader, table, columns);
    rows[table] = await measure(reader, table, kind);
  }
  return rows;
}

async function measure(reader: Sql, table: string, kind: Kind) {
  const plain = await least(() =>
    reader.unsafe(`select ${GROUPS}, count(*) from public.${table} group by ${GROUPS}`)
  );
  const facts = await readTable(reader, "public", table, kind);
  const read = await least(() => readTable(reader, "public", table, kind));
  const numbers = await least(() => summarize(reader, facts));
  return {
    "GROUP BY": plain.toFixed(0),
    mapping: read.toFixed(0),
    numbers: numbers.toFixed(0),
    times: ((read + numbers) / plain).toFixed(1),
  };
}

async function measureWide(reader: Sql) {
  const columns = Array.from({ length: WIDE }, (_, i) => `i * ${i + 1}.5 as "metric ${i}"`);
  await reader.unsafe(
    `create table public.wide as select ${columns.join(", ")} from generate_series(1, 1000) i`,
  );
  return (await least(async () => {
    await summarize(reader, await readTable(reader, "public", "wide", "qor"));
  })).toFixed(0);
}

async function least(work: () => Promise<unknown>): Promise<number> {
  const taken: number[] = [];
  for (let i = 0; i < ROUNDS; i++) taken.push(await timed(work));
  return Math.min(...taken);
}
