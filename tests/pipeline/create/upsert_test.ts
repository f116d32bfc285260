import { deepStrictEqual as same, match, ok, strictEqual as equal } from "node:assert/strict";
import type { Fault } from "../../help/grafana/grafana.ts";
import { startWorld } from "../../help/world/world.ts";

type Sent = { overwrite?: boolean; folderUid?: string; dashboard?: { uid?: string } };
const SAVE = { method: "POST", path: /\/api\/dashboards\/db$/ };

Deno.test("createNext() makes a dashboard under our uid, in the user's folder, and writes it again", async () => {
  await using test = await startWorld({ user: true, grafana: {} });
  const { ada, grafana, folder } = test;
  const id = await test.make();
  await test.run(
    "create schema eco",
    "create table eco.fixes (a int)",
    "insert into eco.fixes values (1)",
  );
  await test.look();
  await test.create();
  const uid = test.uidOf(id);
  match(uid, new RegExp(`^dk-[a-z0-9]+-d${id}$`));
  const made = grafana.dashboards.get(uid)!;
  same([made.title, made.version, made.folderUid], ["paths", 1, folder]);
  same(made.json.tags, ["dashkeeper", "qor", ada.username]);
  equal(grafana.folders.get(folder)!.title, ada.username);
  same(test.titles(), ["eco.fixes", "paths"]);
  const row = await test.shown(id);
  same([row.step, row.source, row.edited, row.outcome], ["capture", "grafana", false, null]);
  equal(row.dashboard_url, `${grafana.url}/d/${uid}/paths`);
  await test.nextRun();
  await test.create();
  const again = grafana.dashboards.get(uid)!;
  same([again.version, again.title, (await test.shown(id)).edited], [2, "paths", false]);
  const sent = grafana.seen.filter(({ path }) => SAVE.path.test(path)).map(({ body }) =>
    body as Sent
  );
  equal(sent.length, 3);
  for (const { overwrite, folderUid } of sent) same([overwrite, folderUid], [false, folder]);
});

Deno.test("createNext() leaves a stranger's dashboard of its title, by its slug too, and keeps its number", async () => {
  await using test = await startWorld({ user: true, grafana: {} });
  const { grafana, folder, ada } = test;
  const strangers = ["paths", "a-b", "A B (2)"].map((title) =>
    grafana.addDashboard({ title, folderUid: folder, panels: [{ id: 7, type: "text" }] })
  );
  grafana.addFolder("Clock Trees");
  const before = structuredClone(strangers);
  const ids: number[] = [];
  for (const name of ["paths", "a_b", "clock_trees", ada.username]) ids.push(await test.make(name));
  const titles = () => ids.map((id) => test.inGrafana(id)!.title);
  const numbered = ["paths (2)", "a_b (3)", "clock_trees (2)", `${ada.username} (2)`];
  same(titles(), numbered);
  await test.nextRun();
  await test.create();
  same(titles(), numbered);
  same([test.inGrafana(ids[0]!)!.version, (await test.shown(ids[0]!)).edited], [2, false]);
  same(before.map(({ uid }) => grafana.dashboards.get(uid)), before);
});

Deno.test("createNext() finds a title where strangers have every number", async () => {
  await using test = await startWorld({ user: true, grafana: {} });
  const { grafana, folder } = test;
  grafana.addDashboard({ title: "paths", folderUid: folder });
  for (let i = 2; i < 20; i++) {
    grafana.addDashboard({ title: `paths (${i})`, folderUid: folder });
  }
  const id = await test.make();
  equal(test.inGrafana(id)!.title, `paths (${test.uidOf(id)})`);
  equal((await test.shown(id)).last_error, null);
});

Deno.test("createNext() takes names that only PostgreSQL takes", async () => {
  await using test = await startWorld({ user: true, grafana: {} });
  const odd = [" padded ", " ", 'a/b "c" <d>', "日本語", "x".repeat(63), "$1 'q'"];
  for (const name of odd) {
    const id = await test.make(name);
    const row = await test.shown(id);
    same([row.step, row.last_error], ["capture", null], name);
    ok(test.inGrafana(id), name);
  }
  equal(test.grafana.dashboards.size, odd.length);
});

type Case = {
  name: string;
  fault: Fault;
  stopped?: boolean;
  says: RegExp;
  /** Seconds that the row waits at least, and at most. */
  wait?: [number, number];
};
const PASSING: [number, number] = [3, 6];
const json = (status: number, body: unknown): Fault => ({
  ...SAVE,
  times: 1,
  answer: { status, body },
});
const CASES: Case[] = [
  {
    name: "400",
    fault: json(400, { message: "panel 3 has no type" }),
    stopped: true,
    says: /refuses this dashboard: panel 3 has no type/,
  },
  {
    name: "401",
    fault: json(401, { message: "Unauthorized" }),
    stopped: true,
    says: /refuses the key.*Save a new GRAFANA_API_KEY/,
  },
  {
    name: "401, expired",
    fault: json(401, { message: "Expired API key" }),
    stopped: true,
    says: /refuses the key/,
  },
  {
    name: "500, revoked",
    fault: json(500, { message: "invalid API key" }),
    stopped: true,
    says: /refuses the key.*revoked/,
  },
  {
    name: "403",
    fault: json(403, {
      message:
        "You'll need additional permissions to perform this action. Permissions needed: dashboards:create",
    }),
    stopped: true,
    says: /lacks the permission dashboards:create/,
  },
  {
    name: "500, rights",
    fault: json(500, { message: "Error while checking folder ID" }),
    says: /has not cached the key's permissions/,
    wait: PASSING,
  },
  {
    name: "503",
    fault: json(503, { message: "database is locked" }),
    says: /returned HTTP 503/,
    wait: PASSING,
  },
  {
    name: "429",
    fault: {
      ...SAVE,
      times: 1,
      answer: { status: 429, body: {}, headers: { "retry-after": "70" } },
    },
    says: /limits the rate/,
    wait: [60, 70],
  },
  {
    name: "a drop",
    fault: { ...SAVE, times: 1, answer: "drop" },
    says: /does not answer/,
    wait: PASSING,
  },
  {
    name: "a drop after the deed",
    fault: { ...SAVE, times: 1, after: true, answer: "drop" },
    says: /does not answer/,
    wait: PASSING,
  },
  {
    name: "HTML",
    fault: { ...SAVE, times: 1, answer: { status: 200, html: "<title>Sign in</title>" } },
    says: /GRAFANA_BASE_URL does not answer as Grafana/,
    wait: PASSING,
  },
  {
    name: "JSON of something else",
    fault: json(200, { hello: "world" }),
    says: /not understood/,
    wait: PASSING,
  },
];

Deno.test("createNext() says on the row what Grafana refused, and goes on when that is healed", async (t) => {
  await using test = await startWorld({ user: true, grafana: {} });
  const { grafana } = test;
  for (const [i, { name, fault, stopped = false, says, wait }] of CASES.entries()) {
    await t.step(name, async () => {
      const id = await test.find(`t${i}`);
      grafana.fault(fault);
      await test.create();
      const state = await test.state(id);
      same([state.step, state.stopped, state.claim_id], ["create", stopped, null]);
      match(state.last_error!, says);
      if (wait) ok(state.wait > wait[0] && state.wait <= wait[1], `${state.wait} s`);
      if (stopped) {
        await test.create();
        equal((await test.state(id)).step, "create", "it waits for a person");
        equal((await test.call("POST", `/dashboards/${id}/retry`, { json: {} })).status, 202);
      }
      await test.create();
      const healed = await test.shown(id);
      same([healed.step, healed.last_error, healed.edited], ["capture", null, false]);
      equal(test.inGrafana(id)!.title, `t${i}`);
    });
  }
  equal(grafana.dashboards.size, CASES.length, "each was made once");
});

Deno.test("createNext() names every right that the key lacks", async () => {
  await using test = await startWorld({ user: true, grafana: {} });
  const { grafana, deps } = test;
  const key = grafana.tokens.editor;
  deps.outside.grafana!.key = key;
  for (const uid of grafana.datasources.keys()) grafana.remove(uid);
  const id = await test.make();
  const { stopped, last_error } = await test.shown(id);
  match(last_error, /lacks .*datasources:create.*datasources:write/);
  equal(stopped, true);
});

Deno.test("createNext() writes over a dashboard of ours that was saved meanwhile by our other half", async () => {
  await using test = await startWorld({ user: true, grafana: {} });
  const { grafana } = test;
  const id = await test.make();
  await test.nextRun();
  grafana.fault({ ...SAVE, times: 1, after: true, answer: { status: 502, body: {} } });
  await test.create();
  same([(await test.state(id)).step, test.inGrafana(id)!.version], ["create", 2]);
  await test.create();
  const row = await test.shown(id);
  same([row.step, row.edited, test.inGrafana(id)!.version], ["capture", false, 3]);
});

Deno.test("createNext() waits for a Grafana that is away, or hangs, and gives the row back at a stop", async () => {
  await using test = await startWorld({ user: true, grafana: {} });
  const { grafana } = test;
  const id = await test.find();
  await grafana.stop();
  await test.create();
  await test.create();
  const away = await test.state(id);
  same([away.step, away.stopped, away.failures], ["create", false, 2]);
  match(away.last_error!, /does not answer at its address/);
  ok(away.wait > 8 && away.wait <= 10, `${away.wait}`);
  grafana.start();
  grafana.fault({ ...SAVE, times: 1, answer: "hang" });
  const stop = new AbortController();
  const done = test.create(stop.signal);
  setTimeout(() => stop.abort(), 700);
  await done;
  const given = await test.state(id);
  same([given.step, given.claim_id, given.stopped], ["create", null, false]);
  await test.create();
  same([(await test.shown(id)).step, test.inGrafana(id)!.version], ["capture", 1]);
});

Deno.test("createNext() makes a folder again that a person deleted, before it and while it writes", async () => {
  await using test = await startWorld({ user: true, grafana: {} });
  const { grafana, folder, ada } = test;
  grafana.remove(folder);
  const first = await test.make("first");
  equal(grafana.folders.get(folder)!.title, ada.username);
  const second = await test.find("second");
  // Between our look at the folder and the write.
  grafana.fault({
    ...SAVE,
    times: 1,
    answer: { status: 400, body: { message: "Folder not found", traceID: "" } },
  });
  await test.create();
  same([(await test.shown(second)).step, test.titles()], ["capture", ["first", "second"]]);
  equal((await test.shown(first)).edited, false);
});

Deno.test("createNext() links to where people reach Grafana, whatever its path is", async () => {
  for (const public_url of ["https://grafana.example.com/g", undefined]) {
    await using test = await startWorld({
      user: true,
      grafana: { subPath: "/d/grafana", ...(public_url ? { public_url } : {}) },
    });
    const id = await test.make();
    const base = public_url ?? test.grafana.url;
    equal((await test.shown(id)).dashboard_url, `${base}/d/${test.uidOf(id)}/paths`);
  }
});
