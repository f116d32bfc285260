import { deepStrictEqual as same, strictEqual as equal } from "node:assert";
import { startWorld } from "../../help/world/world.ts";

const MAKE = "create table runs (a int); insert into runs values (1), (2), (3)";
type Scans = Awaited<ReturnType<typeof startWorld>>;

async function rows({ db }: Scans) {
  const rows = await db`
    select id, schema_name || '.' || table_name as name, run, step, archived_at is not null as archived
    from dashboards where deleted_at is null order by id`;
  return rows.map(({ id: _, ...row }) => row);
}

Deno.test("scan() lets a row follow its table to another name or schema, with its runs", async () => {
  await using test = await startWorld({ user: true });
  await test.run(MAKE);
  await test.found();
  await test.finishRows();
  await test.run("insert into runs values (4)");
  same(await test.found(), ["runs 2"]);
  await test.finishRows();
  const [before] = await test.db`select id from dashboards`;
  await test.run("create schema signoff", "alter table runs set schema signoff");
  await test.run("alter table signoff.runs rename to paths");
  same(await test.found(), []);
  same(await rows(test), [
    { name: "signoff.paths", run: 2, step: "create", archived: false },
  ]);
  equal((await test.db`select id from dashboards`)[0]!.id, before!.id);
  equal((await test.db`select from runs where dashboard_id = ${before!.id}`).length, 2);
  await test.finishRows();
  same([await test.found(), await test.waiting()], [[], {}]);
  await test.run("insert into signoff.paths values (5)");
  same(await test.found(), ["signoff.paths 3"]);
});

Deno.test("scan() leaves a row with its name when a new table takes the place of the old one", async () => {
  await using test = await startWorld({ user: true });
  await test.run(MAKE);
  await test.found();
  for (let run = 2; run < 5; run++) {
    await test.finishRows();
    await test.run(
      "begin",
      "create table runs__dbt_tmp as select * from generate_series(1, 4) a",
      "alter table runs rename to runs__dbt_backup",
      "alter table runs__dbt_tmp rename to runs",
      "drop table runs__dbt_backup",
      "commit",
    );
    same(await test.found(), [`runs ${run}`]);
    same(await rows(test), [{ name: "public.runs", run, step: "create", archived: false }]);
  }
});

Deno.test("scan() waits for a swap that it sees half done", async () => {
  await using test = await startWorld({ user: true, limits: { settleSeconds: 10 } });
  await test.run(MAKE);
  await test.look();
  await test.pass(11);
  same(await test.found(), ["runs 1"]);
  await test.finishRows();
  await test.run("alter table runs rename to runs_old");
  same(await test.found(), []);
  same(await rows(test), [{ name: "public.runs", run: 1, step: "done", archived: false }]);
  await test.run(MAKE, "drop table runs_old");
  same(await test.found(), []);
  await test.pass(11);
  same(await test.found(), ["runs 2"]);
  same(await rows(test), [{ name: "public.runs", run: 2, step: "create", archived: false }]);
});

Deno.test("scan() lets no row follow to a name that has one, and a tombstone follow its table", async () => {
  await using test = await startWorld({ user: true });
  await test.run(MAKE, "create table other as select 1 as a");
  same(await test.found(), ["other 1", "runs 1"]);
  await test.finishRows();
  await test.run("drop table other", "alter table runs rename to other");
  same(await test.found(), ["other 2"]);
  same((await rows(test)).map(({ name, archived }) => [name, archived]), [
    ["public.other", false],
    ["public.runs", true],
  ]);
  const [other] = await test.db`select id from dashboards where table_name = 'other'`;
  equal((await test.call("DELETE", `/dashboards/${other!.id}`)).status, 204);
  await test.run("alter table other rename to third");
  same([await test.found(), await test.found()], [[], []]);
  equal((await test.db`select from dashboards where deleted_at is null`).length, 1);
});
