import type { Db, Sql } from "../../external/postgres/postgres.ts";
import { renameCorrection } from "../../measures/mapping/store.ts";
import { LOCKS, withLock } from "../../external/postgres/lock.ts";
import { renameTable } from "../row.ts";
import type { Kind } from "../../workspaces/names.ts";
import { isReadyOn } from "../../workspaces/store.ts";
import type { IgnoredTable } from "./ignored_store.ts";

export type ChangedDatabase = {
  user_id: number;
  username: string;
  kind: Kind;
  counter: number;
  now: string;
};
/** `counter`: rows inserted, updated and deleted. */
export type Counter = { server: string; name: string; counter: number };

export async function countersOf(master: Db, server: string): Promise<Counter[]> {
  return await master<Counter[]>`
    select ${server} as server, datname::text as name,
      tup_inserted + tup_updated + tup_deleted as counter
    from pg_stat_database where datname is not null`;
}

/** Databases with a changed counter (lower after a crash), a due table, or unopened for an hour. */
export async function changedDatabases(db: Db, counters: Counter[]): Promise<ChangedDatabase[]> {
  // From the few databases to users by index: there may be a million users.
  const ours = counters.flatMap(({ server, name, counter }) => {
    const [, username, kind] = /^(.+)_(timing|qor|drc)$/.exec(name) ?? [];
    return username && kind ? [{ server, username, kind, counter }] : [];
  });
  return await db<ChangedDatabase[]>`
    select u.id as user_id, u.username, d.kind, d.counter, now() as now
    from unnest(${ours.map(({ server }) => server)}::text[],
        ${ours.map(({ username }) => username)}::text[], ${ours.map(({ kind }) => kind)}::text[],
        ${ours.map(({ counter }) => counter)}::int8[]) d (server, username, kind, counter)
      join users u on u.username = d.username collate "C" and u.is_active
      left join scanned_databases s on s.user_id = u.id and s.kind = d.kind
    where ${isReadyOn(db, db`u.id`, db`d.server`)}
      and (s.counter is distinct from d.counter or s.opened_at < now() - interval '1 hour'
        or exists (
          select from scanned_tables t
          where t.user_id = u.id and t.kind = d.kind and t.scan_at <= now()))
    order by u.id, d.kind`;
}

export async function recordOpened(db: Db, { user_id, kind, counter }: ChangedDatabase) {
  await db`
    insert into scanned_databases (user_id, kind, counter) values (${user_id}, ${kind}, ${counter})
    on conflict (user_id, kind) do update set counter = excluded.counter, opened_at = now()`;
}

export type KnownTable = {
  schema_name: string;
  table_name: string;
  counter: number | null; // null: not scanned since its row was made
  content: string | null;
  changed_at: string | null;
  since: string | null;
  scan_at: string | null;
  scanned_at: string | null;
  id: number | null; // of its row
  dashboard_content: string | null;
  run: number | null;
  run_at: string | null;
  busy: boolean;
  archived: boolean;
  deleted: boolean;
};

export async function knownTables(db: Db, user_id: number, kind: Kind): Promise<KnownTable[]> {
  return await db<KnownTable[]>`
    select schema_name, table_name, t.counter, t.content, t.changed_at, t.since, t.scan_at,
      t.scanned_at, d.id, d.content as dashboard_content, d.run, d.run_at,
      coalesce(d.step <> 'done' and not d.stopped, false) as busy,
      d.archived_at is not null as archived, d.deleted_at is not null as deleted
    from (select * from scanned_tables where user_id = ${user_id} and kind = ${kind}) t
      full join (select * from dashboards where user_id = ${user_id} and kind = ${kind}) d
      using (schema_name, table_name)`;
}

export type TableState = {
  schema_name: string;
  table_name: string;
  counter: number;
  content: string;
  changed_at: Date;
  since: Date;
  why: string | null;
  scan_at: Date | null;
};

export async function rememberTable(db: Db, user_id: number, kind: Kind, table: TableState) {
  const { schema_name, table_name, counter, content, why } = table;
  const changed_at = table.changed_at.toISOString();
  const since = table.since.toISOString();
  const scan_at = table.scan_at?.toISOString() ?? null;
  await db`
    insert into scanned_tables
      (user_id, kind, schema_name, table_name, counter, content, changed_at, since, why, scan_at)
    values (${user_id}, ${kind}, ${schema_name}, ${table_name}, ${counter}, ${content}, ${changed_at},
      ${since}, ${why}, ${scan_at})
    on conflict (user_id, kind, schema_name, table_name) do update set
      counter = excluded.counter, content = excluded.content, changed_at = excluded.changed_at,
      since = excluded.since, why = excluded.why, scan_at = excluded.scan_at, scanned_at = now()`;
}

type Name = Pick<TableState, "schema_name" | "table_name">;

/** Also moves its correction and its place in read_views. */
export async function renameDashboard(
  db: Sql,
  from: Name & { id: number; user_id: number; kind: Kind },
  to: Name,
): Promise<void> {
  const { id, user_id, kind } = from;
  await db.begin(async (tx) => {
    await renameTable(tx, id, to);
    await tx`
      with left_behind as (
        delete from read_views where user_id = ${user_id} and kind = ${kind}
          and schema_name = ${from.schema_name} and table_name = ${from.table_name}
        returning user_id, kind
      )
      insert into read_views (user_id, kind, schema_name, table_name)
      select user_id, kind, ${to.schema_name}, ${to.table_name} from left_behind
      on conflict do nothing`;
    await renameCorrection(tx, from, to);
  });
}

/** Deletes the scan state of tables that are not among `there`. */
export async function forgetOthers(db: Db, user_id: number, kind: Kind, there: Name[]) {
  const schemas = there.map(({ schema_name }) => schema_name);
  const tables = there.map(({ table_name }) => table_name);
  await db`
    delete from scanned_tables where user_id = ${user_id} and kind = ${kind}
      and (schema_name, table_name) not in
        (select * from unnest(${schemas}::text[], ${tables}::text[]))`;
}

export type Waiting = {
  username: string;
  kind: Kind;
  schema_name: string;
  table_name: string;
  why: string;
};

export async function waitingTables(db: Db): Promise<Waiting[]> {
  return await db<Waiting[]>`
    select u.username, t.kind, t.schema_name, t.table_name, t.why
    from scanned_tables t join users u on u.id = t.user_id and u.is_active
    where t.why is not null order by 1, 2, 3, 4`;
}

export type WaitingTable = Waiting & { user_id: number; since: string };

/** Tables without a dashboard that wait for their first run, the one that waits longest first. */
export async function listWaiting(
  db: Db,
  user_id: number | undefined,
  most: number,
): Promise<WaitingTable[]> {
  return await db<WaitingTable[]>`
    select t.user_id, u.username, t.kind, t.schema_name, t.table_name, t.why, t.since
    from scanned_tables t join users u on u.id = t.user_id and u.is_active
    where t.why is not null ${user_id === undefined ? db`` : db`and t.user_id = ${user_id}`}
      and not exists (
        select from dashboards d
        where (d.user_id, d.kind, d.schema_name, d.table_name) =
            (t.user_id, t.kind, t.schema_name, t.table_name)
          and d.deleted_at is null and d.archived_at is null)
    order by t.since, t.schema_name, t.table_name limit ${most}`;
}

export type Ignored = IgnoredTable & { user_id: number; username: string; kind: Kind };

export async function listIgnored(db: Db, user_id?: number): Promise<Ignored[]> {
  return await db<Ignored[]>`
    select i.user_id, u.username, i.kind, i.schema_name, i.table_name, i.why, i.type
    from ignored_tables i join users u on u.id = i.user_id and u.is_active
    ${user_id === undefined ? db`` : db`where i.user_id = ${user_id}`}
    order by 2, 3, 4, 5`;
}

/** Milliseconds until the next table is due; undefined without one. */
export async function nextScan(db: Db): Promise<number | undefined> {
  const [row] = await db<{ ms: number | null }[]>`
    select extract(epoch from min(scan_at) - now())::float8 * 1000 as ms
    from scanned_tables where scan_at is not null`;
  return row?.ms ?? undefined;
}

export function lockScan<T>(db: Sql, work: () => Promise<T>): Promise<T> {
  return withLock(db, LOCKS.scan, work);
}

export async function tablesByKind(db: Db, user_id: number): Promise<Map<Kind, number>> {
  const rows = await db<{ kind: Kind; tables: number }[]>`
    select kind, count(*) as tables from scanned_tables where user_id = ${user_id} group by kind`;
  return new Map(rows.map(({ kind, tables }) => [kind, tables]));
}
