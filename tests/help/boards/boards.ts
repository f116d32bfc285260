import { composeDashboard, type Dashboard } from "../../../src/boards/compose.ts";
import type { Kind } from "../../../src/measures/facts.ts";
import type { Correction } from "../../../src/measures/mapping/correction.ts";
import { readTable } from "../../../src/measures/read.ts";
import { runPanel } from "../../../src/boards/query.ts";
import { connectToUserDatabase, type Sql } from "../../../src/external/postgres/postgres.ts";
import { readTiming } from "./flow_results.ts";
import { never } from "../time.ts";
import { addressOf, type FreshDatabase, freshDatabase, scoped } from "../world/postgres.ts";

/** Where the boards of these tests stand. */
export const place = {
  uid: "dk-1",
  title: "A table",
  tags: ["dashkeeper"],
  datasource: { type: "postgres", uid: "dk-ada-qor" },
};

export type Row = Record<string, string>;

/** The rows of a real result file; fails when the data is not there. */
export async function real(name: string): Promise<Row[]> {
  const file = new URL(`../../../../shared/data/orfs/${name}.csv`, import.meta.url);
  const [head, ...lines] = (await Deno.readTextFile(file)).trim().split(/\r?\n/)
    .map((line) => line.split(","));
  return lines.map((line) => Object.fromEntries(head!.map((name, i) => [name, line[i]!])));
}

const TEXT = /^(platform|design|git_commit|run__flow__platform__time_units|total_time)$/;
/** The SQL type that a team would give a column of the real results. */
export const typeOf = (name: string) =>
  name === "run_ts"
    ? "timestamptz"
    : TEXT.test(name)
    ? "text"
    : name === "iteration"
    ? "integer"
    : "double precision";
const missing = (text: string) => text === "" || text === "ERR" || text === "N/A";

/** Loads a real file as a team would: numbers as numbers, what is missing as null. */
export async function load(db: Sql, name: string): Promise<Row[]> {
  const rows = await real(name);
  const columns = Object.keys(rows[0]!);
  await db.unsafe(
    `create table public.${name} (${columns.map((c) => `"${c}" ${typeOf(c)}`).join(", ")})`,
  );
  const json = rows.map((row) =>
    Object.fromEntries(columns.map((c) => [c, missing(row[c]!) ? null : row[c]!]))
  );
  await db.unsafe(
    `insert into public.${name} select * from json_populate_recordset(null::public.${name}, $1::text::json)`,
    [JSON.stringify(json)],
  );
  return rows;
}

/** The database as its reader sees it: nothing but pg_catalog on the search path. */
function readerOf(url: string) {
  return scoped(connectToUserDatabase(addressOf(url)));
}

export type Shown = {
  title: string;
  type: string;
  status: number;
  columns: Record<string, unknown[]>;
};

/** Every panel with what its query answered, by title. */
export async function drawn(reader: Sql, board: Dashboard): Promise<Map<string, Shown>> {
  const all = new Map<string, Shown>();
  for (const panel of board.panels as { id: number; title: string; type: string }[]) {
    const { status, body } = await runPanel(reader, board, panel.id, never);
    const { frames } = body.results.A!;
    const fields = frames[0]?.schema.fields ?? [];
    const columns = fields.map(({ name }, i) => [name, frames[0]!.data.values[i]!]);
    all.set(panel.title, { ...panel, status, columns: Object.fromEntries(columns) });
  }
  return all;
}

/** A table's board as it is stored, and what its panels answer. */
export async function boardOf(
  reader: Sql,
  table: string,
  kind: Kind,
  schema = "public",
  correction: Correction = {},
) {
  const facts = await readTable(reader, schema, table, kind, correction);
  const board = composeDashboard(facts, place);
  const written = JSON.parse(JSON.stringify(board)) as Dashboard; // as it is stored
  return { board: written, panels: await drawn(reader, written) };
}

/** A fresh database, and its reader. */
export async function withTables(work: (fresh: FreshDatabase, reader: Sql) => Promise<void>) {
  await using fresh = await freshDatabase();
  await using reader = readerOf(fresh.url);
  await work(fresh, reader);
}

/** The real tables and, by each kind, one of the shapes that flows write; their names. */
export async function loadOfEachKind(db: Sql): Promise<string[]> {
  await load(db, "qor_history");
  await load(db, "drc_iterations");
  const timing = await readTiming();
  await db`create table public.timing_summary (platform text, design text, setup_wns_ns float8,
    setup_tns_ns float8, setup_violations int, hold_violations int, max_slew_violations int,
    max_cap_violations int)`;
  await db`insert into public.timing_summary ${db(timing)}`;
  const run = `timestamptz '2026-01-01Z' + i / 100 * interval '1 day' as run_ts,
    'd' || i % 2 as design`;
  await db.unsafe(`
    create table public.history as select * from public.qor_history
      where platform = 'sky130hd' and design = 'gcd';
    create table public.metadata as select 'metadata' as source, design, platform,
      'finish__timing__setup__ws' as metric, setup_wns_ns as value, 'ns' as unit,
      setup_wns_ns >= 0 as pass from public.timing_summary;
    create table public.paths as select ${run}, 'g' || i % 3 as path_group, 'c' || i % 2 as corner,
      (array['max', 'min'])[1 + i / 3 % 2] as path_type, 'e' || i % 7 as endpoint,
      (i * 7919 % 100 - 30) / 100.0 as slack_ns from generate_series(0, 499) i;
    create table public.violations as select ${run}, 'S.' || i % 4 as rule, 'M' || i % 11 as layer,
      i % 50 as x1_um, i % 50 + 1 as x2_um, i % 40 as y1_um, i % 40 + 1 as y2_um
      from generate_series(0, 499) i;
    create table public.stages as select ${run}, (array['place', 'route'])[1 + i % 2] as stage,
      60 + i % 9 as runtime_s from generate_series(0, 499) i;
    create table public.anything as select now() - i * interval '1 hour' as seen, 'v' || i % 4 as state,
      i * 31 % 17 as reading from generate_series(0, 99) i;
    create table public.no_time as select 'v' || i % 4 as state, i * 31 % 17 as reading
      from generate_series(0, 99) i`).simple();
  return [
    "qor_history",
    "drc_iterations",
    "timing_summary",
    "history",
    "metadata",
    "paths",
    "violations",
    "stages",
    "anything",
    "no_time",
  ];
}
