import { ok, strictEqual as equal } from "node:assert";
import { makeApp } from "../../src/app.tsx";
import { scan } from "../../src/pipeline/scan/scan.ts";
import { listenForEvents } from "../../src/external/events.ts";
import { connect, type Db, type Sql } from "../../src/external/postgres/postgres.ts";
import { hashKey, makeKey } from "../../src/users/key.ts";
import { insertKey } from "../../src/users/key_store.ts";
import { insertUser } from "../../src/users/store.ts";
import { ensureAdmin } from "../../src/users/users.ts";
import { adminOnly } from "../../src/who.ts";
import { KINDS } from "../../src/workspaces/names.ts";
import { makeDeps, type Options } from "./deps.ts";
export type { Options };
import { type Document, faultsOf, operationOf } from "./openapi.ts";
import { freshDatabase } from "./postgres.ts";

export const never = new AbortController().signal;

/** A username that no other test has: roles and databases belong to the whole server. */
export const freshName = () => `u${crypto.getRandomValues(new Uint8Array(5)).toHex()}`;

export type User = { id: number; username: string; api_key: string };
// deno-lint-ignore no-explicit-any
export type Reply = { status: number; headers: Headers; body: any; text: string };
export type Sent = {
  /** null: none. */
  key?: string | null;
  json?: unknown;
  body?: BodyInit;
  headers?: Record<string, string>;
};
/** Opens a login URL as psql would; ends with its scope. */
export function login(url: string): Sql & AsyncDisposable {
  const { hostname, port, username, password, pathname } = new URL(url);
  const db = connect({
    host: hostname,
    port: Number(port),
    user: decodeURIComponent(username),
    password: decodeURIComponent(password),
    database: decodeURIComponent(pathname.slice(1)),
  }, 1);
  return Object.assign(db, { [Symbol.asyncDispose]: () => db.end({ timeout: 1 }) });
}

/**
 * The real app over a fresh database of the test server, which also holds its users' databases. Each
 * answer to call() is held against the OpenAPI document.
 */
export async function startApi(options: Options = {}) {
  const fresh = await freshDatabase();
  const { db } = fresh;
  const deps = await makeDeps(db, options);
  const events = await listenForEvents(db);
  const stopped = new AbortController();
  const app = await makeApp({
    ...deps,
    events,
    stopped: stopped.signal,
    look(who) {
      adminOnly(who);
      return scan(deps, never);
    },
  });
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    (request, { remoteAddr }) => app.fetch(request, { from: remoteAddr.hostname }),
  );
  const origin = `http://127.0.0.1:${server.addr.port}`;
  const document: Document = await (await fetch(`${origin}/api/v1/openapi.json`)).json();
  const admin = await ensureAdmin(db, options.adminKey) ?? options.adminKey!;
  const names = new Set<string>();

  async function send(method: string, path: string, { key, json, body, headers }: Sent = {}) {
    const all = new Headers(headers);
    if (key) all.set("authorization", `Bearer ${key}`);
    const sent = json === undefined ? body : JSON.stringify(json);
    if (sent !== undefined && !all.has("content-type")) all.set("content-type", "application/json");
    const init = { method, headers: all, redirect: "manual", signal: AbortSignal.timeout(30_000) };
    const response = await fetch(origin + path, {
      ...init as RequestInit,
      ...(sent === undefined ? {} : { body: sent }),
    });
    const text = await response.text();
    const isJson = response.headers.get("content-type")?.startsWith("application/json");
    const { status } = response;
    const reply: Reply = { status, headers: response.headers, text, body: undefined };
    if (isJson && text) reply.body = JSON.parse(text);
    return reply;
  }

  return {
    db,
    deps,
    app,
    origin,
    document,
    admin,
    /** What the app logged. */
    lines: deps.lines,
    /** A request of any kind, without a key unless it is given. */
    send,
    /** A call of the API, by the admin unless `key` says otherwise; `/users` and so on. */
    async call(method: string, path: string, sent: Sent = {}): Promise<Reply> {
      const reply = await send(method, `/api/v1${path}`, { key: admin, ...sent });
      if (reply.status !== 204 && method !== "HEAD") {
        holdAgainstDocument(document, method, path, reply);
      }
      return reply;
    },
    /** A user with databases of its own, made through the API. */
    async addUser(role = "member"): Promise<User> {
      const json = { username: freshName(), role };
      const { status, body, text } = await this.call("POST", "/users", { json });
      equal(status, 201, text);
      return body;
    },
    /** A user with a key and without databases: 0.2 s less. */
    async addAccount(role: "admin" | "member" = "member", username = freshName()): Promise<User> {
      const api_key = await makeKey();
      const { id } = await insertUser(db, username, role);
      await insertKey(db, id, await hashKey(api_key));
      return { id, username, api_key };
    },
    /** Does `first`, commits it when `n` of what `then` began wait for its lock, and returns their result. */
    async behind<T>(n: number, first: (tx: Db) => Promise<unknown>, then: () => Promise<T>) {
      let result!: Promise<T>;
      await db.begin(async (tx) => {
        await first(tx);
        result = then();
        const deadline = Date.now() + 10_000;
        for (let waiting = 0; waiting < n && Date.now() < deadline;) {
          waiting = (await db`
            select 1 from pg_stat_activity
            where wait_event_type = 'Lock' and datname = current_database()`).length;
        }
      });
      return await result;
    },
    /** The record, newest first: `action subject outcome` by `actor`. */
    async recorded(query = ""): Promise<string[]> {
      const { body } = await this.call("GET", `/audit?limit=500${query}`);
      return body.entries.map((
        { actor, action, subject, outcome }: Record<string, string>,
      ) => `${actor}: ${action} ${subject} ${outcome}`);
    },
    /** Names of users who are gone and whose databases may still be there. */
    names,
    async [Symbol.asyncDispose]() {
      stopped.abort();
      await events.close();
      await server.shutdown();
      for (const { username } of await db`select username from users`) names.add(username);
      await dropLeftovers(db, [...names]);
      await fresh[Symbol.asyncDispose]();
    },
  };
}
export type TestApi = Awaited<ReturnType<typeof startApi>>;

/** Drops what these names have on the server, in two queries where that is nothing. */
async function dropLeftovers(db: Sql, names: string[]) {
  const databases = names.flatMap((name) => KINDS.map((kind) => `${name}_${kind}`));
  for (
    const { datname } of await db`
    select datname::text from pg_database where datname::text = any(${databases})`
  ) {
    await db`drop database if exists ${db(datname)} with (force)`;
  }
  const roles = names.flatMap((name) => [`${name}_owner`, `${name}_reader`]);
  for (
    const { rolname } of await db`
    select rolname::text from pg_roles where rolname::text = any(${roles})`
  ) {
    await db`drop role ${db(rolname)}`;
  }
}

function holdAgainstDocument(document: Document, method: string, path: string, reply: Reply) {
  const { status, headers, body, text } = reply;
  const what = `${method} ${path.slice(0, 200)} ${status}`;
  if (status >= 400) {
    equal(body?.request_id, headers.get("x-request-id"), `${what} ${text.slice(0, 300)}`);
    ok(!/\n\s+at /.test(text), `${what}: a stack`);
  }
  const operation = operationOf(document, method, path.split("?")[0]!);
  if (!operation || status === 405) return;
  const response = operation.responses[status];
  ok(response, `${what} is not in the OpenAPI document: ${text.slice(0, 300)}`);
  const schema = response.content?.["application/json"]?.schema;
  if (schema) equal(faultsOf(document, schema, body).join("; "), "", what);
}

/** Holds an error reply against the status and code that it must have. */
export function refused(reply: Reply, status: number, code: string, what?: string) {
  equal(`${reply.status} ${reply.body?.code}`, `${status} ${code}`, what ?? reply.text);
}
