import type { Db } from "../../external/postgres/postgres.ts";
import type { Kind } from "../../workspaces/names.ts";
import type { Relation } from "./relations.ts";

export type IgnoredTable = {
  schema_name: string;
  table_name: string;
  why: string;
  type: Relation["type"];
};

export async function saveIgnored(
  db: Db,
  user_id: number,
  kind: Kind,
  ignored: IgnoredTable[],
): Promise<void> {
  const given = db`
    select * from unnest(${ignored.map(({ schema_name }) => schema_name)}::text[],
      ${ignored.map(({ table_name }) => table_name)}::text[], ${
    ignored.map(({ why }) => why)
  }::text[],
      ${ignored.map(({ type }) => type)}::text[]) g (schema_name, table_name, why, type)`;
  await db`
    with gone as (
      delete from ignored_tables where user_id = ${user_id} and kind = ${kind}
        and (schema_name, table_name) not in (select schema_name, table_name from (${given}) g)
    )
    insert into ignored_tables as i (user_id, kind, schema_name, table_name, why, type)
    select ${user_id}, ${kind}, g.* from (${given}) g
    on conflict (user_id, kind, schema_name, table_name)
      do update set why = excluded.why, type = excluded.type
      where (i.why, i.type) <> (excluded.why, excluded.type)`;
}

type Name = { schema_name: string; table_name: string };

export async function readViews(db: Db, user_id: number, kind: Kind): Promise<Name[]> {
  return await db<Name[]>`
    select schema_name, table_name from read_views where user_id = ${user_id} and kind = ${kind}`;
}

/** From the next scan on; also restores a deleted row of the view. */
export async function addReadView(
  db: Db,
  { user_id, kind, schema_name, table_name }: Name & { user_id: number; kind: Kind },
): Promise<void> {
  await db`
    insert into read_views (user_id, kind, schema_name, table_name)
    values (${user_id}, ${kind}, ${schema_name}, ${table_name}) on conflict do nothing`;
  await db`
    update dashboards set content = ''
    where user_id = ${user_id} and kind = ${kind} and schema_name = ${schema_name}
      and table_name = ${table_name} and deleted_at is not null`;
  await db`
    update scanned_databases set counter = -1 where user_id = ${user_id} and kind = ${kind}`;
}

export async function removeReadView(db: Db, dashboard_id: number): Promise<void> {
  await db`
    with removed as (
      delete from read_views v using dashboards d
      where d.id = ${dashboard_id} and (v.user_id, v.kind, v.schema_name, v.table_name)
        = (d.user_id, d.kind, d.schema_name, d.table_name)
      returning v.user_id, v.kind
    )
    update scanned_databases s set counter = -1 from removed r
    where s.user_id = r.user_id and s.kind = r.kind`;
}
