import type { Db } from "../external/postgres/postgres.ts";
import { databaseName, databases, KINDS } from "./names.ts";
import { asReader, type Deps as ReaderDeps, openWorkspace } from "./reader.ts";
import type { WorkspaceServer } from "./servers.ts";
import { databaseSizes, workspacesOn } from "./store.ts";

/** What each user's databases on a server take up. */
export async function workspaceSizes(db: Db, { name, master }: WorkspaceServer) {
  const users = await workspacesOn(db, name);
  const namesOf = (username: string) => Object.values(databases(username));
  const sizes = await databaseSizes(master, users.flatMap(({ username }) => namesOf(username)));
  return users.map(({ user_id, username }) => {
    const kinds = KINDS.map((kind) => ({
      kind,
      bytes: sizes.get(databaseName(username, kind)) ?? 0,
    }));
    return { user_id, username, kinds, bytes: kinds.reduce((sum, { bytes }) => sum + bytes, 0) };
  });
}

/** The user's largest table with its indexes, asked for as the reader. */
export async function largestTable(deps: ReaderDeps, user_id: number) {
  const opened = await openWorkspace(deps, user_id);
  const found = await Promise.all(KINDS.map(async (kind) => {
    const rows = await asReader(opened, kind, (reader) =>
      reader<{ name: string; bytes: number }[]>`
        select n.nspname || '.' || c.relname as name, pg_total_relation_size(c.oid) as bytes
        from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
        where c.relkind in ('r', 'm') and n.nspname not in ('pg_catalog', 'information_schema')
        order by 2 desc limit 1`);
    const database = databaseName(opened.workspace.username, kind);
    return rows.map((row) => ({ ...row, database }));
  }));
  return found.flat().sort((a, b) => b.bytes - a.bytes)[0];
}
