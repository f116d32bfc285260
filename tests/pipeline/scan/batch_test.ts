import { deepStrictEqual as same, match, strictEqual as equal } from "node:assert/strict";
import { findBatch } from "../../../src/pipeline/batches_store.ts";
import { notifyNext } from "../../../src/pipeline/notify/notify.ts";
import { releaseBatches } from "../../../src/pipeline/row.ts";
import { scan } from "../../../src/pipeline/scan/scan.ts";
import { startSlack } from "../../help/slack.ts";
import { slackDeps } from "../../help/slack_deps.ts";
import { never, until } from "../../help/time.ts";
import { addBatch, stateOf } from "../../help/world/rows.ts";
import { startWorld } from "../../help/world/world.ts";

const make = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, i) => `create table t${from + i} as select 1 as a`);
type World = Awaited<ReturnType<typeof startWorld>>;

/** The tables that are in a batch, by the batch. */
async function batches({ db }: World): Promise<string[][]> {
  const rows = await db`
    select d.id, d.run, d.table_name from dashboards d order by d.table_name`;
  const found = new Map<number, string[]>();
  for (const { id, run, table_name } of rows) {
    const batch = await findBatch(db, { id, run }, 300);
    if (batch) found.set(batch.id, [...found.get(batch.id) ?? [], table_name]);
  }
  return [...found.values()];
}

Deno.test("scan() makes a batch of more than five new tables of one user's databases", async () => {
  await using test = await startWorld({ user: true });
  const bob = await test.addUser();
  await test.run(...make(1, 2));
  await test.write(test.ada, "timing", ...make(3, 4));
  await test.write(test.ada, "drc", ...make(5, 6));
  await test.write(bob, "qor", ...make(11, 15));
  equal((await test.look()).found.length, 11);
  same(await batches(test), [["t1", "t2", "t3", "t4", "t5", "t6"]]);
  await test.run(...make(7, 11));
  await test.look();
  same((await batches(test)).length, 1, "five are no batch");
});

Deno.test("scan() takes a table for new that is created anew after it was deleted, and no other known one", async () => {
  await using test = await startWorld({ user: true });
  await test.run(...make(1, 3));
  await test.look();
  const [first] = await test.db`select id from dashboards where table_name = 't1'`;
  equal((await test.call("DELETE", `/dashboards/${first!.id}`)).status, 204);
  await test.run("drop table t1, t2");
  await test.look();
  await test.finishRows();
  // t1 was deleted, t2 only dropped, t3 has a new run.
  await test.run(...make(1, 2), "insert into t3 values (2)", ...make(4, 8));
  equal((await test.look()).found.length, 8);
  same(await batches(test), [["t1", "t4", "t5", "t6", "t7", "t8"]]);
});

/** A scan that is still reading ada's table `slow` in her DRC database. */
async function scanning(test: World, tables: number) {
  await test.write(
    test.ada,
    "drc",
    "create table slow as select 1 as a",
    "create function public.wait() returns boolean language plpgsql as $$ begin perform pg_catalog.pg_sleep(3); return true; end $$",
    "alter table slow enable row level security",
    "create policy waits on slow using (public.wait())",
  );
  await test.run(...make(1, tables));
  const look = test.look();
  await until(async () => (await test.db`select from dashboards`).length === tables);
  await test.db`update dashboards set step = 'notify'`;
  return look;
}

Deno.test("notifyNext() waits for the end of the scan, which alone knows whether there is a batch", async () => {
  for (const tables of [4, 5]) {
    await using slack = await startSlack();
    await using test = await startWorld({ user: true });
    const deps = { ...test.deps, ...slackDeps(slack) };
    const look = scanning(test, tables);
    await until(async () =>
      (await test.db`select from dashboards where step = 'notify'`).length > 0
    );
    for (let i = 0; i < tables; i++) equal(await notifyNext(deps, never), true);
    same((await slack.messages()).length, 0);
    const [{ id }] = await test.db<[{ id: number }]>`select id from dashboards limit 1`;
    match((await stateOf(test.db, id)).last_error!, /Waiting for the end of the scan/);
    await look;
    await test.db`update dashboards set step = 'done' where step = 'create'`;
    await releaseBatches(test.db, 300);
    while (await notifyNext(deps, never));
    const [first, ...others] = await slack.roots();
    same(
      [first!.metadata!.event_type, others.length],
      tables === 5 ? ["dashkeeper_batch", 0] : ["dashkeeper_dashboard", 3],
    );
  }
});

Deno.test("scan() releases the tables that a process found which died in the middle of its scan", async () => {
  for (const tables of [3, 6]) {
    await using test = await startWorld({ user: true });
    await test.run(...make(1, tables));
    await test.look();
    const ids = (await test.db`select id from dashboards order by id`).map(({ id }) => id);
    const batch_id = await addBatch(test.db, test.ada.id, ids);
    await test.db`update batches set scanning = true where id = ${batch_id}`;
    await test.db`
      update dashboards set step = 'notify', next_try_at = now() + interval '300 seconds'`;
    await scan(test.deps, never);
    for (const id of ids) equal((await stateOf(test.db, id)).wait <= 0, true);
    same((await batches(test)).length, tables === 6 ? 1 : 0);
  }
});
