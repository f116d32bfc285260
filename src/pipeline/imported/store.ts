import type { Db, Fragment } from "../../external/postgres/postgres.ts";
import type { Kind } from "../../workspaces/names.ts";

type Table = { user_id: number; kind: Kind; schema_name: string; table_name: string };

/** Imports within a minute after a message are reported together. */
const GATHER_SECONDS = 60;
/** How long a run waits for the rest of its files. */
const AWAITED_SECONDS = 300;

/** When a row may be processed that an import has begun. */
export const dueAfterImport = (db: Db, dashboard_id: number): Fragment =>
  db`greatest(now(),
    (select max(posted_at) from runs where dashboard_id = ${dashboard_id})
      + make_interval(secs => ${GATHER_SECONDS}),
    (select max(until) from awaited_runs where dashboard_id = ${dashboard_id}))`;

export type KnownRow = {
  id: number;
  run: number;
  content: string;
  is_tombstone: boolean;
  /** Nothing is under way: a new run may begin. */
  is_idle: boolean;
  /** Its run has not been looked at. */
  is_next: boolean;
};

export async function lockRow(db: Db, table: Table): Promise<KnownRow | undefined> {
  const { user_id, kind, schema_name, table_name } = table;
  const [row] = await db<KnownRow[]>`
    select id, run, content, deleted_at is not null as is_tombstone,
      step = 'done' or stopped or archived_at is not null or deleted_at is not null as is_idle,
      step = 'create' and not stopped and (claimed_until is null or claimed_until < now()) as is_next
    from dashboards
    where user_id = ${user_id} and kind = ${kind} and schema_name = ${schema_name}
      and table_name = ${table_name}
    for update`;
  return row;
}

export async function waitingImports(db: Db) {
  return await db<(Table & { id: number; content: string; row_count: number })[]>`
    select id, user_id, kind, schema_name, table_name, import_content as content,
      import_rows as row_count
    from dashboards
    where import_content is not null and (step = 'done' or stopped) and deleted_at is null
      and archived_at is null
    order by id for update skip locked`;
}

export async function awaitRun(db: Db, dashboard_id: number, run_name: string): Promise<void> {
  await db`
    insert into awaited_runs (dashboard_id, run_name, until)
    values (${dashboard_id}, ${run_name}, now() + make_interval(secs => ${AWAITED_SECONDS}))
    on conflict (dashboard_id, run_name) do update set until = excluded.until`;
}

/** The run is complete in all tables of the user. Returns those that waited for it. */
export async function endAwaiting(db: Db, user_id: number, run_name: string): Promise<number[]> {
  const rows = await db<{ id: number }[]>`
    delete from awaited_runs a using dashboards d
    where d.id = a.dashboard_id and d.user_id = ${user_id} and a.run_name = ${run_name}
    returning d.id`;
  return rows.map(({ id }) => id);
}

export async function deleteAwaited(db: Db): Promise<void> {
  await db`delete from awaited_runs where until < now()`;
}

/** The dashboards of these tables, where they have one. */
export async function findDashboards(db: Db, tables: Table[]): Promise<(Table & { id: number })[]> {
  if (tables.length === 0) return [];
  return await db<(Table & { id: number })[]>`
    select d.id, d.user_id, d.kind, d.schema_name, d.table_name
    from jsonb_to_recordset(${JSON.stringify(tables)}::text::jsonb)
      as t (user_id bigint, kind text, schema_name text, table_name text)
    join dashboards d using (user_id, kind, schema_name, table_name)
    where d.deleted_at is null`;
}
