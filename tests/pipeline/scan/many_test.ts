import { deepStrictEqual as same, ok, strictEqual as equal } from "node:assert";
import { claimNext } from "../../../src/pipeline/row.ts";
import { withReader } from "../../../src/workspaces/reader.ts";
import { contentOf } from "../../../src/pipeline/scan/content.ts";
import { relationsIn } from "../../../src/pipeline/scan/relations.ts";
import { startWorld } from "../../help/world/world.ts";

const many = (from: number, to: number) =>
  `do $$ begin for n in ${from}..${to} loop
     execute format('create table t%s as select generate_series(1, 100) as a', n);
   end loop; end $$`;

Deno.test("scan() finds 200 tables, and another user's and a known table are claimed before them", async () => {
  await using test = await startWorld({ user: true });
  const bob = await test.addUser();
  await test.run("create table known as select 1 as a");
  same(await test.found(), ["known 1"]);
  await test.finishRows();
  await test.run(many(1, 200), "insert into known values (2)");
  await test.write(bob, "qor", "create table bobs as select 1 as a");
  const found = [];
  for (let scans = 0; scans < 10 && found.length < 202; scans++) {
    const { found: now, databases_opened } = await test.look();
    found.push(...now);
    if (scans === 0) ok(now.some(({ table_name }) => table_name === "bobs"));
    if (scans === 0) ok(now.some(({ table_name }) => table_name === "known"));
    ok(databases_opened > 0);
  }
  equal(found.length, 202);
  const claims = [await claimNext(test.db, "create"), await claimNext(test.db, "create")];
  same(claims.map((claim) => claim!.table_name).sort(), ["bobs", "known"]);
});

Deno.test("scan() leaves to the next scan what one database cannot read in 2 s", async () => {
  await using test = await startWorld({ user: true });
  await test.run(
    "create table slow_1 as select 1 as a",
    "create table slow_2 as select 1 as a",
    "create function public.wait() returns boolean language plpgsql as $$ begin perform pg_catalog.pg_sleep(2.2); return true; end $$",
    ...["slow_1", "slow_2"].flatMap((name) => [
      `alter table ${name} enable row level security`,
      `create policy waits on ${name} using (public.wait())`,
    ]),
  );
  same([await test.found(), await test.found(), await test.found()], [
    ["slow_1 1"],
    ["slow_2 1"],
    [],
  ]);
});

Deno.test("contentOf() of a table that is dropped while it is read says that it is not there", async () => {
  await using test = await startWorld({ user: true });
  await test.run("create table runs as select 1 as a");
  await withReader(test.deps, test.ada.id, "qor", async (reader) => {
    const [table] = await relationsIn(reader);
    await test.run("drop table runs");
    const code = await contentOf(reader, table!).catch((error) => error.code);
    equal(code, "42P01");
  });
  same([await test.found(), await test.waiting()], [[], {}]);
});
