import { deepStrictEqual as same, match, strictEqual as equal } from "node:assert/strict";
import { archiveDashboards } from "../../src/pipeline/archive.ts";
import { finishGrafanaRemovals } from "../../src/pipeline/removal.ts";
import { archiveUid } from "../../src/workspaces/names.ts";
import { never } from "../help/time.ts";
import { startWorld } from "../help/world/world.ts";

const SAVES = /\/api\/dashboards\/db$/;

async function startArchive() {
  const test = await startWorld({ user: true, grafana: {} });
  const archive = archiveUid(test.deps.installation, test.ada.id);
  return Object.assign(test, {
    archive,
    /** Its table is dropped, and that is seen. */
    async drop(table = "paths") {
      await test.run(`drop table "${table}"`);
      await test.look();
    },
    /** Its table is there again; the row waits at "create". */
    async back(table = "paths") {
      await test.run(`create table "${table}" (b int)`, `insert into "${table}" values (1)`);
      await test.look();
    },
    async tidy() {
      await test.db`update dashboards set archive_try_at = now(),
        archived_at = archived_at - interval '1 minute'`;
      await archiveDashboards(test.deps, never);
    },
    folderOf: (id: number) => test.inGrafana(id)?.folderUid,
  });
}

Deno.test("archiveDashboards() moves what lost its table, and it returns with its table", async () => {
  await using test = await startArchive();
  const { grafana, archive, folder, ada } = test;
  const id = await test.make();
  await test.nextRun();
  grafana.fault({ method: "POST", path: SAVES, times: 1, answer: "drop" });
  await test.create();
  equal((await test.shown(id)).step, "create");
  await test.drop();
  const given = await test.shown(id);
  same([given.step, given.stopped, given.last_error], ["done", false, null]);
  await grafana.stop();
  await test.tidy();
  match((await test.shown(id)).last_error, /^Not archived yet: /);
  grafana.start();
  await test.tidy();
  same([test.folderOf(id), grafana.folders.get(archive)!.title], [
    archive,
    `${ada.username} archive`,
  ]);
  const row = await test.shown(id);
  same([row.last_error, row.edited, row.archived_at === null], [null, false, false]);
  const calls = grafana.seen.length;
  await test.tidy();
  equal(grafana.seen.length, calls, "what lies there is not asked for again");
  const other = grafana.addDashboard({ title: "paths", folderUid: folder });
  await test.back();
  await test.create();
  const back = await test.shown(id);
  same([back.archived_at, back.edited, back.run, test.folderOf(id)], [null, false, 3, folder]);
  same([test.inGrafana(id)!.title, other.version], ["paths (2)", 1]);
  await test.drop();
  await test.tidy();
  equal(test.folderOf(id), archive, "and again");
});

Deno.test("archiveDashboards() moves a person's edit as it is, and takes its title's number", async () => {
  await using test = await startArchive();
  const { grafana, archive, folder } = test;
  const id = await test.make();
  grafana.edit(test.uidOf(id), (json) => ({ ...json, description: "mine" }));
  grafana.addFolder("x", archive);
  grafana.addDashboard({ title: "paths", folderUid: archive });
  await test.drop();
  await test.tidy();
  const { title, json } = test.inGrafana(id)!;
  same([title, json.description, test.folderOf(id)], ["paths (2)", "mine", archive]);
  await test.back();
  await test.create();
  same([test.folderOf(id), test.inGrafana(id)!.json.description], [folder, "mine"]);
  equal((await test.shown(id)).edited, true);
});

Deno.test("archiveDashboards() takes its own move for no edit, where its answer was lost", async () => {
  await using test = await startArchive();
  const { grafana, archive, folder } = test;
  const [seen, unseen] = [await test.make("seen"), await test.make("unseen")];
  grafana.fault({ method: "POST", path: SAVES, times: 2, after: true, answer: "drop" });
  await test.drop("seen");
  await test.tidy();
  await test.tidy();
  await test.drop("unseen");
  await test.tidy();
  same([test.folderOf(seen), test.folderOf(unseen)], [archive, archive]);
  await test.back("seen");
  await test.back("unseen");
  await test.create();
  for (const id of [seen, unseen]) {
    const row = await test.shown(id);
    same([row.edited, row.last_error, test.folderOf(id)], [false, null, folder]);
  }
});

Deno.test("archiveDashboards() archives a first write that nobody saw, and makes nothing of a deleted one", async () => {
  await using test = await startArchive();
  const { grafana, archive } = test;
  const id = await test.find("fresh");
  grafana.fault({ method: "POST", path: SAVES, times: 1, after: true, answer: "drop" });
  await test.create();
  const deleted = await test.make("deleted");
  grafana.remove(test.uidOf(deleted));
  await test.drop("fresh");
  await test.drop("deleted");
  await test.tidy();
  same([test.folderOf(id), test.folderOf(deleted)], [archive, undefined]);
  equal((await test.shown(deleted)).last_error, null);
  await test.back("fresh");
  await test.back("deleted");
  await test.create();
  same([(await test.shown(id)).edited, (await test.shown(id)).step], [false, "capture"]);
  same([(await test.shown(deleted)).outcome, test.inGrafana(deleted)], ["gone", undefined]);
});

Deno.test("removeDashboard() takes it out of Grafana, now or later, and not what came anew", async () => {
  await using test = await startArchive();
  const { grafana } = test;
  const [now, later, anew] = [
    await test.make("now"),
    await test.make("later"),
    await test.make("anew"),
  ];
  const remove = async (id: number) => {
    equal((await test.call("DELETE", `/dashboards/${id}`)).status, 204);
    equal((await test.call("GET", `/dashboards/${id}`)).status, 404);
  };
  await remove(now);
  equal(test.inGrafana(now), undefined);
  await grafana.stop();
  await remove(later);
  await remove(anew);
  same((await test.call("GET", "/dashboards")).body.dashboards, []);
  grafana.start();
  await test.drop("anew");
  await test.back("anew");
  await test.create();
  await test.db`update retries set due_at = now()`;
  await finishGrafanaRemovals(test.deps, never);
  equal(test.inGrafana(later), undefined);
  const row = await test.shown(anew);
  same([row.step, row.source, row.edited], ["capture", "grafana", false]);
  equal(test.inGrafana(anew)?.title, "anew");
  equal((await test.db`select from retries`).length, 0);
});
