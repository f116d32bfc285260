import postgres, { type Sql, type TransactionSql } from "postgres";
import { ExternalError } from "../../src/errors.ts";
import { DEADLINES } from "../../src/external/postgres/deadlines.ts";
import { type Cell, type Kind, type Options, sampleTables, type Table } from "./tables.ts";
import type { Log } from "../../src/external/log/log.ts";

const SEED = 20_260_301;
/** Runs of a first fill: 30 nights fill a trend; DRC's are heavier (240 rows a design and run). */
const FIRST_RUNS: Record<Kind, number> = { timing: 30, qor: 30, drc: 12 };
const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;

/** How much a table holds already: `runs` is 0 and `last` null where there is none. */
type Held = { runs: number; last: Date | null };

/**
 * Fills a database of `kind` with its tables, or appends one run, of now, to each that has rows.
 * Throws an ExternalError when a table of that name has other columns, else what postgres.js throws.
 */
export async function fillDatabase(
  url: string,
  kind: Kind,
  { log }: { log: Log },
): Promise<{ tables: { table_name: string; rows: number }[] }> {
  const sql = postgres(url, {
    max: 1,
    connect_timeout: 5,
    onnotice: () => {}, // "already exists, skipping" is what `if not exists` asked for
    connection: { search_path: "pg_catalog", statement_timeout: MINUTE_MS },
  });
  // A server that is silent would keep COPY waiting for ever.
  let last = performance.now();
  const moved = () => last = performance.now();
  const { silence } = DEADLINES.long;
  const watch = setInterval(() => {
    if (performance.now() - last > silence) sql.end({ timeout: 0 });
  }, silence / 30);
  try {
    const tables = [];
    const now = new Date();
    for (const { table_name } of sampleTables(kind, { seed: SEED, runs: 0, firstRun: now })) {
      const held = await heldBy(sql, table_name);
      moved();
      const table = tableAfter(kind, table_name, held, now);
      await writeTables(sql, [table], { append: held.runs > 0, moved });
      log.info(
        `${kind}: ${table.rows.length} rows ${held.runs > 0 ? "more " : ""}in ${table_name}`,
      );
      tables.push({ table_name, rows: table.rows.length });
    }
    return { tables };
  } finally {
    clearInterval(watch);
    await sql.end({ timeout: 5 });
  }
}

/** The first runs, the last of them an hour ago; or the run that comes after the last one held. */
function tableAfter(kind: Kind, table_name: string, { runs, last }: Held, now: Date): Table {
  const first = FIRST_RUNS[kind];
  const options: Options = last
    ? {
      seed: SEED,
      runs: 1,
      runOffset: runs,
      firstRun: new Date(Math.max(now.getTime(), last.getTime() + MINUTE_MS)),
    }
    : {
      seed: SEED,
      runs: first,
      firstRun: new Date(now.getTime() - (first - 1) * DAY_MS - 60 * MINUTE_MS),
    };
  return sampleTables(kind, options).find((table) => table.table_name === table_name)!;
}

/**
 * Creates each table where there is none and copies its rows in, a transaction a table, so that a
 * reader sees a run whole or not at all; `moved` is called as they go. Throws an ExternalError when a table has other columns; has rows and
 * `append` is false; or has a run as late as the first one to append.
 */
export async function writeTables(
  sql: Sql,
  tables: Table[],
  { append, moved = () => {} }: { append: boolean; moved?: () => void },
) {
  for (const table of tables) {
    const name = `public.${quoted(table.table_name)}`;
    await sql.begin(async (tx) => {
      const columns = table.columns.map((column) => `${quoted(column.name)} ${column.type}`);
      await tx.unsafe(`create table if not exists ${name} (${columns.join(", ")})`);
      if (["design", "run_ts"].every((one) => table.columns.some(({ name }) => name === one))) {
        const index = quoted(`${table.table_name}_design_run_ts_idx`);
        await tx.unsafe(`create index if not exists ${index} on ${name} (design, run_ts)`);
      }
      await tx.unsafe(`lock table ${name} in share row exclusive mode`); // two fills at once
      const { last } = await heldBy(tx, table.table_name);
      const first = firstRunOf(table);
      if (last && !append) throw refuse(`${name} has rows already: append, or drop it first.`);
      if (last && first && first <= last) {
        throw refuse(`${name} has a run of ${last.toISOString()}: only later ones are appended.`);
      }
      await copyRows(tx, name, table, moved);
    });
  }
}

/**
 * Copies in and asks once more: when the server refuses the last rows, postgres.js 3.4.9 reports nothing
 * (neither `finish` nor `error` comes, issue 1173), but the transaction's next statement fails.
 */
async function copyRows(
  tx: TransactionSql,
  name: string,
  { columns, rows }: Table,
  moved: () => void,
) {
  const names = columns.map((column) => quoted(column.name)).join(", ");
  const copy = await tx.unsafe(`copy ${name} (${names}) from stdin`).writable();
  let refusal: Error | undefined;
  copy.on("error", (error) => refusal = error);
  for (const lines of copyLines(rows)) {
    const lost = await new Promise<unknown>((done) => copy.write(lines, done));
    if (lost) throw refusal ?? lost;
    moved();
  }
  copy.end();
  try {
    await tx.unsafe("select 1");
  } catch (error) {
    if (codeOf(error) !== "25P02") throw error;
    throw refuse(
      `${name} refused the rows: it has columns of other types. Rename or drop it first.`,
    );
  }
}

async function heldBy(sql: Pick<Sql, "unsafe">, table_name: string): Promise<Held> {
  const name = `public.${quoted(table_name)}`;
  try {
    const [held] = await sql.unsafe<{ runs: number; last: Date | string | null }[]>(
      `select count(distinct run_ts)::int as runs, max(run_ts) as last from ${name}`,
    );
    const { runs, last } = held!;
    return { runs, last: last === null ? null : new Date(last) }; // a pool may parse times to text
  } catch (error) {
    if (codeOf(error) === "42P01") return { runs: 0, last: null };
    if (codeOf(error) !== "42703") throw error;
    throw refuse(`${name} is not a table of samples: it has no run_ts. Rename or drop it first.`);
  }
}

function refuse(message: string) {
  return new ExternalError("PostgreSQL", message, true);
}

/** PostgreSQL's five characters (42P01: no such table, 42703: column, 25P02: after a failure). */
function codeOf(error: unknown): unknown {
  return (error as { code?: unknown }).code;
}

function firstRunOf({ columns, rows }: Table): Date | undefined {
  const at = columns.findIndex(({ name }) => name === "run_ts");
  return rows[0]?.[at] as Date | undefined;
}

/** COPY's text format, in pieces of 500 rows (some 100 kB). */
function* copyLines(rows: Cell[][]) {
  for (let at = 0; at < rows.length; at += 500) {
    yield rows.slice(at, at + 500).map((row) => row.map(copyText).join("\t") + "\n").join("");
  }
}

function copyText(cell: Cell): string {
  if (cell === null) return "\\N";
  if (cell instanceof Date) return cell.toISOString();
  return String(cell).replace(/[\\\t\n\r]/g, (char) => COPY_ESCAPES[char]!);
}

const COPY_ESCAPES: Record<string, string> = {
  "\\": "\\\\",
  "\t": "\\t",
  "\n": "\\n",
  "\r": "\\r",
};

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
