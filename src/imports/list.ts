import type { z } from "@hono/zod-openapi";
import type { Sql } from "../external/postgres/postgres.ts";
import { visibleUser } from "../users/users.ts";
import type { Who } from "../who.ts";
import { findWorkspace } from "../workspaces/store.ts";
import type { ListedImport } from "./result.ts";
import { type ImportFilter, listImports } from "./store.ts";

/** Newest first; members see their own. Throws 404 for those of another user. */
export async function pageOfImports(
  db: Sql,
  who: Who,
  filter: ImportFilter,
  { limit, below }: { limit: number; below: number },
) {
  if (filter.user_id !== undefined) await visibleUser(db, who, filter.user_id);
  const user_id = who.role === "admin" ? filter.user_id : who.user_id;
  const found = await listImports(db, { ...filter, user_id }, below, limit + 1);
  const imports = found.slice(0, limit) as z.infer<typeof ListedImport>[];
  return { imports, next: found.length > limit ? imports.at(-1)!.id : null };
}

/** Whether `who` has databases to import into. */
export async function hasDatabases(db: Sql, { user_id }: Who): Promise<boolean> {
  return (await findWorkspace(db, user_id))?.is_active ?? false;
}
