import { z } from "@hono/zod-openapi";
import { audited, type AuditedAction } from "../../audit/audit.ts";
import { AppError } from "../../errors.ts";
import type { Sql } from "../../external/postgres/postgres.ts";
import { addReadView } from "../../pipeline/scan/ignored_store.ts";
import { type Ignored, listIgnored } from "../../pipeline/scan/store.ts";
import type { Who } from "../../who.ts";
import { Username } from "../../users/users.ts";
import { KINDS } from "../../workspaces/names.ts";

const Identifier = z.string().min(1).max(63).refine(
  (name) => !name.includes("\0") && name.isWellFormed(),
  "A name that PostgreSQL cannot have.",
);
export const TableName = z.strictObject({
  username: Username,
  kind: z.enum(KINDS),
  schema_name: Identifier.openapi({ example: "public" }),
  table_name: Identifier.openapi({ example: "worst_paths" }),
}).openapi("TableName");
type TableName = z.infer<typeof TableName>;

export const IgnoredTable = TableName.extend({ why: z.string() }).openapi("IgnoredTable");

export function visibleIgnored(db: Sql, who: Who): Promise<Ignored[]> {
  return listIgnored(db, who.role === "admin" ? undefined : who.user_id);
}

/** Takes effect with the next scan. Throws 404 `table_unknown`, 409 `not_a_view`. */
export async function readView(db: Sql, who: Who, name: TableName): Promise<TableName> {
  const table = (await visibleIgnored(db, who)).find((table) => isNamed(table, name));
  if (!table) {
    throw new AppError("table_unknown", 404, "The scan ignores no table of this name.");
  }
  const subject = `${name.username}/${name.kind}/${name.schema_name}.${name.table_name}`;
  const action: AuditedAction = { action: "view.read", subject, user_id: table.user_id };
  await audited(db, who, action, async (tx) => {
    if (table.type !== "view") {
      throw new AppError("not_a_view", 409, `Only a view can be read on request. ${table.why}`);
    }
    await addReadView(tx, table);
  });
  return name;
}

const isNamed = (table: Ignored, name: TableName) =>
  (["username", "kind", "schema_name", "table_name"] as const)
    .every((part) => table[part] === name[part]);
