import type { SealKeys } from "../credentials/seal.ts";
import { AppError } from "../errors.ts";
import { type Address, connectToUserDatabase, type Sql } from "../external/postgres/postgres.ts";
import { databaseName, type Kind, ownerRole, readerRole } from "./names.ts";
import { passwordsOf } from "./logins.ts";
import type { Passwords } from "./provision.ts";
import { findWorkspace, type Workspace } from "./store.ts";
import type { Servers, WorkspaceServer } from "./servers.ts";

export type Deps = { db: Sql; sealKeys: SealKeys; servers: Servers };

/** A workspace with its server and passwords, read and opened once for a piece of work. */
export type OpenWorkspace = {
  workspace: Workspace;
  server: WorkspaceServer;
  passwords: Passwords;
};

/** Throws 404 where there is no such workspace or its user is not active. */
export async function openWorkspace(deps: Deps, user_id: number): Promise<OpenWorkspace> {
  const workspace = await findWorkspace(deps.db, user_id);
  if (!workspace?.is_active) {
    throw new AppError("workspace_unknown", 404, "There is no such workspace.");
  }
  const server = deps.servers.of(workspace.server);
  return { workspace, server, passwords: await passwordsOf(deps, workspace) };
}

/** How to open a user's database as its reader. */
export function readerLogin(
  { workspace: { username }, server: { address }, passwords }: OpenWorkspace,
  kind: Kind,
): Address {
  const database = databaseName(username, kind);
  return { ...address, user: readerRole(username), password: passwords.reader, database };
}

/** Opens a user's database as its owner for the duration of `work`. */
export async function asOwner<T>(
  { workspace: { username }, server: { address }, passwords }: OpenWorkspace,
  kind: Kind,
  work: (owner: Sql) => Promise<T>,
): Promise<T> {
  const database = databaseName(username, kind);
  const login = { ...address, user: ownerRole(username), password: passwords.owner, database };
  const owner = connectToUserDatabase(login, { statementMs: 0 });
  try {
    return await work(owner);
  } finally {
    await owner.end({ timeout: 1 }).catch(() => {});
  }
}

/** Opens a user's database as its reader for the duration of `work`: a few at a time on each server. */
export async function asReader<T>(
  opened: OpenWorkspace,
  kind: Kind,
  work: (reader: Sql) => Promise<T>,
): Promise<T> {
  return await opened.server.withPermit(async () => {
    const reader = connectToUserDatabase(readerLogin(opened, kind));
    try {
      return await work(reader);
    } finally {
      await reader.end({ timeout: 1 }).catch(() => {});
    }
  });
}

/** openWorkspace() and asReader() in one. */
export async function withReader<T>(
  deps: Deps,
  user_id: number,
  kind: Kind,
  work: (reader: Sql) => Promise<T>,
): Promise<T> {
  return await asReader(await openWorkspace(deps, user_id), kind, work);
}
