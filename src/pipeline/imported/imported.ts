import type { Sql } from "../../external/postgres/postgres.ts";
import { asReader, type OpenWorkspace } from "../../workspaces/reader.ts";
import type { Kind } from "../../workspaces/names.ts";
import { beginImport, beginWaitingImports, scheduleImports } from "../row.ts";
import { contentOf } from "../scan/content.ts";
import { relationsIn } from "../scan/relations.ts";
import { awaitRun, deleteAwaited, endAwaiting } from "./store.ts";

export type ImportedTable = { kind: Kind; table_name: string };

/** The content of the tables as the next scan sees it. */
async function contents(opened: OpenWorkspace, kind: Kind, names: string[]) {
  return await asReader(opened, kind, async (reader) => {
    const relations = (await relationsIn(reader)).filter(({ schema_name, table_name }) =>
      schema_name === "public" && names.includes(table_name)
    );
    const found = [];
    for (const relation of relations) {
      const { content, rows } = await contentOf(reader, relation);
      found.push({ ...relation, content, row_count: rows });
    }
    return found;
  });
}

/**
 * Begins the runs of tables that an import has committed: a minute after their last message, or, with `more`,
 * when the rest of the run has come. Returns the rows' ids.
 */
export async function reportImport(
  { db }: { db: Sql },
  opened: OpenWorkspace,
  tables: ImportedTable[],
  { run_id, more }: { run_id: string; more: boolean },
): Promise<number[]> {
  const { user_id } = opened.workspace;
  const ids: number[] = [];
  for (const [kind, own] of Map.groupBy(tables, ({ kind }) => kind)) {
    const found = await contents(opened, kind, own.map(({ table_name }) => table_name));
    for (const { schema_name, table_name, content, row_count } of found) {
      const table = { user_id, kind, schema_name, table_name, content, row_count };
      const id = await db.begin(async (tx) => {
        const id = await beginImport(tx, table);
        if (id !== undefined && more) await awaitRun(tx, id, run_id);
        if (id !== undefined) await scheduleImports(tx, [id]);
        return id;
      });
      if (id !== undefined) ids.push(id);
    }
  }
  if (!more) await scheduleImports(db, [...await endAwaiting(db, user_id, run_id), ...ids]);
  return ids;
}

/** Begins what waited for the run before, and forgets runs whose files did not come. */
export async function beginImports({ db }: { db: Sql }): Promise<void> {
  await beginWaitingImports(db);
  await deleteAwaited(db);
}
