import { LOCKS } from "../../../src/external/postgres/lock.ts";
import { deepStrictEqual as same, match, ok, rejects } from "node:assert";
import { ExternalError } from "../../../src/errors.ts";
import { migrate, MIGRATIONS } from "../../../src/external/postgres/migrate.ts";
import { connect } from "../../../src/external/postgres/postgres.ts";
import type { Sql } from "../../../src/external/postgres/postgres.ts";
import { freshDatabase, testServer } from "../../help/world/postgres.ts";
import { untilWaiting } from "../../help/world/rows.ts";

/** An empty database and a folder of migrations that a test writes itself. */
async function start() {
  const fresh = await freshDatabase();
  await fresh.db`drop schema public cascade`;
  await fresh.db`create schema public`;
  const path = await Deno.makeTempDir();
  return {
    db: fresh.db,
    url: fresh.url,
    folder: new URL(`file://${path}/`),
    write: (name: string, text: string) => Deno.writeTextFile(`${path}/${name}`, text),
    remove: (name: string) => Deno.remove(`${path}/${name}`),
    async [Symbol.asyncDispose]() {
      await Deno.remove(path, { recursive: true });
      await fresh[Symbol.asyncDispose]();
    },
  };
}

async function applied(db: Sql): Promise<string[]> {
  const rows = await db<{ name: string }[]>`select name from migrations order by applied_at, name`;
  return rows.map(({ name }) => name);
}

/** Whether the advisory lock can be had again. */
async function isFree(db: Sql): Promise<boolean> {
  const [row] = await db<{ count: number }[]>`
    select count(*) from pg_locks where locktype = 'advisory'
      and database = (select oid from pg_database where datname = current_database())`;
  return row!.count === 0;
}

Deno.test("migrate() applies in order, and twice is harmless", async () => {
  await using test = await start();
  const { db, folder } = test;
  await test.write("0002_b.sql", "alter table t add column b int; insert into t values (1, 2)");
  await test.write("0001_a.sql", "create table t (a int);");
  await test.write("notes.txt", "not a migration");
  await migrate(db, folder);
  await migrate(db, folder);
  same(await applied(db), ["0001_a.sql", "0002_b.sql"]);
  same([...await db`select a, b from t`], [{ a: 1, b: 2 }]);

  await test.write("0003_c.sql", "insert into t values (3, 4)");
  await migrate(db, folder);
  same((await db`select a from t order by a`).map(({ a }) => a), [1, 3]);
});

Deno.test("migrate() waits for another process that is just migrating", async () => {
  await using test = await start();
  const { db, folder } = test;
  await test.write("0001_a.sql", "create table t (a int)");
  await test.write("0002_b.sql", "insert into t values (1)");
  const database = new URL(test.url).pathname.slice(1);
  const other = connect({ ...await testServer(), database }, 1);
  await other`select pg_advisory_lock(${LOCKS.migrations})`;
  let ended = false;
  const both = Promise.all([migrate(db, folder), migrate(db, folder)]).then(() => ended = true);
  try {
    await untilWaiting(other, 2, "advisory");
    same([ended, (await db`select to_regclass('migrations') as t`)[0]!.t], [false, null]);
  } finally {
    await other.end();
  }
  await both;
  same(await applied(db), ["0001_a.sql", "0002_b.sql"]);
  same((await db`select a from t`).length, 1);
  ok(await isFree(db));
});

Deno.test("migrate() refuses a migration that has changed since, or that it does not know", async () => {
  await using test = await start();
  const { db, folder } = test;
  await test.write("0001_a.sql", "create table t (a int)");
  await test.write("0002_b.sql", "create table u (a int)");
  await migrate(db, folder);

  const refused = (name: string, why: RegExp) =>
    rejects(migrate(db, folder), (error) => {
      ok(error instanceof ExternalError && error.permanent);
      match(error.message, why);
      ok(error.message.includes(name), error.message);
      return true;
    });
  await test.write("0002_b.sql", "create table u (a int) ");
  await test.write("0003_c.sql", "create table v (a int)");
  await refused("0002_b.sql", /has changed since/);
  await test.remove("0003_c.sql");
  await test.remove("0002_b.sql");
  await refused("0002_b.sql", /does not/);
  same((await db`select to_regclass('v') as v`)[0]!.v, null);
  ok(await isFree(db));
});

Deno.test("migrate() leaves nothing of a migration that fails, and goes on once it is repaired", async () => {
  await using test = await start();
  const { db, folder } = test;
  await test.write("0001_a.sql", "create table t (a int)");
  await test.write("0002_b.sql", "create table u (a int); insert into nowhere values (1)");
  await test.write("0003_c.sql", "create table v (a int)");
  await rejects(migrate(db, folder), /nowhere/);
  same(await applied(db), ["0001_a.sql"]);
  same((await db`select to_regclass('u') as u, to_regclass('v') as v`)[0], { u: null, v: null });
  ok(await isFree(db));

  await test.write("0002_b.sql", "create table u (a int)");
  await migrate(db, folder);
  same(await applied(db), ["0001_a.sql", "0002_b.sql", "0003_c.sql"]);
});

Deno.test("migrate() leaves nothing of a migration that it cannot write down", async () => {
  await using test = await start();
  const { db, folder } = test;
  await test.write("0001_a.sql", "create table t (a int)");
  await test.write(
    "0002_b.sql",
    "create table u (a int); alter table migrations add check (name <> '0002_b.sql')",
  );
  await rejects(migrate(db, folder), /check constraint/);
  same(await applied(db), ["0001_a.sql"]);
  same((await db`select to_regclass('u') as u`)[0]!.u, null);
});

Deno.test("migrate() keeps to its order whatever the database's collation", async () => {
  await using test = await start();
  const { db, folder } = test;
  for (const name of ["0001_Z.sql", "0001_a.sql", "00010.sql"]) {
    await test.write(name, "select 1");
  }
  await migrate(db, folder);
  await db`alter table migrations alter name type text collate "und-x-icu"`;
  await migrate(db, folder);
});

Deno.test("migrations open with one line that says why", async () => {
  for await (const { name } of Deno.readDir(MIGRATIONS)) {
    const text = await Deno.readTextFile(new URL(name, MIGRATIONS));
    match(name, /^\d{4}_\w+\.sql$/);
    match(text, /^-- \S.*\n/);
  }
});
