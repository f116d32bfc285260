import type { SealedColumn } from "../credentials/sealed.ts";
import type { Db, Sql } from "../external/postgres/postgres.ts";
import type { Old, TakenCredential, TakenDashboard, TakenUser } from "./evaluate.ts";
import type { Kind } from "../workspaces/names.ts";

export const DASHBOARD_TABLES: Record<string, Kind> = {
  dashboardtiming: "timing",
  dashboardqor: "qor",
  dashboarddrc: "drc",
};
const OLD_TABLES = ["users", "credentials", ...Object.keys(DASHBOARD_TABLES)];

/** What the content of a refused row is bound to. */
export const refusedAad = (id: number) => `refused_rows/${id}`;

export const SEALED_REFUSED_ROWS: SealedColumn[] = [{
  table: "refused_rows",
  id: "id",
  column: "content",
  aad: ({ id }) => refusedAad(id),
  label: ({ id }) => `refused row ${id}`,
}];

/** The tables of an older installation; none where the schema is ours. */
export async function findOldTables(db: Db): Promise<string[]> {
  const [own] = await db<{ columns: number }[]>`
    select count(*) as columns from pg_attribute
    where attrelid = to_regclass('migrations') and attname in ('name', 'sha256')`;
  if (own!.columns === 2 && (await db`select 1 from migrations limit 1`).length > 0) return [];
  const rows = await db<{ name: string }[]>`
    select relname::text as name from pg_class
    where relnamespace = to_regnamespace(quote_ident(current_schema())) and relkind in ('r', 'p')
      and relname::text = any(${OLD_TABLES})`;
  const found = rows.map(({ name }) => name);
  return OLD_TABLES.filter((name) => found.includes(name));
}

export async function columnsOf(db: Db, table: string): Promise<string[]> {
  const rows = await db<{ name: string }[]>`
    select attname::text as name from pg_attribute
    where attrelid = to_regclass(quote_ident(${table})) and attnum > 0 and not attisdropped`;
  return rows.map(({ name }) => name);
}

export async function readRows(db: Db, table: string): Promise<Old[]> {
  const rows = await db<{ row: Old }[]>`select to_jsonb(t) as row from ${db(table)} t`;
  return rows.map(({ row }) => row);
}

/** Nobody reads or writes the tables until the transaction ends; waits for others 10 s. */
export async function lockTables(tx: Db, tables: string[]): Promise<void> {
  await tx`set local lock_timeout = '10s'`;
  for (const table of tables) await tx`lock table ${tx(table)} in access exclusive mode`;
}

/** What else leans on these tables: views, and tables with foreign keys. */
export async function dependentsOf(db: Db, tables: string[]): Promise<string[]> {
  const rows = await db<{ name: string }[]>`
    with old as (
      select to_regclass(quote_ident(name))::oid as id from unnest(${tables}::text[]) name
    )
    select distinct conrelid::regclass::text as name from pg_constraint
    where contype = 'f' and confrelid in (select id from old)
      and conrelid not in (select id from old)
    union
    select distinct r.ev_class::regclass::text from pg_depend d join pg_rewrite r on r.oid = d.objid
    where d.classid = 'pg_rewrite'::regclass and d.refclassid = 'pg_class'::regclass
      and d.refobjid in (select id from old) and r.ev_class not in (select id from old)`;
  return rows.map(({ name }) => name);
}

/** What has one of these names already, beside `tables`. */
export async function inTheWay(db: Db, names: string[], tables: string[]): Promise<string[]> {
  const rows = await db<{ name: string }[]>`
    select relname::text as name from pg_class
    where relnamespace = to_regnamespace(quote_ident(current_schema()))
      and relname::text = any(${names}) and relname::text <> all(${tables})
    union
    select proname::text from pg_proc
    where pronamespace = to_regnamespace(quote_ident(current_schema()))
      and proname::text = any(${names})`;
  return rows.map(({ name }) => name);
}

export async function dropTables(tx: Db, tables: string[]): Promise<void> {
  await tx`drop table ${tx.unsafe(tables.map((name) => `"${name}"`).join(", "))}`;
}

/** Rows go as one JSON text a thousand at a time, so that times keep their microseconds. */
async function inBatches(rows: unknown[], insert: (json: string) => Promise<unknown>) {
  for (let at = 0; at < rows.length; at += 1000) {
    await insert(JSON.stringify(rows.slice(at, at + 1000)));
  }
}

export type NewUser = Omit<TakenUser, "old_id" | "extra"> & { id: number };

export async function insertUsers(tx: Db, users: NewUser[]): Promise<void> {
  await inBatches(users, (json) =>
    tx`
      insert into users (id, username, role, is_active, created_at) overriding system value
      select id, username, role, is_active, coalesce(created_at, now())
      from jsonb_to_recordset(${json}::text::jsonb) as t
        (id bigint, username text, role text, is_active boolean, created_at timestamptz)`);
  await tx`
    select setval(pg_get_serial_sequence('users', 'id'), max(id)) from users having count(*) > 0`;
  await tx`
    insert into audit (actor, action, subject, user_id, from_address, outcome)
    select 'system', 'user.create', username, id, '', 'ok' from users order by id`;
}

export async function insertKeys(tx: Db, keys: { user_id: number; hash: string }[]) {
  await inBatches(keys, (json) =>
    tx`
      insert into api_keys (hash, user_id, adopted) select decode(hash, 'hex'), user_id, true
      from jsonb_to_recordset(${json}::text::jsonb) as t (hash text, user_id bigint)`);
}

export type NewCredential = Omit<TakenCredential, "user" | "extra"> & { user_id: number };

/** `key_value` is sealed. */
export async function insertCredentials(tx: Db, credentials: NewCredential[]): Promise<void> {
  await inBatches(credentials, (json) =>
    tx`
      insert into credentials (user_id, key_name, key_value, created_at, updated_at, expires_at)
      select user_id, key_name, key_value, coalesce(created_at, now()), coalesce(updated_at, now()),
        expires_at
      from jsonb_to_recordset(${json}::text::jsonb) as t (user_id bigint, key_name text,
        key_value text, created_at timestamptz, updated_at timestamptz, expires_at timestamptz)`);
  await tx`
    insert into audit (actor, action, subject, user_id, from_address, outcome)
    select 'system', 'credential.create', u.username || '/' || c.key_name, u.id, '', 'ok'
    from credentials c join users u on u.id = c.user_id order by c.id`;
}

export type NewDashboard = Omit<TakenDashboard, "user" | "table" | "extra"> & {
  id: number;
  user_id: number;
};

/** As done and told: whatever was to be posted of them was posted there. */
export async function insertDashboards(tx: Db, dashboards: NewDashboard[]): Promise<void> {
  await inBatches(dashboards, (json) =>
    tx`
      with old as (
        select * from jsonb_to_recordset(${json}::text::jsonb) as t (id bigint, user_id bigint,
          kind text, old_id bigint, table_name text, source text, dashboard_url text,
          local_snapshot_url text, created_at timestamptz, slack_sent_at timestamptz)
      ), made as (
        insert into dashboards (id, user_id, kind, schema_name, table_name, content, step, run_at,
          created_at) overriding system value
        select id, user_id, kind, 'public', table_name, 'adopted', 'done',
          coalesce(created_at, now()), coalesce(created_at, now())
        from old
      ), told as (
        insert into runs (dashboard_id, run, found_at, told_at, slack_sent_at)
        select id, 1, coalesce(created_at, now()), coalesce(slack_sent_at, created_at, now()),
          slack_sent_at
        from old
      )
      insert into adopted_dashboards (dashboard_id, old_id, source, dashboard_url, local_snapshot_url)
      select id, old_id, source, dashboard_url, local_snapshot_url from old`);
  await tx`
    select setval(pg_get_serial_sequence('dashboards', 'id'), max(id)) from dashboards
    having count(*) > 0`;
}

/** `content` is sealed. */
export type RefusedRow = {
  id: number;
  table_name: string;
  name: string;
  why: string;
  content: string;
};

export async function insertRefused(tx: Db, rows: RefusedRow[]): Promise<void> {
  await inBatches(rows, (json) =>
    tx`
      insert into refused_rows (id, table_name, name, why, content)
      select id, table_name, name, why, content from jsonb_to_recordset(${json}::text::jsonb) as t
        (id bigint, table_name text, name text, why text, content text)`);
}

export async function listRefused(db: Db): Promise<RefusedRow[]> {
  return await db<RefusedRow[]>`
    select id, table_name, name, why, content from refused_rows order by id`;
}

/** The planner's statistics quote values of tables, and the dead rows of dropped ones stay for a while. */
export async function cleanStatistics(db: Sql): Promise<void> {
  await db`vacuum full pg_catalog.pg_statistic`;
}

/** Hashes, in hex, of the keys that were taken over: their form may be another than ours. */
export async function adoptedHashes(db: Db): Promise<string[]> {
  const rows = await db<{ hash: string }[]>`
    select encode(hash, 'hex') as hash from api_keys where adopted or from_environment`;
  return rows.map(({ hash }) => hash);
}
