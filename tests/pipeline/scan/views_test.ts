import { deepStrictEqual as same, match, ok, strictEqual as equal } from "node:assert";
import { addReadView, removeReadView } from "../../../src/pipeline/scan/ignored_store.ts";
import { listIgnored } from "../../../src/pipeline/scan/store.ts";
import { startWorld } from "../../help/world/world.ts";

type Scans = Awaited<ReturnType<typeof startWorld>>;

const MAKE = "create table runs (a int); insert into runs values (1), (2), (3)";

async function ignored(test: Scans): Promise<Record<string, string>> {
  const { ignored } = await test.look();
  return Object.fromEntries(ignored.map(({ table_name, why }) => [table_name, why]));
}

Deno.test("scan() reads a materialized view like a table", async () => {
  await using test = await startWorld({ user: true });
  await test.run(MAKE, "create materialized view worst as select min(a) as a from runs");
  await test.run("create materialized view later as select * from runs with no data");
  same(await test.found(), ["runs 1", "worst 1"]);
  match((await test.waiting()).later!, /no data yet: run REFRESH/);
  await test.finishRows();
  await test.run("refresh materialized view worst", "refresh materialized view later");
  same((await test.found()).sort(), ["later 1", "worst 2"]);
  await test.finishRows();
  await using session = await test.session();
  await session`begin`;
  await session`refresh materialized view worst`;
  await test.run("insert into runs values (4)");
  same(await test.found(), ["runs 2"]);
  match((await test.waiting()).worst!, /open transaction locks it/);
  await session`commit`;
  await test.pass(61);
  same(await test.found(), ["worst 3"]);
});

Deno.test("scan() lists a view as ignored until its comment asks for a row", async () => {
  await using test = await startWorld({ user: true });
  await test.run(MAKE, "create view shown as select a from runs where a < 10");
  same(await test.found(), ["runs 1"]);
  const { username } = test.ada;
  const [view] = (await test.look()).ignored;
  match(view!.why, /Read this view/);
  same({ ...view, why: "" }, {
    username,
    kind: "qor",
    schema_name: "public",
    table_name: "shown",
    why: "",
  });
  await test.run("comment on view shown is 'dashkeeper: read'");
  same(await test.found(), ["shown 1"]);
  same([await ignored(test), await test.waiting()], [{}, {}]);
  await test.finishRows();
  await test.run("insert into runs values (20)");
  same(await test.found(), ["runs 2"], "the view shows the same rows");
  await test.finishRows();
  await test.run("insert into runs values (4)");
  same((await test.found()).sort(), ["runs 3", "shown 2"]);
  await test.finishRows();
  await test.run("create or replace view shown as select a from runs where a < 3");
  same(await test.found(), ["shown 3"]);
  await test.run("comment on view shown is null");
  match((await ignored(test)).shown!, /Read this view/);
  const [row] = await test.db`
    select archived_at is not null as archived from dashboards where table_name = 'shown'`;
  equal(row!.archived, true);
});

Deno.test("scan() takes no passing time for a change of a view, and reads one without tables hourly", async () => {
  await using test = await startWorld({ user: true });
  await test.run(
    MAKE,
    "create view aged as select a, clock_timestamp() as at from runs",
    "create view constant as select 1 as a, clock_timestamp() as at",
    "comment on view aged is 'dashkeeper: read'",
    "comment on view constant is 'dashkeeper: read'",
  );
  same((await test.found()).sort(), ["aged 1", "constant 1", "runs 1"]);
  for (let i = 0; i < 2; i++) {
    await test.finishRows();
    await test.db`update scanned_databases set counter = -1`;
    same(await test.found(), []);
  }
  await test.db`update scanned_tables set counter = counter - 1 where table_name = 'constant'`;
  await test.db`update scanned_databases set counter = -1`;
  same(await test.found(), ["constant 2"]);
});

Deno.test("scan() says what keeps a view from being read, and reads the others", async () => {
  await using test = await startWorld({ user: true });
  await test.run(
    MAKE,
    "create view broken as select 1 / (a - 1) as a from runs",
    "create view endless as select pg_sleep(60)::text as a from runs",
    "create view a_view as select a from runs",
    ...["broken", "endless", "a_view"].map((name) =>
      `comment on view ${name} is 'dashkeeper: read'`
    ),
  );
  const started = performance.now();
  const { found, waiting } = await test.look();
  ok(performance.now() - started < 10_000, `${performance.now() - started} ms`);
  same(found.map(({ table_name }) => table_name).sort(), ["a_view", "runs"]);
  same(waiting.map(({ table_name }) => table_name), ["broken", "endless"]);
  match(waiting[0]!.why, /SQLSTATE 22012/);
  match(waiting[1]!.why, /longer than 5 s/);
  await test.pass(61);
  await test.run("insert into runs values (7)");
  const again = performance.now();
  await test.look();
  ok(performance.now() - again < 4_000, "what is slow is not read every minute");
  await test.pass(600);
  match((await test.waiting()).endless!, /longer than 5 s/);
});

Deno.test("scan() leaves out what a comment ignores, and what tools keep for a moment", async () => {
  await using test = await startWorld({ user: true });
  await test.run(
    MAKE,
    "create table staging as select 1 as a",
    "comment on table staging is 'Loaded nightly. dashkeeper: ignore'",
    "create table runs__dbt_tmp as select 1 as a",
    "create table runs__dbt_backup as select 1 as a",
  );
  same(await test.found(), ["runs 1"]);
  const why = await ignored(test);
  same(Object.keys(why), ["runs__dbt_backup", "runs__dbt_tmp", "staging"]);
  match(why.staging!, /comment/);
  match(why.runs__dbt_tmp!, /temporary table of dbt/);
  equal((await test.db`select from dashboards`).length, 1);
});

Deno.test("scan() says that row level security hides all rows", async () => {
  await using test = await startWorld({ user: true });
  await test.run(MAKE, "alter table runs enable row level security");
  match((await test.waiting()).runs!, /row-level security hides all rows/);
  await test.run("create policy shown on runs using (a > 1)");
  await test.pass(61);
  same(await test.found(), ["runs 1"]);
});

Deno.test("scan() reads a chosen view, also under another name", async () => {
  await using test = await startWorld({ user: true });
  await test.run(MAKE, "create view shown as select * from runs");
  same(await test.found(), ["runs 1"]);
  const [view] = await listIgnored(test.db, test.ada.id);
  await addReadView(test.db, view!);
  same(await test.found(), ["shown 1"]);
  await test.finishRows();
  await test.run("alter view shown rename to renamed");
  same([await test.found(), await ignored(test)], [[], {}]);
  await test.finishRows();
  await test.run("insert into runs values (4)");
  same((await test.found()).sort(), ["renamed 2", "runs 2"]);
  const [row] = await test.db`select id from dashboards where table_name = 'renamed'`;
  await removeReadView(test.db, row!.id);
  match((await ignored(test)).renamed!, /Read this view/);
});
