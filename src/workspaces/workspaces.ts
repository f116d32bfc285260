import { z } from "@hono/zod-openapi";
import { audited, type Deed } from "../audit/audit.ts";
import { type Deps as CredentialDeps, sealCredential } from "../credentials/credentials.ts";
import { open, seal } from "../credentials/seal.ts";
import { AppError, ExternalError } from "../errors.ts";
import { asExternal, databaseUrl, isUniqueViolation } from "../external/postgres.ts";
import type { Address, Db, Server } from "../external/postgres.ts";
import { hashKey, makeKey } from "../users/key.ts";
import { insertKey } from "../users/key_store.ts";
import { findUser, insertUser } from "../users/store.ts";
import { adminOnly, Role, User, UserDetails, userDetails, Username } from "../users/users.ts";
import type { Who } from "../who.ts";
import { makeWorkspace } from "./make.ts";
import * as names from "./names.ts";
import * as store from "./store.ts";

/** `server`: where the users' databases are. */
export type Deps = CredentialDeps & { server: Server };

export const NewUser = z.strictObject({
  username: Username,
  role: Role.default("member"),
}).openapi("NewUser");

const Databases = z.object({ timing: z.string(), qor: z.string(), drc: z.string() }).partial();
export const UserWithDatabases = UserDetails.extend({ databases: Databases })
  .openapi("UserWithDatabases");
export const CreatedUser = User.extend({
  databases: Databases,
  api_key: z.string().openapi({ description: "Shown this once; only its hash is stored." }),
}).openapi("CreatedUser");

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/** 32 random characters: 190 bits. 248 = 4 × 62, so that no character comes more often. */
function makePassword(): string {
  let password = "";
  while (password.length < 32) {
    for (const byte of crypto.getRandomValues(new Uint8Array(48))) {
      if (byte < 248 && password.length < 32) password += ALPHABET[byte % 62];
    }
  }
  return password;
}

/** Where a password is sealed to. */
export const place = (user_id: number, role: "owner" | "reader") => `workspaces/${user_id}/${role}`;

/**
 * A new user with its key, three databases and their credentials. The account is there at once and as a
 * whole; databases that a server refuses now are made by the job later. Throws 409 `user_exists` or
 * `name_taken`.
 */
export async function createUser(
  deps: Deps,
  who: Who,
  { username, role }: z.infer<typeof NewUser>,
) {
  const api_key = makeKey();
  const user = await insertAccount(deps, who, { username, role }, await hashKey(api_key));
  const workspace = await store.findWorkspace(deps.db, user.id);
  if (workspace) await finish(deps, workspace);
  return { ...user, api_key, databases: names.databases(username) };
}

async function insertAccount(
  deps: Deps,
  who: Who,
  { username, role }: z.infer<typeof NewUser>,
  hash: Uint8Array,
) {
  const wanted = [...Object.values(names.databases(username)), names.ownerRole(username)];
  const [foreign] = await store.takenNames(deps.db, [...wanted, names.readerRole(username)]);
  const deed: Deed = { action: "user.create", subject: username, user_id: null };
  return await audited(deps.db, who, deed, async (tx) => {
    adminOnly(who);
    const user = await insertUser(tx, username, role).catch((error) => {
      if (!isUniqueViolation(error)) throw error;
      throw new AppError("user_exists", 409, `There is already a user ${username}.`);
    });
    if (foreign || await store.isBeingDropped(tx, username)) throw nameTaken(foreign ?? username);
    await insertKey(tx, user.id, hash);
    await insertSecrets({ ...deps, db: tx }, user, who.username);
    deed.user_id = user.id;
    return user;
  });
}

/** The passwords of the two roles, and the three logins that are the user's own. */
export async function insertSecrets(
  { db, sealKeys, server }: Omit<Deps, "db"> & { db: Db },
  { id: user_id, username }: { id: number; username: string },
  by: string,
) {
  const [owner, reader] = [makePassword(), makePassword()];
  await store.insertWorkspace(db, {
    user_id,
    owner_password: await seal(sealKeys, place(user_id, "owner"), owner),
    reader_password: await seal(sealKeys, place(user_id, "reader"), reader),
  });
  for (const kind of names.KINDS) {
    const key_value = databaseUrl({
      ...server,
      user: names.ownerRole(username),
      password: owner,
      database: names.databaseName(username, kind),
    });
    const key_name = names.urlCredential(kind);
    await sealCredential({ db, sealKeys }, user_id, { key_name, key_value }, by);
  }
}

function nameTaken(name: string): AppError {
  return new AppError(
    "name_taken",
    409,
    `The server has a role or database "${name}" that is in the way: take another username.`,
  );
}

async function finish(deps: Deps, workspace: store.Workspace): Promise<void> {
  const { user_id, username, owner_password, reader_password } = workspace;
  try {
    await makeWorkspace(deps.db, deps.server, username, {
      owner: await open(deps.sealKeys, place(user_id, "owner"), owner_password),
      reader: await open(deps.sealKeys, place(user_id, "reader"), reader_password),
    });
    await store.noteWorkspace(deps.db, user_id, null);
  } catch (error) {
    const known = asExternal(error);
    const why = known instanceof ExternalError ? known.message : "Unexpected error.";
    await store.noteWorkspace(deps.db, user_id, why);
    if (!(known instanceof ExternalError)) throw error;
  }
}

/** Goes on with the workspaces that are not complete: a server was away, or the process was killed. */
export async function finishWorkspaces(deps: Deps, signal: AbortSignal): Promise<void> {
  for (const workspace of await store.unfinishedWorkspaces(deps.db)) {
    if (signal.aborted) return;
    await finish(deps, workspace);
  }
}

/** The user with its databases. `admin` has none. Throws 404 for what `who` may not see. */
export async function showUser({ db }: Deps, who: Who, id: number) {
  const { has_workspace, ...user } = await userDetails(db, who, id);
  return { ...user, databases: has_workspace ? names.databases(user.username) : {} };
}

/** How to open a user's database as its reader. Undefined: the user has no workspace, or is gone. */
export async function readerAddress(
  { db, sealKeys, server }: Deps,
  user_id: number,
  kind: names.Kind,
): Promise<Address | undefined> {
  const workspace = await store.findWorkspace(db, user_id);
  if (!workspace || !(await findUser(db, user_id))?.is_active) return undefined;
  return {
    ...server,
    user: names.readerRole(workspace.username),
    password: await open(sealKeys, place(user_id, "reader"), workspace.reader_password),
    database: names.databaseName(workspace.username, kind),
  };
}
