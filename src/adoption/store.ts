import type { SealedColumn } from "../credentials/sealed.ts";
import type { Db, Sql } from "../external/postgres/postgres.ts";
import type { Old, TakenDashboard } from "./evaluate.ts";
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

/** Views, and tables with foreign keys. */
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

export type OldDashboard =
  & { id: number }
  & Pick<
    TakenDashboard,
    "old_id" | "source" | "dashboard_url" | "local_snapshot_url"
  >;

/** What the views of the older tables show of dashboards that are inserted already. */
export async function insertOldDashboards(tx: Db, dashboards: OldDashboard[]): Promise<void> {
  await tx`
    insert into adopted_dashboards (dashboard_id, old_id, source, dashboard_url, local_snapshot_url)
    select id, old_id, source, dashboard_url, local_snapshot_url
    from jsonb_to_recordset(${JSON.stringify(dashboards)}::text::jsonb) as t (id bigint,
      old_id bigint, source text, dashboard_url text, local_snapshot_url text)`;
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
  await tx`
    insert into refused_rows (id, table_name, name, why, content)
    select id, table_name, name, why, content
    from jsonb_to_recordset(${JSON.stringify(rows)}::text::jsonb) as t
      (id bigint, table_name text, name text, why text, content text)`;
}

export async function listRefused(db: Db): Promise<RefusedRow[]> {
  return await db<RefusedRow[]>`
    select id, table_name, name, why, content from refused_rows order by id`;
}

/** The planner's statistics quote values of tables, and the dead rows of dropped ones stay for a while. */
export async function cleanStatistics(db: Sql): Promise<void> {
  await db`vacuum full pg_catalog.pg_statistic`;
}
