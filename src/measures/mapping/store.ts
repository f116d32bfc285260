import type { Db } from "../../external/postgres/postgres.ts";
import type { Kind } from "../facts.ts";
import type { Correction } from "./correction.ts";

/** By name: a correction survives dropping and recreating the table. */
export type TableName = { user_id: number; kind: Kind; schema_name: string; table_name: string };

export async function findCorrection(db: Db, table: TableName): Promise<Correction | undefined> {
  const { user_id, kind, schema_name, table_name } = table;
  const [row] = await db<{ correction: Correction }[]>`
    select correction from mappings where user_id = ${user_id} and kind = ${kind}
      and schema_name = ${schema_name} and table_name = ${table_name}`;
  return row?.correction;
}

/** False: nothing changed. */
export async function saveCorrection(
  db: Db,
  table: TableName,
  correction: Correction,
): Promise<boolean> {
  const { user_id, kind, schema_name, table_name } = table;
  const { count } = await db`
    insert into mappings (user_id, kind, schema_name, table_name, correction)
    values (${user_id}, ${kind}, ${schema_name}, ${table_name},
      ${JSON.stringify(correction)}::text::jsonb)
    on conflict (user_id, kind, schema_name, table_name)
    do update set correction = excluded.correction
    where mappings.correction is distinct from excluded.correction`;
  return count === 1;
}

export async function removeCorrection(db: Db, table: TableName): Promise<boolean> {
  const { user_id, kind, schema_name, table_name } = table;
  const { count } = await db`
    delete from mappings where user_id = ${user_id} and kind = ${kind}
      and schema_name = ${schema_name} and table_name = ${table_name}`;
  return count === 1;
}

/** Keeps an existing correction of the new name. */
export async function renameCorrection(
  db: Db,
  { user_id, kind, schema_name, table_name }: TableName,
  to: Pick<TableName, "schema_name" | "table_name">,
): Promise<void> {
  await db`
    update mappings set schema_name = ${to.schema_name}, table_name = ${to.table_name}
    where user_id = ${user_id} and kind = ${kind} and schema_name = ${schema_name}
      and table_name = ${table_name} and not exists (
        select from mappings where user_id = ${user_id} and kind = ${kind}
          and schema_name = ${to.schema_name} and table_name = ${to.table_name})`;
}
