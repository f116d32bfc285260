import { migrate } from "../../../src/external/postgres/migrate.ts";
import {
  type Address,
  connect,
  databaseUrl,
  type Db,
  type Sql,
} from "../../../src/external/postgres/postgres.ts";
import type { ServerAddress } from "../../../src/external/postgres/cluster.ts";

/** The parts of a login URL. */
export function addressOf(url: string) {
  const { hostname, port, username, password, pathname } = new URL(url);
  return {
    host: hostname,
    port: Number(port),
    user: decodeURIComponent(username),
    password: decodeURIComponent(password),
    database: decodeURIComponent(pathname.slice(1)),
  };
}

/** The test run's own server, as its superuser. Throws when the run has none. */
export function testServer(): Promise<ServerAddress> {
  const text = Deno.env.get("TEST_DATABASE_URL");
  if (!text) {
    return Promise.reject(
      new Error("There is no test database: run `deno task test [files]`, which starts one."),
    );
  }
  const { database: _, ...server } = addressOf(text);
  return Promise.resolve(server);
}

/** A pool that ends with its scope. */
export function scoped(sql: Sql): Sql & AsyncDisposable {
  return Object.assign(sql, { [Symbol.asyncDispose]: () => sql.end({ timeout: 1 }) });
}

export const opened = (address: Address, most = 1) => scoped(connect(address, most));

/** Opens a login URL as psql would: nothing is set beside what the server sets. */
export const login = (url: string) => opened(addressOf(url));

/** The SQLSTATE, or the driver's code, with which the work is refused; "" when it is not. */
export async function refusal(work: PromiseLike<unknown>): Promise<string> {
  return await Promise.resolve(work).then(() => "", (error) => String(error.code ?? error));
}

/** A connection of one's own, until release(). */
export async function holdSession(db: Sql) {
  const own = Promise.withResolvers<Db>();
  const over = Promise.withResolvers<void>();
  const session = db.session(async (session) => {
    own.resolve(session);
    await over.promise;
  });
  const release = async () => {
    over.resolve();
    await session;
  };
  return Object.assign(await own.promise, { release });
}

export type FreshDatabase = { db: Sql; url: string; [Symbol.asyncDispose](): Promise<void> };

/** A new, migrated database, opened as the superuser; dropped at the end (`await using`). */
export async function freshDatabase(): Promise<FreshDatabase> {
  const server = await testServer();
  const database = `test_${crypto.randomUUID().replaceAll("-", "")}`;
  await template(server);
  // A copy of the files takes 20 ms without fsync; the default, through the WAL, 70 ms.
  await asAdmin(
    server,
    (admin) =>
      admin`create database ${admin(database)} template ${admin(TEMPLATE)} strategy file_copy`,
  );
  const address = { ...server, database };
  const db = connect(address);
  const drop = async () => {
    await db.end({ timeout: 1 });
    await asAdmin(server, (admin) => admin`drop database ${admin(database)} with (force)`);
  };
  await db`
    update settings set value = substr(md5(gen_random_uuid()::text), 1, 6)
    where name = 'installation'`;
  return { db, url: databaseUrl(address), [Symbol.asyncDispose]: drop };
}

const TEMPLATE = "test_template";
let migrated: Promise<void> | undefined;

/** The database that fresh ones are copies of, made by the first file of a run that needs one. */
function template(server: ServerAddress): Promise<void> {
  return migrated ??= asAdmin(server, async (admin) => {
    await admin.begin(async (tx) => {
      await tx`select pg_advisory_xact_lock(hashtext(${TEMPLATE}))`;
      const [row] = await tx`select 1 from pg_database where datname = ${TEMPLATE}`;
      if (row) return;
      const making = `${TEMPLATE}_made`;
      await asAdmin(server, (maker) => maker`create database ${maker(making)} strategy file_copy`);
      const db = connect({ ...server, database: making }); // migrate() takes two connections
      await migrate(db).finally(() => db.end({ timeout: 1 }));
      // Under its name only once it is whole, and without a session that would forbid copies.
      await asAdmin(
        server,
        (maker) => maker`alter database ${maker(making)} rename to ${maker(TEMPLATE)}`,
      );
    });
  });
}

async function asAdmin(server: ServerAddress, work: (admin: Sql) => Promise<unknown>) {
  const admin = connect({ ...server, database: "postgres" }, 1);
  try {
    await work(admin);
  } finally {
    await admin.end({ timeout: 1 });
  }
}
