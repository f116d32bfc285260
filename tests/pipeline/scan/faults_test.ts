import { LOCKS } from "../../../src/external/postgres/lock.ts";
import { deepStrictEqual as same, match, ok, strictEqual as equal } from "node:assert";
import { scan } from "../../../src/pipeline/scan/scan.ts";
import { never } from "../../help/time.ts";
import { untilWaiting } from "../../help/world/rows.ts";
import { startWorld } from "../../help/world/world.ts";

const MAKE = "create table runs (a int); insert into runs values (1), (2), (3)";

Deno.test("scan() waits only for the table that a transaction keeps locked", async () => {
  await using test = await startWorld({ user: true });
  await test.run(
    "create table locked as select 1 as a",
    "create table paths (run int) partition by list (run)",
    "create table paths_1 partition of paths for values in (1)",
    "insert into paths values (1)",
    "create table calm as select 1 as a",
  );
  await using writer = await test.session();
  await writer`begin`;
  await writer`truncate locked, paths_1`;
  const started = performance.now();
  same(await test.found(), ["calm 1"]);
  ok(performance.now() - started < 3000, `${performance.now() - started} ms`);
  same(Object.keys(await test.waiting()), ["locked", "paths"]);
  await writer`rollback`;
  await test.pass(61);
  same(await test.found(), ["locked 1", "paths 1"]);
});

Deno.test("scan() says why a table that its reader may not read waits", async () => {
  await using test = await startWorld({ user: true });
  await test.run(
    MAKE,
    "create table closed as select 1 as a",
    `revoke select on closed from ${test.ada.username}_reader`,
    "create schema shut",
    "create table shut.inside as select 1 as a",
    `revoke usage on schema shut from ${test.ada.username}_reader`,
  );
  const { found, waiting } = await test.look();
  same(found.map(({ table_name }) => table_name), ["runs"]);
  same(waiting.map(({ table_name }) => table_name), ["closed", "inside"]);
  for (const { why } of waiting) match(why, /reader role has no permission: grant it SELECT/);

  await test.run(
    `grant select on closed to ${test.ada.username}_reader`,
    `grant usage on schema shut to ${test.ada.username}_reader`,
  );
  await test.pass(61);
  same((await test.found()).sort(), ["closed 1", "shut.inside 1"]);
  same(await test.waiting(), {});
});

Deno.test("scan() goes on with the others while one user's database is away", async () => {
  await using test = await startWorld({ user: true });
  const bob = await test.addUser();
  await test.run(MAKE);
  await test.write(bob, "qor", MAKE);
  const shut = (allow: boolean) =>
    test.db.unsafe(`alter database ${test.ada.username}_qor allow_connections ${allow}`);
  await shut(false);
  same((await test.look()).found.map(({ username }) => username), [bob.username]);
  ok(test.lines.some((line) => line.includes(`"username":"${test.ada.username}","kind":"qor"`)));
  same(await test.found(), []);
  await shut(true);
  same((await test.look()).found.map(({ username }) => username), [test.ada.username]);

  await test.finishRows();
  await test.run("insert into runs values (4)");
  await test.write(bob, "qor", "insert into runs values (4)");
  await test.db`
    update workspaces set reader_password = owner_password where user_id = ${test.ada.id}`;
  same((await test.look()).found.map(({ username }) => username), [bob.username]);
});

Deno.test("scan() finds a run once when two look at the same time", async () => {
  await using test = await startWorld({ user: true });
  await test.run(MAKE);
  const { db, deps } = test;
  const [first] = await db.begin(async (tx) => {
    await tx`select pg_advisory_xact_lock(${LOCKS.scan})`; // both looks wait here
    const looks = [scan(deps, never), scan(deps, never)];
    await untilWaiting(db, 2, "advisory");
    return [looks];
  });
  const found = (await Promise.all(first!)).flatMap(({ found }) => found);
  same(found.map(({ table_name, run }) => [table_name, run]), [["runs", 1]]);
  equal((await db`select from runs`).length, 1);
});

Deno.test("beginRun() lets one of two that found the same content have it", async () => {
  await using test = await startWorld({ user: true });
  const { beginRun } = await import("../../../src/pipeline/row.ts");
  const now = new Date();
  const state = {
    schema_name: "public",
    table_name: "runs",
    counter: 1,
    content: "1:a:3:9",
    changed_at: now,
    since: now,
    why: null,
    scan_at: null,
  };
  const find = (content: string) =>
    beginRun(test.db, { user_id: test.ada.id, kind: "qor" }, { ...state, content }, 3)
      .then((begun) => begun?.run);
  const both = await Promise.all([find("1:a:3:9"), find("1:a:3:9")]);
  same(both.filter((run) => run !== undefined), [1]);
  same([await find("1:a:4:9"), await find("1:a:4:9")], [2, undefined]);
});

Deno.test("scan() notices what is read while its statistics are late", async () => {
  await using test = await startWorld({ user: true });
  await using session = await test.session();
  await session`create table runs as select 1 as a`;
  await session`select pg_stat_force_next_flush()`;
  same(await test.found(), ["runs 1"]);
  await test.finishRows();
  // This session stays open and has its next statistics written later, after the content was read.
  await session`begin`;
  await session`insert into runs values (2)`;
  await session`commit`;
  await test.db`update scanned_databases set counter = -1`;
  await test.look();
  await test.finishRows();
  await session`select pg_stat_force_next_flush()`;
  await test.look();
  const [row] = await test.db`select run from dashboards`;
  equal(row!.run, 2, "found once, whether the statistics came before or after");
  equal((await test.db`select row_count from runs where run = 2`)[0]!.row_count, 2);
});

Deno.test("scan() stops between tables when the service stops, and notes nothing half done", async () => {
  await using test = await startWorld({ user: true });
  await test.run(MAKE);
  const seen = await scan(test.deps, AbortSignal.abort());
  same(seen.found, []);
  same((await test.db`select from scanned_databases`).length, 0);
  same(await test.found(), ["runs 1"]);
});

Deno.test("scan() leaves out users that are not active, and workspaces that are not ready", async () => {
  await using test = await startWorld({ user: true });
  await test.run(MAKE);
  await test.db`update users set is_active = false where id = ${test.ada.id}`;
  same((await test.look()).databases_opened, 0);
  await test.db`update users set is_active = true where id = ${test.ada.id}`;
  await test.db`update workspaces set ready_at = null`;
  same((await test.look()).databases_opened, 0);
  await test.db`update workspaces set ready_at = now()`;
  same(await test.found(), ["runs 1"]);
});
