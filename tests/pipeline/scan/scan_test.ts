import { deepStrictEqual as same, match, strictEqual as equal } from "node:assert";
import { startWorld } from "../../help/world/world.ts";

const MAKE = "create table runs (a int); insert into runs values (1), (2), (3)";

Deno.test("scan() finds a table after it has been quiet for SETTLE_SECONDS", async () => {
  await using test = await startWorld({ user: true, limits: { settleSeconds: 100 } });
  const { ada, look, pass } = test;
  await test.run(MAKE);
  const first = await look();
  same(first.found, []);
  same(first.waiting.map(({ why, ...table }) => [table, why.slice(0, 10)]), [[
    { username: ada.username, kind: "qor", schema_name: "public", table_name: "runs" },
    "waiting fo",
  ]]);
  await pass(90);
  same(await test.found(), []);
  await test.run("insert into runs values (4)");
  same(await test.found(), []);
  await pass(90);
  same((await look()).databases_opened, 0);
  await pass(11);
  const last = await look();
  same(last.found, [
    { username: ada.username, kind: "qor", schema_name: "public", table_name: "runs", run: 1 },
  ]);
  same([last.databases_opened, last.waiting.length], [1, 0]);
  const [row] = await test.db`select step, run, stopped from dashboards`;
  same({ ...row }, { step: "create", run: 1, stopped: false });
  same((await test.db`select run, row_count from runs`)[0]!.row_count, 4);
});

Deno.test("scan() opens no database while nothing changes, and all of them once an hour", async () => {
  await using test = await startWorld({ user: true });
  await test.run(MAKE);
  for (let i = 0; i < 3 && (await test.look()).databases_opened > 0; i++) continue;
  same([(await test.look()).databases_opened, (await test.look()).databases_opened], [0, 0]);
  await test.run("insert into runs values (4)");
  equal((await test.look()).databases_opened, 1);
  await test.pass(3601);
  equal((await test.look()).databases_opened, 3);
  equal((await test.look()).databases_opened, 0);
  await test.db`update scanned_databases set counter = counter + 1000 where kind = 'drc'`;
  equal((await test.look()).databases_opened, 1, "a lower counter means that the server crashed");
});

Deno.test("scan() finds a run for every kind of change, and none where there is none", async () => {
  await using test = await startWorld({ user: true });
  await test.run(MAKE);
  same(await test.found(), ["runs 1"]);
  const changes: [sql: string, found: boolean][] = [
    ["select 1", false],
    ["analyze runs", false],
    ["vacuum full runs", false],
    ["vacuum freeze runs", false],
    ["begin; insert into runs values (9); rollback", false],
    ["begin; truncate runs; rollback", false],
    ["begin; delete from runs; rollback", false],
    ["create index on runs (a)", false],
    ["comment on table runs is 'ours'", false],
    ["insert into runs values (4)", true],
    ["update runs set a = a", true],
    ["delete from runs where a = 4", true],
    ["delete from runs where a = 1; insert into runs values (1)", true],
    ["alter table runs add column b int", true],
    ["alter table runs add column c int default 7", true],
    ["alter table runs rename column c to d", true],
    ["alter table runs drop column d", true],
    [`drop table runs; ${MAKE}`, true],
    ["truncate runs; insert into runs values (1), (2), (3)", true],
  ];
  let run = 1;
  for (const [sql, changed] of changes) {
    await test.finishRows();
    await test.run(...sql.split("; "));
    if (changed) run++;
    same(await test.found(), changed ? [`runs ${run}`] : [], sql);
    same(await test.found(), [], `${sql}, once more`);
  }
  const runs = await test.db`select run, row_count from runs order by run desc limit 1`;
  same({ ...runs[0] }, { run, row_count: 3 });
});

Deno.test("scan() starts a run at most every UPDATE_MIN_SECONDS, and not while one is being processed", async () => {
  await using test = await startWorld({ user: true, limits: { updateMinSeconds: 600 } });
  await test.run(MAKE);
  same(await test.found(), ["runs 1"]);
  await test.run("insert into runs values (4)");
  match((await test.waiting()).runs!, /run 1 started less than 600 s ago/);
  await test.pass(601);
  match((await test.waiting()).runs!, /run 1 is still being processed/);
  await test.pass(31);
  match((await test.waiting()).runs!, /being processed/);
  await test.finishRows();
  same(await test.found(), []);
  await test.pass(31);
  same(await test.found(), ["runs 2"]);
});

Deno.test("scan() lets a new run replace a stopped one", async () => {
  await using test = await startWorld({ user: true });
  await test.run(MAKE);
  same(await test.found(), ["runs 1"]);
  await test.db`update dashboards set stopped = true, last_error = 'why', failures = 3, deaths = 2`;
  await test.run("insert into runs values (4)");
  same(await test.found(), ["runs 2"]);
  const [row] = await test.db`select stopped, last_error, failures, deaths, step from dashboards`;
  same(Object.values(row!), [false, null, 0, 0, "create"]);
});

Deno.test("scan() counts partitions as their parent", async () => {
  await using test = await startWorld({ user: true });
  await test.run(
    "create table paths (run int, slack float8) partition by list (run)",
    "create table paths_1 partition of paths for values in (1)",
    "create table paths_2 partition of paths for values in (2) partition by list (slack)",
    "create table paths_2_0 partition of paths_2 default",
  );
  same(await test.waiting(), { paths: "it has no rows yet" });
  await test.run("insert into paths values (1, -0.5)");
  same(await test.found(), ["paths 1"]);
  for (const [i, table] of ["paths_1", "paths_2_0"].entries()) {
    await test.finishRows();
    await test.run(`insert into ${table} values (${i + 1}, 0.25)`);
    same(await test.found(), [`paths ${i + 2}`], table);
  }
  equal((await test.db`select row_count from runs order by run desc`)[0]!.row_count, 3);
});

Deno.test("scan() sees in a parent what is written to the tables that inherit from it", async () => {
  await using test = await startWorld({ user: true });
  await test.run("create table all_runs (a int)", "create table old_runs () inherits (all_runs)");
  await test.run("insert into old_runs values (1)");
  same(await test.found(), ["all_runs 1", "old_runs 1"]);
  await test.finishRows();
  await test.run("insert into old_runs values (2)");
  same(await test.found(), ["all_runs 2", "old_runs 2"]);
});

Deno.test("scan() looks at tables of every schema but the system's, and at nothing else", async () => {
  await using test = await startWorld({ user: true });
  await using session = await test.session();
  await session`create temporary table scratch as select 1 as a`;
  await test.run(
    "create schema signoff",
    "create table signoff.runs as select 1 as a",
    "create unlogged table public.runs as select 1 as a",
    "create view shown as select 1 as a",
    "create materialized view kept as select 1 as a",
    "create sequence numbers",
    "create type pair as (a int, b int)",
  );
  same((await test.found()).sort(), ["kept 1", "runs 1", "signoff.runs 1"]);
  same(await test.waiting(), {});
});

Deno.test("scan() keeps foreign tables out, which may lead anywhere", async () => {
  await using test = await startWorld({ user: true });
  // Only a superuser installs a foreign data wrapper: a DBA may have, in a user's database.
  await test.asSuperuser(
    test.ada,
    "qor",
    "create foreign data wrapper away",
    "create server away foreign data wrapper away",
    "create foreign table public.elsewhere (a int) server away",
  );
  await test.run(MAKE);
  const { found, waiting, ignored } = await test.look();
  same([found.map(({ table_name }) => table_name), [...waiting]], [["runs"], []]);
  same(ignored.map(({ table_name }) => table_name), ["elsewhere"]);
  match(ignored[0]!.why, /foreign table/);
});

Deno.test("scan() takes tables and schemas of any name", async () => {
  await using test = await startWorld({ user: true });
  const names = [
    "a.b",
    'quo"te',
    "quo'te",
    "$x",
    "$$",
    "Mixed Case",
    "ünïcödé 表 🦀",
    "x".repeat(63),
    "back\\slash",
    "select",
    "; drop table users; --",
    "line\nbreak",
    "[[macro]]",
    "%s",
    "U&",
  ];
  const quote = (name: string) => `"${name.replaceAll('"', '""')}"`;
  await test.run(
    ...names.flatMap((name) => [
      `create schema ${quote(name)}`,
      `create table ${quote(name)}.${quote(name)} as select 1 as ${quote(name)}`,
    ]),
  );
  same((await test.found()).sort(), names.map((name) => `${name}.${name} 1`).sort());
  same(await test.found(), []);
  await test.finishRows();
  await test.run(...names.map((name) => `insert into ${quote(name)}.${quote(name)} values (2)`));
  same((await test.found()).sort(), names.map((name) => `${name}.${name} 2`).sort());
});

Deno.test("scan() archives a row whose table is gone, and brings it back with its table", async () => {
  await using test = await startWorld({ user: true });
  await test.run(MAKE, "create table other as select 1 as a");
  same(await test.found(), ["other 1", "runs 1"]);
  await test.run("drop table runs");
  same(await test.found(), []);
  const row = async () => {
    const [row] = await test.db`
      select step, run, archived_at is not null as archived from dashboards
      where table_name = 'runs'`;
    return { ...row };
  };
  same(await row(), { step: "done", run: 1, archived: true });
  same((await test.db`select from scanned_tables where table_name = 'runs'`).length, 0);
  await test.run(MAKE);
  same(await test.found(), ["runs 2"]);
  same(await row(), { step: "create", run: 2, archived: false });

  await test.finishRows();
  await test.run("alter table runs rename to renamed");
  same(await test.found(), []);
  same((await test.db`select run from dashboards where table_name = 'renamed'`)[0]!.run, 2);
  await test.run("alter table renamed rename to runs", "insert into runs values (4)");
  same([await test.found(), await test.found()], [[], []]);
  await test.finishRows();
  await test.pass(31);
  same(await test.found(), ["runs 3"]);
  await test.run("drop table runs, other");
  await test.look();
  equal((await test.db`select from dashboards where archived_at is null`).length, 0);
});

Deno.test("scan() leaves a deleted row alone until its table is created anew", async () => {
  await using test = await startWorld({ user: true, limits: { updateMinSeconds: 600 } });
  await test.run(MAKE);
  same(await test.found(), ["runs 1"]);
  const [row] = await test.db`select id from dashboards`;
  equal((await test.call("DELETE", `/dashboards/${row!.id}`)).status, 204);
  await test.run("insert into runs values (4)");
  same(await test.found(), []);
  same(await test.waiting(), {});
  await test.run(
    "alter table runs add column b int",
    "truncate runs",
    "insert into runs values (1)",
  );
  same(await test.found(), []);
  await test.run("drop table runs");
  same(await test.found(), []);
  await test.run(MAKE);
  same(await test.found(), ["runs 2"]);
  equal((await test.call("GET", `/dashboards/${row!.id}`)).status, 200);
});

Deno.test("scan() waits for a transaction that writes to a table", async () => {
  await using test = await startWorld({ user: true, limits: { settleSeconds: 10 } });
  await test.run(MAKE, "create table calm as select 1 as a");
  await test.look();
  await using writer = await test.session();
  await writer`begin`;
  await writer`insert into runs values (4)`;
  await test.pass(11);
  same(await test.found(), ["calm 1"]);
  same(await test.waiting(), { runs: "it is being written" });
  await test.pass(300);
  same(await test.found(), []);
  await writer`commit`;
  await test.pass(6);
  same(await test.found(), []);
  await test.pass(11);
  same(await test.found(), ["runs 1"]);
  equal((await test.db`select row_count from runs order by row_count desc`)[0]!.row_count, 4);
});
