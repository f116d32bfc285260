import { migrate } from "../../src/external/postgres/migrate.ts";
import { connect, databaseUrl, type Db, type Sql } from "../../src/external/postgres/postgres.ts";
import type { ServerAddress } from "../../src/external/postgres/cluster.ts";

/** The test run's own server, as its superuser. Throws when the run has none. */
export function testServer(): Promise<ServerAddress> {
  const text = Deno.env.get("TEST_DATABASE_URL");
  if (!text) {
    return Promise.reject(
      new Error("There is no test database: run `deno task test [files]`, which starts one."),
    );
  }
  const { hostname, port, username, password } = new URL(text);
  return Promise.resolve({
    host: hostname,
    port: Number(port),
    user: decodeURIComponent(username),
    password: decodeURIComponent(password),
  });
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
  // A copy of the files takes 20 ms without fsync; the default, through the WAL, 70 ms.
  await asAdmin(server, (admin) => admin`create database ${admin(database)} strategy file_copy`);
  const address = { ...server, database };
  const db = connect(address);
  const drop = async () => {
    await db.end({ timeout: 1 });
    await asAdmin(server, (admin) => admin`drop database ${admin(database)} with (force)`);
  };
  try {
    await migrate(db);
  } catch (error) {
    await drop();
    throw error;
  }
  return { db, url: databaseUrl(address), [Symbol.asyncDispose]: drop };
}

async function asAdmin(server: ServerAddress, work: (admin: Sql) => Promise<unknown>) {
  const admin = connect({ ...server, database: "postgres" }, 1);
  try {
    await work(admin);
  } finally {
    await admin.end({ timeout: 1 });
  }
}
