import { deepStrictEqual as same, match, ok, strictEqual as equal } from "node:assert";
import { createNext } from "../../src/pipeline/create/create.ts";
import { beginImports } from "../../src/pipeline/imported/imported.ts";
import { notifyNext } from "../../src/pipeline/notify/notify.ts";
import { claimNext } from "../../src/pipeline/row.ts";
import { notifyDeps } from "../help/notify_deps.ts";
import { never } from "../help/time.ts";
import { startWorld } from "../help/world/world.ts";

/** Tables are quiet after an hour: only imports are reported. */
const limits = { settleSeconds: 600, updateMinSeconds: 86_400 };

async function importing() {
  const world = await startWorld({ user: true, limits });
  const { ada, db } = world;
  return Object.assign(world, {
    async put(query: string, body = "wns_ns,cells\n-0.5,7\n") {
      const sent = { key: ada.api_key, body, headers: { "content-type": "" } };
      const reply = await world.call("PUT", `/imports?file=t.csv&${query}`, sent);
      equal(reply.status, 201, reply.text);
      return reply.body;
    },
    async row(table_name = "t") {
      const [row] = await db`
        select id, run, step, extract(epoch from next_try_at - now())::float8 as wait,
          (select row_count from runs r where r.dashboard_id = d.id and r.run = d.run) as rows,
          import_content is not null as noted
        from dashboards d where table_name = ${table_name}`;
      return row!;
    },
    /** The row's run is processed to its end; `seconds` ago its message was posted. */
    async finish(seconds: number, run_names = {}) {
      await db`
        update runs set posted_at = now() - make_interval(secs => ${seconds}),
          run_names = ${JSON.stringify(run_names)}::text::jsonb where posted_at is null`;
      await db`update dashboards set step = 'done', claim_id = null, claimed_until = null`;
    },
  });
}

Deno.test("an import is processed at once: it waits neither for a pause nor for the last run's age", async () => {
  await using world = await importing();
  const { db, deps } = world;
  const { dashboard_ids } = await world.put("design=gcd&run_id=1");
  const { id, run, step, wait } = await world.row();
  same([dashboard_ids, run, step, wait <= 0], [[id], 1, "create", true]);
  await world.look();
  same((await world.row()).run, 1, "the scan finds nothing new");
  equal(await createNext(deps, never), true);
  const [made] = await db`select numbers from runs where dashboard_id = ${id}`;
  const shown = made!.numbers.map(({ name, value }: Record<string, unknown>) => `${name} ${value}`);
  same(shown, ["setup_wns -0.5", "cells 7"]);
  await world.finish(61);
  await world.put("design=gcd&run_id=2");
  const second = await world.row();
  same([second.run, second.step, second.rows, second.wait <= 0], [2, "create", 2, true]);
});

Deno.test("imports within a minute after a message are one run, and one during a run is the next", async () => {
  await using world = await importing();
  const { db, deps } = world;
  await world.put("design=gcd&run_id=1");
  await world.finish(20);
  await world.put("design=gcd&run_id=2");
  await world.put("design=aes&run_id=2");
  const gathered = await world.row();
  same([gathered.run, gathered.step, gathered.rows], [2, "create", 3]);
  ok(gathered.wait > 5 && gathered.wait <= 40, `${gathered.wait} s`);
  await db`update dashboards set next_try_at = now()`;
  ok(await claimNext(db, "create"));
  await world.put("design=ibex&run_id=2");
  same((await world.row()).run, 2);
  equal((await world.row()).noted, true, "it waits for the run under way");
  await beginImports(deps);
  equal((await world.row()).run, 2);
  await world.finish(70);
  await beginImports(deps);
  const { run, step, rows, noted } = await world.row();
  same([run, step, rows, noted], [3, "create", 4, false]);
});

Deno.test("more=true keeps a run back until a call without it, in all its tables, or for 5 minutes", async () => {
  await using world = await importing();
  const { db } = world;
  await world.put("design=gcd&run_id=1&more=true");
  const first = await world.row();
  ok(first.wait > 290 && first.wait <= 300, `${first.wait} s`);
  equal(await claimNext(db, "create"), undefined);
  await world.put("design=gcd&run_id=other&table=u");
  ok((await world.row()).wait > 280, "another run ends nothing");
  ok((await world.row("u")).wait <= 0);
  await world.put("design=gcd&run_id=1&table=v");
  same([(await world.row()).wait <= 0, (await world.row("v")).wait <= 0], [true, true]);
  equal((await db`select * from awaited_runs`).length, 0);
});

Deno.test("a dashboard that a person removed stays removed when its table is imported into", async () => {
  await using world = await importing();
  const { dashboard_ids: [id] } = await world.put("design=gcd&run_id=1");
  equal((await world.call("DELETE", `/dashboards/${id}`)).status, 204);
  same((await world.put("design=gcd&run_id=2")).dashboard_ids, []);
});

Deno.test("the message of a file for a run that was reported says that it is an update", async () => {
  await using world = await importing();
  const { db, deps } = world;
  const posted = async () => {
    equal(await createNext(deps, never), true);
    await db`update dashboards set step = 'notify'`;
    equal(await notifyNext(await notifyDeps(db), never), true);
    const [run] = await db`select slack_message from runs order by run desc limit 1`;
    await db`update runs set posted_at = now() - interval '2 minutes' where posted_at is not null`;
    return run!.slack_message.text as string;
  };
  await world.put("design=gcd&run_id=1");
  match(await posted(), /: run 1, 1 row/);
  await world.put("design=gcd&run_id=1&append=true");
  match(await posted(), /: run 2 \(updated\), 2 rows/);
  await world.put("design=gcd&run_id=2");
  match(await posted(), /: run 3, 3 rows/);
});
