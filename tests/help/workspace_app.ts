import { strictEqual as equal } from "node:assert";
import { makeApp } from "../../src/app.tsx";
import { importSealKey } from "../../src/credentials/seal.ts";
import { importSigningKey } from "../../src/credentials/sign.ts";
import { scan } from "../../src/pipeline/scan/scan.ts";
import { type EmbeddedServer, startEmbedded } from "../../src/external/postgres/embedded.ts";
import { migrate } from "../../src/external/postgres/migrate.ts";
import { listenForEvents } from "../../src/external/events.ts";
import { type Address, connect, type Sql } from "../../src/external/postgres/postgres.ts";
import { readInstallation } from "../../src/credentials/installation_store.ts";
import { limitFailures } from "../../src/users/failure_limit.ts";
import { ensureAdmin } from "../../src/users/users.ts";
import { adminOnly } from "../../src/who.ts";
import {
  databaseName,
  type Kind,
  KINDS,
  ownerRole,
  readerRole,
} from "../../src/workspaces/names.ts";
import { type Login, openServers } from "../../src/workspaces/servers.ts";
import { passwordsOf } from "../../src/workspaces/logins.ts";
import { findWorkspace } from "../../src/workspaces/store.ts";
import { freshDatabase, testServer } from "./postgres.ts";

export const never = new AbortController().signal;
/** A username that no other test has: roles and databases belong to the whole server. */
export const freshName = () => `w${crypto.getRandomValues(new Uint8Array(5)).toHex()}`;

// deno-lint-ignore no-explicit-any
export type Reply = { status: number; headers: Headers; body: any };
export type Shown = { host?: string; port?: number };
export type Options = {
  /** The master database and its login; by default a fresh one of the test server, as superuser. */
  master?: Address;
  others?: { login: Login; shown: Shown }[];
  shown?: Shown;
  installation?: string;
};
export type User = { id: number; username: string; api_key: string };

/** A pool that ends with its scope. */
export const opened = (address: Address, most = 1): Sql & AsyncDisposable => {
  const db = connect(address, most);
  return Object.assign(db, { [Symbol.asyncDispose]: () => db.end({ timeout: 1 }) });
};

/** The SQLSTATE, or the driver's code, with which the work is refused; "" when it is not. */
export async function refusal(work: PromiseLike<unknown>): Promise<string> {
  return await Promise.resolve(work).then(() => "", (error) => String(error.code ?? error));
}

async function masterDatabase({ master }: Options) {
  if (!master) return await freshDatabase();
  const db = connect(master);
  await migrate(db);
  return { db, [Symbol.asyncDispose]: () => db.end({ timeout: 1 }) };
}

/** The real app over a fresh database, without its clock: a test runs the jobs itself. */
export async function startWorkspaces(options: Options = {}) {
  const base = await testServer();
  const fresh = await masterDatabase(options);
  const { db } = fresh;
  const { host, port } = options.master ?? base;
  const sealKey = crypto.getRandomValues(new Uint8Array(32));
  const lines: string[] = [];
  const frontend_url = "http://dashkeeper.test";
  const servers = await openServers(db, { host, port }, options.shown ?? {}, options.others ?? []);
  const deps = {
    db,
    servers,
    sealKeys: { current: await importSealKey(sealKey) },
    log: (line: string) => void lines.push(line),
    installation: await readInstallation(db, frontend_url),
    signingKey: await importSigningKey(sealKey.toBase64()),
    outside: { slack_api_url: "http://127.0.0.1:1/api", allowed_hosts: [] },
    limits: { scanSeconds: 5, settleSeconds: 0, updateMinSeconds: 0 },
  };
  const events = await listenForEvents(db);
  const stopped = new AbortController();
  const tick = () => scan(deps, never);
  const admin = (await ensureAdmin(db, undefined))!;
  const app = await makeApp(
    {
      ...deps,
      frontend_url,
      adminKey: undefined,
      failures: limitFailures(),
      trust_proxy: false,
      board_link_days: 30,
      browser: { state: () => ({ state: "ready", message: "" }) },
      events,
      stopped: stopped.signal,
      async look(who) {
        adminOnly(who);
        return await tick();
      },
    } as Parameters<typeof makeApp>[0],
  );

  /** A call of `/api/v1`, by the admin unless `key` says otherwise. */
  async function call(method: string, path: string, json?: unknown, key = admin): Promise<Reply> {
    const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" };
    const body = json === undefined ? null : JSON.stringify(json);
    const request = new Request(`http://dashkeeper.test/api/v1${path}`, { method, headers, body });
    const reply = await app.fetch(request, { from: "127.0.0.1" });
    const text = await reply.text();
    return { status: reply.status, headers: reply.headers, body: text && JSON.parse(text) };
  }

  async function addUser(username = freshName(), more: object = {}): Promise<User> {
    const { status, body } = await call("POST", "/users", { username, ...more });
    equal(status, 201, JSON.stringify(body));
    equal(body.workspace.state, "ready", JSON.stringify(body.workspace));
    return body;
  }

  /** A login to a database of the user's, as the owner or the reader. */
  async function loginOf({ id, username }: User, role: "owner" | "reader", kind: Kind = "timing") {
    const workspace = (await findWorkspace(db, id))!;
    const password = (await passwordsOf(deps, workspace))[role];
    const user = role === "owner" ? ownerRole(username) : readerRole(username);
    const { address } = servers.of(workspace.server);
    return { ...address, user, password, database: databaseName(username, kind) };
  }

  return {
    app,
    db,
    deps,
    sealKey: [...sealKey],
    servers,
    admin,
    lines,
    tick,
    call,
    addUser,
    loginOf,
    async loginAs(user: User, role: "owner" | "reader", kind: Kind = "timing") {
      return opened(await loginOf(user, role, kind));
    },
    /** The value of one of the user's credentials. */
    async credential({ id }: User, key_name: string) {
      const { body } = await call("GET", `/users/${id}/credentials/${key_name}`);
      return body as { key_value: string; version: number };
    },
    async [Symbol.asyncDispose]() {
      stopped.abort();
      await events.close();
      await servers.close();
      await fresh[Symbol.asyncDispose]();
    },
  };
}
export type TestWorkspaces = Awaited<ReturnType<typeof startWorkspaces>>;

/** What a server has of a username's five names. */
export async function thereOf(root: Sql, username: string): Promise<string[]> {
  const names = [...KINDS.map((kind) => databaseName(username, kind)), ownerRole(username)];
  const rows = await root<{ name: string }[]>`
    select datname::text as name from pg_database where datname::text = any(${names})
    union all select rolname::text from pg_roles
    where rolname::text = any(${[...names, readerRole(username)]}) order by 1`;
  return rows.map(({ name }) => name);
}

export const allOf = (username: string) =>
  ["drc", "owner", "qor", "reader", "timing"].map((part) => `${username}_${part}`);

/** A database server of the test's own, which it may stop and start; removed at the end. */
export async function ownServer(listen?: string) {
  const dataDir = await Deno.makeTempDir({ prefix: "dashkeeper-workspaces-" });
  const options = { dataDir, log: () => {}, fsync: false };
  let server: EmbeddedServer | undefined = await startEmbedded({
    ...options,
    ...(listen ? { listen } : {}),
  });
  const { stop: _, ...address } = server;
  const login: Login = { ...address, database: "postgres" };
  return {
    login,
    name: `${login.host}:${login.port}`,
    async stop() {
      await server?.stop();
      server = undefined;
    },
    async start(listen?: string) {
      server = await startEmbedded({ ...options, ...(listen ? { listen } : {}) });
    },
    async [Symbol.asyncDispose]() {
      await server?.stop();
      await Deno.remove(dataDir, { recursive: true });
    },
  };
}
