import { KINDS } from "../../workspaces/names.ts";
import { asReader, type OpenWorkspace } from "../../workspaces/reader.ts";
import { changesFor } from "./fit.ts";
import type { TablePlan } from "./plan.ts";
import { existingColumns } from "./table_store.ts";
import type { Written } from "./write.ts";

/** What writeTables() would do. Throws 409 `table_conflict`. */
export async function checkTables(opened: OpenWorkspace, plans: TablePlan[]): Promise<Written[]> {
  const found: Written[] = [];
  for (const kind of KINDS) {
    const own = plans.filter((plan) => plan.kind === kind);
    if (own.length === 0) continue;
    await asReader(opened, kind, async (reader) => {
      for (const { name, table, columns } of own) {
        const existing = await existingColumns(reader, name);
        if (existing) changesFor(name, existing, columns);
        found.push({ kind, name, table, created: !existing });
      }
    });
  }
  return found;
}
