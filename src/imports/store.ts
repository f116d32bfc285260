import type { Db } from "../external/postgres/postgres.ts";
import { usernameOf } from "../users/store.ts";
import type { Kind } from "../workspaces/names.ts";
import type { Warning } from "./worker/messages.ts";
import type { Key } from "./write/plan.ts";

/** A table that a file has gone into. */
export type ImportedTable = {
  kind: Kind;
  schema_name: string;
  table_name: string;
  rows: number;
  created: boolean;
};

export type NewImport = {
  user_id: number;
  imported_by: string;
  file: string | null;
  format: string;
  tool: string | null;
  run_id: string;
  tables: ImportedTable[];
  key: Key;
  warnings: Warning[];
};

export async function insertImport(db: Db, row: NewImport): Promise<number> {
  const { user_id, imported_by, file, format, tool, run_id, tables, key, warnings } = row;
  const row_count = tables.reduce((sum, { rows }) => sum + rows, 0);
  const [made] = await db<{ id: number }[]>`
    insert into imports
      (user_id, imported_by, file, format, tool, run_id, tables, key, warnings, row_count)
    values (${user_id}, ${imported_by}, ${file}, ${format}, ${tool}, ${run_id},
      ${JSON.stringify(tables)}::text::jsonb, ${JSON.stringify(key)}::text::jsonb,
      ${JSON.stringify(warnings)}::text::jsonb, ${row_count})
    returning id`;
  return made!.id;
}

export type ImportRow = Omit<NewImport, "key"> & {
  id: number;
  username: string;
  imported_at: string;
  rows: number;
};

export type ImportFilter = {
  user_id?: number | undefined;
  format?: string | undefined;
  run_id?: string | undefined;
};

/** Newest first. */
export async function listImports(
  db: Db,
  { user_id, format, run_id }: ImportFilter,
  below: number,
  limit: number,
): Promise<ImportRow[]> {
  return await db<ImportRow[]>`
    select i.id, i.user_id, ${
    usernameOf(db, db`i.user_id`)
  } as username, i.imported_by, i.imported_at,
      i.file, i.format, i.tool, i.run_id, i.tables, i.warnings, i.row_count as rows
    from imports i where i.id < ${below}
      ${user_id === undefined ? db`` : db`and i.user_id = ${user_id}`}
      ${format === undefined ? db`` : db`and i.format = ${format}`}
      ${run_id === undefined ? db`` : db`and i.run_id = ${run_id}`}
    order by i.id desc limit ${limit}`;
}

/** Where the last import of the same file and run has put its rows. */
export async function findFormer(
  db: Db,
  { user_id, run_id, format, key }: { user_id: number; run_id: string; format: string; key: Key },
): Promise<ImportedTable[]> {
  const [row] = await db<{ tables: ImportedTable[] }[]>`
    select tables from imports
    where user_id = ${user_id} and run_id = ${run_id} and format = ${format}
      and key = ${JSON.stringify(key)}::text::jsonb
    order by id desc limit 1`;
  return row?.tables ?? [];
}
