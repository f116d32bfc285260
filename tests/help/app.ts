import { strictEqual as equal } from "node:assert";
import { makeApp } from "../../src/app.tsx";
import { scan } from "../../src/pipeline/scan/scan.ts";
import { listenForEvents } from "../../src/external/events.ts";
import { connect, connectToUserDatabase, type Sql } from "../../src/external/postgres/postgres.ts";
import { hashKey, makeKey } from "../../src/users/key.ts";
import { insertKey } from "../../src/users/key_store.ts";
import { ensureAdmin } from "../../src/users/users.ts";
import { adminOnly } from "../../src/who.ts";
import { type Kind, KINDS } from "../../src/workspaces/names.ts";
import { readerAddress } from "../../src/workspaces/reader.ts";
import { makeDeps } from "./deps.ts";
import { freshDatabase, testServer } from "./postgres.ts";
import { addAccount } from "./rows.ts";

/** A signal that never fires. */
export const never = new AbortController().signal;

export const FRONTEND = "http://dashkeeper.test";

/** A username that no other test has: roles and databases belong to the whole server. */
export const freshName = () => `u${crypto.getRandomValues(new Uint8Array(5)).toHex()}`;

export type User = { id: number; username: string; api_key: string };
// deno-lint-ignore no-explicit-any
export type Reply = { status: number; headers: Headers; body: any; text: string };
type Sent = { key?: string; json?: unknown; headers?: Record<string, string>; body?: BodyInit };

/** A pool with one connection that ends with its scope. */
export function scoped(sql: Sql): Sql & AsyncDisposable {
  return Object.assign(sql, { [Symbol.asyncDispose]: () => sql.end({ timeout: 1 }) });
}

/** Opens a login URL as psql would: nothing is set beside what the server sets. */
export function login(url: string): Sql & AsyncDisposable {
  const { hostname, port, username, password, pathname } = new URL(url);
  return scoped(connect({
    host: hostname,
    port: Number(port),
    user: decodeURIComponent(username),
    password: decodeURIComponent(password),
    database: decodeURIComponent(pathname.slice(1)),
  }, 1));
}

type Options = NonNullable<Parameters<typeof makeDeps>[1]>;

/** The real app on a port of its own, over a fresh database; its users' databases go with it. */
export async function startApp({ adminKey, outside = {} }: Options = {}) {
  const fresh = await freshDatabase();
  const { db } = fresh;
  const deps = await makeDeps(db, { adminKey, outside });
  const { lines } = deps;
  const events = await listenForEvents(db);
  const stopped = new AbortController();
  const look = (who: Parameters<typeof adminOnly>[0]) => {
    adminOnly(who);
    return scan(deps, never);
  };
  const app = await makeApp({ ...deps, events, look, stopped: stopped.signal });
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    (request, { remoteAddr }) => app.fetch(request, { from: remoteAddr.hostname }),
  );
  const origin = `http://127.0.0.1:${server.addr.port}`;
  const admin = await ensureAdmin(db, adminKey) ?? adminKey!;
  const names: string[] = [];

  async function send(method: string, path: string, { key, json, headers, body }: Sent = {}) {
    const all = new Headers(headers);
    if (key) all.set("authorization", `Bearer ${key}`);
    if (json !== undefined) all.set("content-type", "application/json");
    const sent = json === undefined ? body : JSON.stringify(json);
    const response = await fetch(origin + path, {
      method,
      headers: all,
      redirect: "manual",
      ...(sent === undefined ? {} : { body: sent }),
    });
    const text = await response.text();
    const isJson = response.headers.get("content-type")?.startsWith("application/json");
    const { status } = response;
    return {
      status,
      headers: response.headers,
      text,
      body: isJson && text ? JSON.parse(text) : text,
    };
  }

  const api = (method: string, path: string, sent: Sent = {}): Promise<Reply> =>
    send(method, `/api/v1${path}`, { key: admin, ...sent });

  return {
    db,
    deps,
    origin,
    admin,
    send,
    /** A call of the API, by the admin unless `key` says otherwise. */
    api,
    /** What the app logged. */
    lines,
    /** Names whose roles and databases are removed at the end. */
    names,
    /** A user with a key and without databases. */
    async addMember(username: string): Promise<User> {
      const [id, api_key] = [await addAccount(db, username), await makeKey()];
      await insertKey(db, id, await hashKey(api_key));
      return { id, username, api_key };
    },
    /** Signs a person in, as the page's form does; returns the Cookie header. */
    async signIn(api_key: string): Promise<string> {
      const body = new URLSearchParams({ api_key });
      const { status, headers } = await send("POST", "/sign-in", { headers: { origin }, body });
      equal(status, 303);
      return headers.getSetCookie()[0]!.split(";")[0]!;
    },
    /** A user with its databases. */
    async addUser(username = freshName()): Promise<User> {
      names.push(username);
      const { status, body, text } = await api("POST", "/users", { json: { username } });
      equal(status, 201, text);
      return body;
    },
    /** The owner's login to one of the user's databases, as the API reveals it. */
    async urlOf({ id }: User, kind: Kind): Promise<string> {
      const name = `${kind.toUpperCase()}_DATABASE_URL`;
      const { body } = await api("GET", `/users/${id}/credentials/${name}`);
      return body.key_value;
    },
    async owner(user: User, kind: Kind) {
      return login(await this.urlOf(user, kind));
    },
    async reader(user: User, kind: Kind) {
      return scoped(connectToUserDatabase(await readerAddress(deps, user.id, kind)));
    },
    /** Runs SQL in a user's database as a DBA would, with all rights. */
    async asSuperuser(user: User, kind: Kind, ...statements: string[]) {
      const database = `${user.username}_${kind}`;
      await using dba = scoped(connect({ ...await testServer(), database }, 1));
      for (const statement of statements) await dba.unsafe(statement);
    },
    /** Runs SQL as the owner, and has its statistics written at once, as a disconnect does. */
    async write(user: User, kind: Kind, ...statements: string[]) {
      await using owner = await this.owner(user, kind);
      for (const statement of statements) await owner.unsafe(statement);
      await owner`select pg_catalog.pg_stat_force_next_flush()`;
    },
    async [Symbol.asyncDispose]() {
      stopped.abort();
      await events.close();
      await server.shutdown();
      await dropUsers(db, names);
      await fresh[Symbol.asyncDispose]();
    },
  };
}

export type TestApp = Awaited<ReturnType<typeof startApp>>;

/** Removes what belongs to these usernames on the whole server, as far as it is there. */
export async function dropUsers(db: Sql, names: string[]) {
  const databases = names.flatMap((name) => KINDS.map((kind) => `${name}_${kind}`));
  await Promise.all(databases.map((name) => db`drop database if exists ${db(name)} with (force)`));
  for (const name of names) {
    await db`drop role if exists ${db(`${name}_owner`)}, ${db(`${name}_reader`)}`;
  }
}
