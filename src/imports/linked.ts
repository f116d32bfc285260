import type { Sql } from "../external/postgres/postgres.ts";
import { findDashboards } from "../pipeline/imported/store.ts";
import type { ImportedTable } from "./store.ts";

type WithTables = { user_id: number; tables: ImportedTable[] };

/** Imports whose tables have the id of their dashboard, or null. */
export async function withDashboards<Import extends WithTables>(db: Sql, imports: Import[]) {
  const place = (user_id: number, { kind, schema_name, table_name }: ImportedTable) => {
    return { user_id, kind, schema_name, table_name };
  };
  const keyOf = (table: ReturnType<typeof place>) =>
    JSON.stringify([table.user_id, table.kind, table.schema_name, table.table_name]);
  const all = imports.flatMap(({ user_id, tables }) => tables.map((one) => place(user_id, one)));
  const asked = new Map(all.map((table) => [keyOf(table), table]));
  const ids = new Map(
    (await findDashboards(db, [...asked.values()])).map((one) => [keyOf(one), one.id]),
  );
  return imports.map((one) => ({
    ...one,
    tables: one.tables.map((table) => ({
      ...table,
      dashboard_id: ids.get(keyOf(place(one.user_id, table))) ?? null,
    })),
  }));
}
export type Linked = ImportedTable & { dashboard_id: number | null };
