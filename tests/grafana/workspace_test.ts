import { deepStrictEqual as same, match, ok, strictEqual as equal } from "node:assert";
import { scan } from "../../src/pipeline/scan/scan.ts";
import { checkWorkspaces } from "../../src/accounts/maintenance/check.ts";
import { startGrafana } from "../help/grafana/grafana.ts";
import { never, until } from "../help/time.ts";
import { DONE, READY, statesOf } from "../help/world/in_grafana.ts";
import { testServer } from "../help/world/postgres.ts";
import { startWorld } from "../help/world/world.ts";

Deno.test("a new user has a folder and three data sources, each as it should be", async () => {
  await using app = await startWorld({ grafana: {} });
  const { grafana } = app;
  const ada = await app.addUser();
  equal(ada.workspace.state, "ready", JSON.stringify(ada.workspace));
  const { username } = ada;
  const uids = app.uids(ada);
  match(uids.folder, /^dk-\w{6}-\d+$/);
  equal(grafana.folders.get(uids.folder)!.title, username);
  const { host, port } = await testServer();
  for (const kind of ["timing", "qor", "drc"] as const) {
    const source = grafana.datasources.get(uids.source(kind))!;
    const { name, type, access, url, user, database, jsonData } = source;
    same({ name, type, access, url, user, database }, {
      ...{ name: `${username} ${kind}`, type: "postgres", access: "proxy", url: `${host}:${port}` },
      ...{ user: `${username}_reader`, database: "" },
    });
    same(jsonData, {
      ...{ database: `${username}_${kind}`, sslmode: "disable", postgresVersion: 1500 },
      ...{ maxOpenConns: 5, maxIdleConns: 2, connMaxLifetime: 600 },
    });
  }
  equal(statesOf(await app.sources(ada)), READY);
  ok(
    grafana.seen.filter(({ path }) => path === "/api/ds/query").length === 3,
    "asked through each",
  );
});

Deno.test("steps that are done again change nothing, and write nothing", async () => {
  await using app = await startWorld({ grafana: {} });
  const ada = await app.addUser();
  const before = structuredClone([...app.grafana.datasources.values()]);
  app.grafana.seen.length = 0;
  const { body } = await app.call("POST", `/users/${ada.id}/datasources/repair`);
  same(body, { ok: true, findings: [] });
  same([...app.grafana.datasources.values()], before);
  same(
    app.grafana.seen.filter(({ method, path }) => method !== "GET" && path !== "/api/ds/query"),
    [],
  );
});

Deno.test("what a stranger has gets a number, and stays the stranger's", async () => {
  await using app = await startWorld({ grafana: {} });
  const { grafana } = app;
  const username = `s${crypto.getRandomValues(new Uint8Array(4)).toHex()}`;
  const folder = grafana.addFolder(username.toUpperCase(), "theirs");
  grafana.addFolder(`${username} 2`);
  grafana.addDatasource(`${username} qor`, { uid: "their-qor" });
  const strangers = structuredClone([folder, grafana.datasources.get("their-qor")]);
  const ada = await app.addUser({ username });
  equal(ada.workspace.state, "ready");
  const uids = app.uids(ada);
  equal(grafana.folders.get(uids.folder)!.title, `${username} 3`);
  equal(grafana.datasources.get(uids.source("qor"))!.name, `${username} qor 2`);
  same([grafana.folders.get("theirs"), grafana.datasources.get("their-qor")], strangers);
  const names = (await app.sources(ada)).map(({ name }) => name);
  same(names, [`${username} timing`, `${username} qor 2`, `${username} drc`]);
  // The number is no difference to be repaired, and is still told when the source fails.
  same((await app.call("POST", `/users/${ada.id}/datasources/check`)).body.findings, []);
  grafana.fault({ path: /ds\/query/, answer: { status: 500, body: { message: "boom" } } });
  await app.call("POST", `/users/${ada.id}/datasources/repair`);
  same((await app.sources(ada)).map(({ name }) => name), names);
});

Deno.test("a folder whose every title is taken is told, not passed over", async () => {
  await using app = await startWorld({ grafana: {} });
  const taken = { status: 409, body: { message: "a folder … with the same name already exists" } };
  app.grafana.fault({ method: "POST", path: /^\/api\/folders$/, answer: taken });
  const ada = await app.addUser();
  equal(statesOf(await app.steps(ada)), "pending pending pending pending");
  match((await app.steps(ada))[0]!.message!, /titles .* taken/);
  app.grafana.clearFaults();
  await app.finish();
  equal(statesOf(await app.steps(ada)), DONE);
});

Deno.test("what differs is found by the check, and repaired by the daily care", async () => {
  await using app = await startWorld({ grafana: {} });
  const { grafana, db, deps } = app;
  const ada = await app.addUser();
  const uids = app.uids(ada);
  const source = () => grafana.datasources.get(uids.source("qor"))!;
  const good = structuredClone(source());
  const wrongs: [what: string, change: () => void][] = [
    ["name", () => source().name = "renamed by a person"],
    ["type", () => source().type = "mysql"],
    ["access", () => source().access = "direct"],
    ["url", () => source().url = "127.0.0.1:1"],
    ["user", () => source().user = "postgres"],
    ["password", () => source().secureJsonData = {}],
    ...Object.keys(good.jsonData).map((field): [string, () => void] => [
      field,
      () => delete source().jsonData[field],
    ]),
  ];
  for (const [what, change] of wrongs) {
    change();
    source().jsonData.timescaledb = true; // a person's own
    const { body } = await app.call("POST", `/users/${ada.id}/datasources/check`);
    equal(body.ok, false, what);
    const findings = body.findings.map(({ what }: { what: string }) => what);
    ok(findings.includes(`data source ${ada.username} qor: ${what}`), `${what}: ${findings}`);
    equal(statesOf(await app.sources(ada)), "ready failed ready", what);
    await db`update workspaces set checked_at = null`;
    await checkWorkspaces(deps, never);
    const { version: _, jsonData, ...repaired } = source();
    const { version: __, jsonData: wanted, ...rest } = good;
    same([repaired, jsonData], [rest, { ...wanted, timescaledb: true }], what);
    equal(statesOf(await app.sources(ada)), READY, what);
  }
});

Deno.test("the daily care makes what a person deleted, and renames the folder back", async () => {
  await using app = await startWorld({ grafana: {} });
  const { grafana, db, deps } = app;
  const ada = await app.addUser();
  const uids = app.uids(ada);
  grafana.remove(uids.source("drc"));
  grafana.renameFolder(uids.folder, "My things");
  const { body } = await app.call("POST", `/users/${ada.id}/datasources/check`);
  same(body.findings.map(({ what, found }: Record<string, string>) => `${what} ${found}`), [
    `data source ${ada.username} drc missing`,
  ]);
  await db`update workspaces set checked_at = null`;
  await checkWorkspaces(deps, never);
  equal(grafana.folders.get(uids.folder)!.title, ada.username);
  ok(grafana.datasources.has(uids.source("drc")));
  grafana.remove(uids.folder);
  same((await app.call("POST", `/users/${ada.id}/datasources/check`)).body.findings, [
    { what: `folder ${ada.username}`, expected: "there", found: "missing" },
  ]);
  const repaired = await app.call("POST", `/users/${ada.id}/datasources/repair`);
  same(repaired.body, { ok: true, findings: [] });
});

Deno.test("a source of the newer type name is left as it is", async () => {
  await using app = await startWorld({ grafana: {} });
  const ada = await app.addUser();
  const source = app.grafana.datasources.get(app.uids(ada).source("timing"))!;
  source.type = "grafana-postgresql-datasource";
  const { version } = source;
  const { body } = await app.call("POST", `/users/${ada.id}/datasources/repair`);
  same(body, { ok: true, findings: [] });
  equal(source.version, version);
});

Deno.test("what is ours already is taken over, though nothing here remembers it", async () => {
  await using grafana = await startGrafana();
  await using app = await startWorld({ grafana: { stand_in: grafana } });
  const ada = await app.addUser();
  const uids = app.uids(ada);
  grafana.datasources.get(uids.source("qor"))!.secureJsonData.password = "an older one";
  await app.db`delete from datasources`;
  await app.db`update workspace_steps set state = 'pending' where position > 20`;
  const [folders, sources] = [grafana.folders.size, grafana.datasources.size];
  await app.finish();
  equal(statesOf(await app.steps(ada)), DONE);
  same([grafana.folders.size, grafana.datasources.size], [folders, sources]);
});

Deno.test("ten users made while Grafana is down have databases, and all else once it is up", async () => {
  await using app = await startWorld({ grafana: {} });
  await app.grafana.stop();
  const users = [];
  const begun = Date.now();
  for (let i = 0; i < 10; i++) users.push(await app.addUser());
  ok(Date.now() - begun < 30_000, `${Date.now() - begun} ms`);
  for (const user of users) {
    equal(user.workspace.state, "pending");
    const [first] = await app.steps(user);
    match(first!.message!, /Grafana does not answer/);
    ok(!first!.message!.includes(app.grafana.origin));
    equal((await app.sources(user)).length, 3);
  }
  const ready = await app.db`select from workspaces where ready_at is not null`;
  equal(ready.length, 10);
  await app.write(users[9]!, "qor", "create table found as select -0.1 as wns");
  await until(async () => {
    await scan(app.deps, never);
    return (await app.db`select from dashboards`).length === 1;
  });

  await app.grafana.start();
  await app.finish();
  for (const user of users) {
    equal(statesOf(await app.steps(user)), DONE);
    equal(statesOf(await app.sources(user)), READY);
  }
});

Deno.test("a Grafana that hangs keeps whoever creates a user for seconds only", async () => {
  await using app = await startWorld({ grafana: {} });
  app.grafana.fault({ answer: "hang" });
  const begun = Date.now();
  const users = await Promise.all(Array.from({ length: 6 }, () => app.addUser()));
  ok(Date.now() - begun < 12_000, `${Date.now() - begun} ms`);
  for (const user of users) {
    equal(user.workspace.state, "pending");
    match((await app.steps(user))[0]!.message!, /not answered yet/);
  }
  app.grafana.clearFaults();
  await app.finish();
  for (const user of users) equal(statesOf(await app.steps(user)), DONE);
});

Deno.test("finishWorkspaces() ends with its signal, writes no fault, and is gone on with", async () => {
  await using app = await startWorld({ grafana: {} });
  await app.grafana.stop();
  const ada = await app.addUser();
  const { attempts } = (await app.steps(ada))[0]!;
  app.grafana.start();
  app.grafana.fault({ method: "POST", path: /datasources$/, after: true, answer: "hang" });
  const killed = new AbortController();
  const working = app.finish(killed.signal);
  await until(() => app.grafana.datasources.size === 1);
  const begun = Date.now();
  killed.abort();
  await working;
  ok(Date.now() - begun < 1000);
  const left = await app.steps(ada);
  equal(statesOf(left), "done pending pending pending");
  same([left[0]!.attempts, left[1]!.attempts], [attempts + 1, 0]);
  app.grafana.clearFaults();
  await app.finish();
  equal(statesOf(await app.steps(ada)), DONE);
  equal(app.grafana.datasources.size, 3, "the one whose answer was lost is taken over");
});

Deno.test("a pause that Grafana asks for is kept", async () => {
  await using app = await startWorld({ grafana: {} });
  const headers = { "retry-after": "300" };
  app.grafana.fault({ path: /folders/, answer: { status: 429, html: "slow", headers } });
  const ada = await app.addUser();
  const [step] = await app.db<{ wait: number }[]>`
    select extract(epoch from next_try_at - now())::float8 as wait from workspace_steps
    where user_id = ${ada.id} and name = 'grafana_folder'`;
  ok(step!.wait > 290 && step!.wait <= 300, `${step!.wait}`);
});

Deno.test("users whose own Grafana hangs delay nobody else", async () => {
  await using broken = await startGrafana();
  await using app = await startWorld({ grafana: {}, outside: { allowed_hosts: ["127.0.0.1"] } });
  await app.grafana.stop();
  const slow = [];
  for (let i = 0; i < 5; i++) slow.push(await app.addUser());
  const other = await app.addUser();
  await broken.stop();
  for (const { id } of slow) {
    for (
      const [key_name, key_value] of [["GRAFANA_BASE_URL", broken.url], ["GRAFANA_API_KEY", "k"]]
    ) {
      const json = { key_name, key_value };
      equal((await app.call("POST", `/users/${id}/credentials`, { json })).status, 201);
    }
  }
  broken.start();
  broken.fault({ answer: "hang" });
  app.grafana.start();
  const stopped = new AbortController();
  const working = app.finish(stopped.signal);
  const begun = Date.now();
  await until(async () => statesOf(await app.steps(other)) === DONE);
  const late = await app.addUser();
  equal(late.workspace.state, "ready");
  ok(Date.now() - begun < 5000, `${Date.now() - begun} ms`);
  stopped.abort();
  await working;
});
