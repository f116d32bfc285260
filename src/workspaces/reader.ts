import type { SealKeys } from "../credentials/seal.ts";
import { AppError } from "../errors.ts";
import { type Address, connectToUserDatabase, type Sql } from "../external/postgres/postgres.ts";
import { databaseName, type Kind, readerRole } from "./names.ts";
import { passwordsOf } from "./logins.ts";
import { findWorkspace } from "./store.ts";
import type { Servers } from "./servers.ts";

export type Deps = { db: Sql; sealKeys: SealKeys; servers: Servers };

async function find(deps: Deps, user_id: number, kind: Kind) {
  const workspace = await findWorkspace(deps.db, user_id);
  if (!workspace?.is_active) {
    throw new AppError("workspace_unknown", 404, "There is no such workspace.");
  }
  const { username } = workspace;
  const { address, withPermit } = deps.servers.of(workspace.server);
  const { reader: password } = await passwordsOf(deps, workspace);
  const login: Address = {
    ...address,
    user: readerRole(username),
    password,
    database: databaseName(username, kind),
  };
  return { login, withPermit };
}

export async function readerAddress(deps: Deps, user_id: number, kind: Kind): Promise<Address> {
  return (await find(deps, user_id, kind)).login;
}

/**
 * Opens a user's database as its reader, a few at a time on each server. Throws 404 for an unknown workspace
 * or an inactive user.
 */
export async function withReader<T>(
  deps: Deps,
  user_id: number,
  kind: Kind,
  work: (reader: Sql) => Promise<T>,
): Promise<T> {
  const { login, withPermit } = await find(deps, user_id, kind);
  return await withPermit(async () => {
    const reader = connectToUserDatabase(login);
    try {
      return await work(reader);
    } finally {
      await reader.end({ timeout: 1 }).catch(() => {});
    }
  });
}
