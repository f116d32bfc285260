import {
  connect,
  connectToUserDatabase,
  type Sql,
} from "../../../src/external/postgres/postgres.ts";
import { passwordsOf } from "../../../src/workspaces/logins.ts";
import {
  databaseName,
  type Kind,
  ownerRole,
  readerRole,
  urlCredential,
} from "../../../src/workspaces/names.ts";
import {
  type Deps as ReaderDeps,
  openWorkspace,
  readerLogin,
} from "../../../src/workspaces/reader.ts";
import { findWorkspace } from "../../../src/workspaces/store.ts";
import type { User } from "./accounts.ts";
import type { Calls } from "./calls.ts";
import type { Deps } from "./deps.ts";
import { login, opened, scoped, testServer } from "./postgres.ts";

/** How to open a user's database as its reader. */
export async function readerAddress(deps: ReaderDeps, user_id: number, kind: Kind) {
  return readerLogin(await openWorkspace(deps, user_id), kind);
}

/** Ways into a user's databases. */
export function logins({ db, deps, call }: { db: Sql; deps: Deps } & Calls) {
  /** The value of one of the user's credentials, as the API reveals it. */
  async function credential({ id }: User, key_name: string) {
    const { body } = await call("GET", `/users/${id}/credentials/${key_name}`);
    return body as { key_value: string; version: number };
  }
  /** The owner's URL of one of the databases. */
  const urlOf = async (user: User, kind: Kind) =>
    (await credential(user, urlCredential(kind))).key_value;
  /** As the user's flow would. */
  const owner = async (user: User, kind: Kind) => login(await urlOf(user, kind));

  async function loginOf({ id, username }: User, role: "owner" | "reader", kind: Kind = "timing") {
    const workspace = (await findWorkspace(db, id))!;
    const password = (await passwordsOf(deps, workspace))[role];
    const user = role === "owner" ? ownerRole(username) : readerRole(username);
    const { address } = deps.servers.of(workspace.server);
    return { ...address, user, password, database: databaseName(username, kind) };
  }

  return {
    credential,
    urlOf,
    owner,
    /** As the service reads, nothing but pg_catalog on the search path. */
    async reader(user: User, kind: Kind) {
      return scoped(connectToUserDatabase(await readerAddress(deps, user.id, kind)));
    },
    /** A login by the stored passwords, at the server's own address. */
    loginOf,
    async loginAs(user: User, role: "owner" | "reader", kind: Kind = "timing") {
      return opened(await loginOf(user, role, kind));
    },
    /** Runs SQL in a user's database as a DBA would, with all rights. */
    async asSuperuser(user: User, kind: Kind, ...statements: string[]) {
      const database = databaseName(user.username, kind);
      await using dba = scoped(connect({ ...await testServer(), database }, 1));
      for (const statement of statements) await dba.unsafe(statement);
    },
    /** Runs SQL as the owner, and has its statistics written at once, as a disconnect does. */
    async write(user: User, kind: Kind, ...statements: string[]) {
      await using flow = await owner(user, kind);
      for (const statement of statements) await flow.unsafe(statement);
      await flow`select pg_catalog.pg_stat_force_next_flush()`;
    },
  };
}
export type Logins = ReturnType<typeof logins>;
