import { AppError } from "../errors.ts";
import { connectToUserDatabase, type Sql } from "../external/postgres.ts";
import { databaseName, type Kind, readerRole } from "./names.ts";
import { passwordsOf } from "./steps.ts";
import { findWorkspace } from "./store.ts";
import type { Deps } from "./workspaces.ts";

/**
 * Opens a user's database as its reader for the time of `work`: for one look, a few at a time on each
 * server. Throws 404 where there is no such workspace or its user is not active.
 */
export async function withReader<T>(
  deps: Deps,
  user_id: number,
  kind: Kind,
  work: (reader: Sql) => Promise<T>,
): Promise<T> {
  const workspace = await findWorkspace(deps.db, user_id);
  if (!workspace?.is_active) {
    throw new AppError("workspace_unknown", 404, "There is no such workspace.");
  }
  const { place, inTurn } = deps.servers.of(workspace.server);
  const { reader: password } = await passwordsOf(deps, workspace);
  const { username } = workspace;
  return await inTurn(async () => {
    const database = databaseName(username, kind);
    const login = { user: readerRole(username), password, database };
    const reader = connectToUserDatabase({ ...place, ...login });
    try {
      return await work(reader);
    } finally {
      await reader.end({ timeout: 1 }).catch(() => {});
    }
  });
}
