import { deepStrictEqual as same, match, ok, strictEqual as equal } from "node:assert/strict";
import type { DashboardJson } from "../../help/grafana/grafana.ts";
import { startWorld } from "../../help/world/world.ts";

const SAVES = /\/api\/dashboards\/db$/;
type Test = Awaited<ReturnType<typeof startWorld>>;

async function twoMoreRuns(test: Test, table: string) {
  for (let i = 0; i < 2; i++) {
    await test.nextRun(table);
    await test.create();
  }
}

Deno.test("createNext() leaves what a person did in Grafana byte for byte, until it is rewritten", async (t) => {
  await using test = await startWorld({ user: true, grafana: {} });
  const { grafana, folder } = test;
  const elsewhere = grafana.addFolder("Sign-off").uid;
  const deeds: Record<string, (uid: string) => void> = {
    rename: (uid) => grafana.edit(uid, (json) => void (json.title = "WNS")),
    change: (uid) => grafana.edit(uid, (json) => void json.panels!.pop()),
    range: (uid) => grafana.edit(uid, (json) => ({ ...json, time: { from: "now-9d", to: "now" } })),
    shift: (uid) => grafana.move(uid, elsewhere),
  };
  for (const [name, deed] of Object.entries(deeds)) {
    await t.step(name, async () => {
      const id = await test.make(name);
      const uid = test.uidOf(id);
      deed(uid);
      const theirs = structuredClone(grafana.dashboards.get(uid)!);
      await twoMoreRuns(test, name);
      same(grafana.dashboards.get(uid), theirs);
      const row = await test.shown(id);
      same([row.edited, row.step, row.stopped, row.run], [true, "capture", false, 3]);
      const asked = await test.post(`/dashboards/${id}/rewrite`);
      same([asked.status, asked.body.edited, asked.body.step], [202, false, "create"]);
      await test.create();
      const ours = grafana.dashboards.get(uid)!;
      same([ours.title, ours.folderUid, ours.version], [name, folder, theirs.version + 1]);
      same(ours.json.panels, ours.history[0]!.json.panels);
      match(`${(ours.json.time as { from: string }).from}`, /^20/, "its times are the table's");
      equal((await test.shown(id)).edited, false);
    });
  }
});

Deno.test("createNext() takes an edit for one at every moment, and its own write for none", async (t) => {
  await using test = await startWorld({ user: true, grafana: {} });
  const { grafana } = test;
  const id = await test.make();
  const uid = test.uidOf(id);
  const rename = () => grafana.edit(uid, (json) => ({ ...json, description: "by hand" }));
  await t.step("saved between our look and our write", async () => {
    await test.nextRun();
    test.before("POST", SAVES, rename);
    await test.create();
    const { json, version } = grafana.dashboards.get(uid)!;
    same([json.description, version, (await test.shown(id)).edited], ["by hand", 2, true]);
  });
  await t.step("saved after a write that never came there", async () => {
    await test.post(`/dashboards/${id}/rewrite`);
    await test.create();
    await test.nextRun();
    grafana.fault({ method: "POST", path: SAVES, times: 1, answer: "drop" });
    await test.create();
    equal((await test.state(id)).step, "create");
    rename();
    await test.create();
    same([grafana.dashboards.get(uid)!.version, (await test.shown(id)).edited], [4, true]);
  });
  await t.step("our own write, given up, that arrives late", async () => {
    const late = await test.find("late");
    grafana.fault({ method: "POST", path: SAVES, times: 1, answer: "drop" });
    await test.create();
    const { body } = grafana.seen.findLast(({ path }) => SAVES.test(path))!;
    const { dashboard, folderUid } = body as { dashboard: DashboardJson; folderUid: string };
    const arrive = () =>
      grafana.addDashboard({ ...dashboard, folderUid, title: "late", uid: test.uidOf(late) });
    test.before("POST", SAVES, arrive);
    await test.create();
    same([test.inGrafana(late)!.version, (await test.shown(late)).edited], [2, false]);
  });
  await t.step("saved after a first write whose answer was lost", async () => {
    const other = await test.find("other");
    grafana.fault({ method: "POST", path: SAVES, times: 1, after: true, answer: "drop" });
    await test.create();
    grafana.edit(test.uidOf(other), (json) => ({ ...json, description: "mine" }));
    await test.create();
    await twoMoreRuns(test, "other");
    const { version, json } = test.inGrafana(other)!;
    same([version, json.description, (await test.shown(other)).edited], [2, "mine", true]);
  });
});

Deno.test("createNext() makes nothing that a person deleted, whatever comes, until it is rewritten", async () => {
  await using test = await startWorld({ user: true, grafana: {} });
  const { grafana } = test;
  const id = await test.make();
  grafana.remove(test.uidOf(id));
  const isGone = async () => {
    const row = await test.shown(id);
    same([row.outcome, row.stopped, row.step], ["gone", true, "create"]);
    match(row.last_error, /deleted this dashboard in Grafana.*Rewrite/);
    equal(test.inGrafana(id), undefined);
  };
  await test.nextRun();
  await test.create();
  await isGone();
  equal((await test.post(`/dashboards/${id}/retry`)).status, 202);
  await test.create();
  await isGone();
  await test.nextRun();
  await test.create();
  await isGone();
  equal((await test.post(`/dashboards/${id}/rewrite`)).status, 202);
  await test.create();
  const row = await test.shown(id);
  same([row.outcome, row.stopped, row.step, row.last_error], [null, false, "capture", null]);
  equal(test.inGrafana(id)!.version, 1);
});

Deno.test("createNext() makes one dashboard, not edited, whenever its claim is lost", async () => {
  await using test = await startWorld({ user: true, grafana: {} });
  const { grafana, db } = test;
  const first = await test.find("t0");
  const from = grafana.seen.length;
  await test.create();
  const calls = grafana.seen.length - from;
  ok(calls >= 5, `${calls}`);
  ok(test.inGrafana(first));
  for (let n = 1; n <= calls; n++) {
    const id = await test.find(`t${n}`);
    let asked = 0;
    let stolen: Promise<unknown> | undefined;
    const count = () => {
      if (++asked !== n) return;
      // As a run that was found, or another worker, takes it.
      stolen = db`update dashboards set claim_id = null, claimed_until = null where id = ${id}`
        .execute();
    };
    for (const method of ["GET", "POST"]) test.before(method, /./, count, calls);
    await test.create();
    await stolen;
    grafana.clearFaults();
    await test.create();
    const row = await test.shown(id);
    same([row.step, row.edited, row.last_error], ["capture", false, null], `call ${n}`);
  }
  equal(grafana.dashboards.size, calls + 1);
  equal(test.titles().filter((title) => /\(/.test(title)).length, 0);
});

Deno.test("createNext() in two processes at once makes each dashboard once", async () => {
  await using test = await startWorld({ user: true, grafana: {} });
  const ids = [];
  for (const name of ["a", "b", "c"]) ids.push(await test.find(name));
  await Promise.all([test.create(), test.create()]);
  for (const id of ids) {
    same([test.inGrafana(id)!.version, (await test.shown(id)).edited], [1, false]);
  }
  same(test.titles(), ["a", "b", "c"]);
});

Deno.test("rewriteDashboard() refuses what is drawn here, and strangers", async () => {
  await using test = await startWorld({ user: true, grafana: {} });
  const id = await test.make();
  const eve = await test.addAccount({ username: "eve" });
  equal((await test.post(`/dashboards/${id}/rewrite`, {}, eve.api_key)).status, 404);
  await test.db`update dashboards set source = 'built-in', grafana_base = null where id = ${id}`;
  const refused = await test.post(`/dashboards/${id}/rewrite`);
  same([refused.status, refused.body.code], [409, "not_in_grafana"]);
});
