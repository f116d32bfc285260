import { deepStrictEqual as same, match, strictEqual as equal } from "node:assert/strict";
import { finishGrafanaRemovals } from "../../src/pipeline/removal.ts";
import { notifyNext } from "../../src/pipeline/notify/notify.ts";
import { claimNext } from "../../src/pipeline/row.ts";
import { wasPosted } from "../../src/pipeline/messages_store.ts";
import { startGrafana } from "../help/grafana/grafana.ts";
import { never } from "../help/time.ts";
import { startWorld } from "../help/world/world.ts";

type Test = Awaited<ReturnType<typeof startWorld>>;

/** As before Grafana was configured, while `work` goes on. */
async function without(test: Test, work: () => Promise<void>) {
  const { outside } = test.deps;
  const { grafana } = outside;
  outside.grafana = undefined;
  await work();
  outside.grafana = grafana;
}

async function saveKey({ call, ada }: Test, key_name: string, key_value: string) {
  const { status } = await call("POST", `/users/${ada.id}/credentials`, {
    json: { key_name, key_value },
  });
  equal(status, 201);
}

Deno.test("moveDashboard() brings a built-in board to Grafana, which otherwise stays, and tells nobody", async () => {
  await using test = await startWorld({ user: true, grafana: {} });
  const { db } = test;
  let id = 0;
  await without(test, async () => {
    id = await test.make();
    const refused = await test.post(`/dashboards/${id}/move`);
    same([refused.status, refused.body.code], [409, "grafana_unset"]);
    same((await test.post("/dashboards/move")).body, { moving: 0 });
  });
  await test.nextRun();
  await test.create();
  const here = await test.shown(id);
  same([here.source, here.run, test.grafana.dashboards.size], ["built-in", 2, 0]);
  match(here.dashboard_url, /\/boards\/\d+$/);
  await db`update runs set posted_at = now()`;
  const eve = await test.addAccount({ username: "eve" });
  equal((await test.post(`/dashboards/${id}/move`, {}, eve.api_key)).status, 404);
  const moved = await test.post(`/dashboards/${id}/move`, {}, test.ada.api_key);
  same([moved.status, moved.body.source, moved.body.step], [202, "grafana", "create"]);
  await test.create();
  const there = await test.shown(id);
  same([there.step, there.run, test.inGrafana(id)!.version], ["capture", 2, 1]);
  equal(there.dashboard_url, `${test.grafana.url}/d/${test.uidOf(id)}/paths`);
  const claim = await claimNext(db, "capture");
  equal(await wasPosted(db, claim!), true, "so its picture ends at done");
  const again = await test.post(`/dashboards/${id}/move`);
  same([again.status, again.body.code], [409, "already_there"]);
  await test.run("drop table paths");
  await test.look();
  const archived = await test.post(`/dashboards/${id}/move`);
  same([archived.status, archived.body.code], [409, "archived"]);
});

Deno.test("moveDashboards() moves all for an admin, and a member's own", async () => {
  await using test = await startWorld({ user: true, grafana: {} });
  const bob = await test.addUser();
  const ids: number[] = [];
  await without(test, async () => {
    for (const name of ["a", "b"]) ids.push(await test.make(name));
    await test.write(bob, "drc", "create table c (a int)", "insert into c values (1)");
    await test.look();
    await test.create();
  });
  same([(await test.post("/dashboards/move", {}, bob.api_key)).body], [{ moving: 1 }]);
  const all = await test.post("/dashboards/move");
  same([all.status, all.body], [202, { moving: 2 }]);
  same((await test.post("/dashboards/move")).body, { moving: 0 });
  await test.create();
  const { dashboards } = (await test.call("GET", "/dashboards")).body;
  same(dashboards.map(({ source, step }: Record<string, string>) => `${source} ${step}`), [
    "grafana capture",
    "grafana capture",
    "grafana capture",
  ]);
  equal(test.grafana.dashboards.size, 3);
});

Deno.test("moveDashboard() takes a dashboard from one Grafana to a user's own, and back", async () => {
  await using test = await startWorld({
    user: true,
    grafana: {},
    outside: { allowed_hosts: ["127.0.0.1"] },
  });
  await using own = await startGrafana();
  const id = await test.make();
  const uid = test.uidOf(id);
  await saveKey(test, "GRAFANA_BASE_URL", own.url);
  await saveKey(test, "GRAFANA_API_KEY", own.tokens.admin);
  await test.nextRun();
  await test.create();
  const still = await test.shown(id);
  same([still.last_error, test.inGrafana(id)?.version, own.dashboards.size], [null, 2, 0]);
  const fresh = await test.make("fresh");
  equal(own.dashboards.get(test.uidOf(fresh))?.title, "fresh");
  equal((await test.post(`/dashboards/${id}/move`)).status, 202);
  await finishGrafanaRemovals(test.deps, never);
  equal(test.inGrafana(id)?.version, 2, "it stays until the new one is written");
  await test.create();
  await test.db`update retries set due_at = now()`;
  await finishGrafanaRemovals(test.deps, never);
  same([test.inGrafana(id), own.dashboards.get(uid)?.version], [undefined, 1]);
  equal((await test.shown(id)).dashboard_url, `${own.url}/d/${uid}/paths`);
  await test.call("DELETE", `/users/${test.ada.id}/credentials/GRAFANA_BASE_URL`);
  await test.nextRun();
  await test.create();
  const lost = await test.shown(id);
  same([lost.stopped, lost.edited, own.dashboards.get(uid)?.version], [true, false, 1]);
  match(lost.last_error, /key of the Grafana .* is not known here.*move the dashboard/);
  await test.call("DELETE", `/users/${test.ada.id}/credentials/GRAFANA_API_KEY`);
  equal((await test.post(`/dashboards/${id}/move`)).status, 202);
  await test.create();
  same([test.inGrafana(id)?.version, (await test.shown(id)).stopped], [1, false]);
});

Deno.test("createNext() takes a row that was never written to the Grafana of now", async () => {
  await using test = await startWorld({
    user: true,
    grafana: {},
    outside: { allowed_hosts: ["127.0.0.1"] },
  });
  await saveKey(test, "GRAFANA_BASE_URL", "http://127.0.0.1:1/typo");
  await saveKey(test, "GRAFANA_API_KEY", "glsa_own");
  const id = await test.make();
  match((await test.shown(id)).last_error, /does not answer/);
  for (const name of ["GRAFANA_BASE_URL", "GRAFANA_API_KEY"]) {
    await test.call("DELETE", `/users/${test.ada.id}/credentials/${name}`);
  }
  await test.create();
  const row = await test.shown(id);
  same([row.step, row.last_error, test.inGrafana(id)?.title], ["capture", null, "paths"]);
  equal(row.dashboard_url, `${test.grafana.url}/d/${test.uidOf(id)}/paths`);
});

Deno.test("notifyNext() opens the dashboard in Grafana by the address that people reach", async () => {
  await using test = await startWorld({
    user: true,
    grafana: { public_url: "https://grafana.example.com/g" },
  });
  const { db, deps } = test;
  const id = await test.make();
  await db`update dashboards set step = 'notify'`;
  equal(await notifyNext(deps, never), true);
  const row = await test.shown(id);
  equal(row.dashboard_url, `https://grafana.example.com/g/d/${test.uidOf(id)}/paths`);
  const { elements } = row.slack_message.blocks.find(({ type }: { type: string }) =>
    type === "actions"
  );
  equal(elements[0].url, row.dashboard_url);
});
