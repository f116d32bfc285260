import { deepStrictEqual as same, match, ok, strictEqual as equal } from "node:assert";
import { importSealKey } from "../../src/credentials/seal.ts";
import { planDefaultGrafana } from "../../src/accounts/credentials.ts";
import { finishGrafanaRemovals } from "../../src/pipeline/removal.ts";
import { rotateSeal } from "../../src/credentials/rotation/rotate.ts";
import { connect } from "../../src/external/postgres/postgres.ts";
import { startGrafana } from "../help/grafana/grafana.ts";
import { never } from "../help/time.ts";
import { DONE, READY, statesOf } from "../help/world/in_grafana.ts";
import { testServer } from "../help/world/postgres.ts";
import { startWorld, type World } from "../help/world/world.ts";
import { SEALED_COLUMNS } from "../../src/sealed.ts";

const findings = (body: { findings: { what: string; found: string }[] }) =>
  body.findings.map(({ what, found }) => `${what}: ${found}`).join("\n");

/** What is to be removed is due now. */
async function removeNow({ db, deps }: Pick<World, "db" | "deps">) {
  await db`update retries set due_at = now()`;
  await finishGrafanaRemovals(deps, never);
  return (await db`select from retries`).length;
}

Deno.test("who may look at data sources, check and repair them", async () => {
  await using app = await startWorld({ grafana: {} });
  const ada = await app.addUser();
  const bob = await app.addAccount({ username: "bob" });
  const path = `/users/${ada.id}/datasources`;
  const { body } = await app.call("GET", path, { key: ada.api_key });
  same(Object.keys(body), ["datasources"]);
  same(body.datasources.map((source: object) => Object.keys(source).join(" ")), [
    "uid name kind state message checked_at",
    "uid name kind state message checked_at",
    "uid name kind state message checked_at",
  ]);
  const [first] = body.datasources;
  same([first.uid, first.name, first.kind, first.state, first.message], [
    ...[app.uids(ada).source("timing"), `${ada.username} timing`, "timing", "ready", null],
  ]);
  match(first.checked_at, /^\d{4}-.*Z$/);
  const tried = async (method: string, path: string, key: string) =>
    (await app.call(method, path, { key })).status;
  const all = [["GET", ""], ["POST", "/check"], ["POST", "/repair"]] as const;
  const byEach = [];
  for (const [method, more] of all) {
    for (const key of [app.admin, ada.api_key, bob.api_key, "dk_nobody"]) {
      byEach.push(await tried(method, path + more, key));
    }
  }
  same(byEach, [200, 200, 404, 401, 200, 200, 404, 401, 200, 403, 404, 401]);
  equal(await tried("POST", `/users/${bob.id}/datasources/check`, bob.api_key), 404);
  equal((await app.call("POST", `${path}/check`, { json: { a: 1 } })).status, 422);
  const checked = await app.call("POST", `${path}/check`, { json: {} });
  same([checked.status, checked.body], [200, { ok: true, findings: [] }]);
  const [action] = await app.db`select outcome from audit where action = 'datasources.repair'
    and actor = ${ada.username}`;
  equal(action!.outcome, "refused");
});

Deno.test("the page shows the data sources, checks and repairs them", async () => {
  await using app = await startWorld({ grafana: {} });
  const ada = await app.addUser();
  app.grafana.remove(app.uids(ada).source("qor"));
  const page = async (method: string, path: string, key: string) => {
    const cookie = await app.signIn(key);
    const headers = { cookie, origin: app.origin };
    return await app.send(method, path, method === "POST" ? { headers, body: "" } : { headers });
  };
  const user = `/users/${ada.id}`;
  const shown = await page("GET", user, ada.api_key);
  ok(shown.text.includes(`${ada.username} qor`));
  ok(!shown.text.includes(`${user}/datasources/repair`), "a member has no button to repair");
  const checked = await page("POST", `${user}/datasources/check`, ada.api_key);
  match(checked.text, /data source \w+ qor: should be there, is missing/);
  match((await page("GET", user, ada.api_key)).text, /Does not answer/);
  equal((await page("POST", `${user}/datasources/repair`, ada.api_key)).status, 403);
  match((await page("POST", `${user}/datasources/repair`, app.admin)).text, /All as it should be/);
  equal(statesOf(await app.sources(ada)), READY);
});

Deno.test("a check of a silent Grafana is a 503 with words, of none a 409", async () => {
  await using app = await startWorld({ grafana: {} });
  const ada = await app.addUser();
  const path = `/users/${ada.id}/datasources`;
  const codes = async (name: string) => {
    const { status, body, headers } = await app.call("POST", `${path}/${name}`);
    return [status, body.code, body.message, headers.get("retry-after")];
  };
  app.grafana.fault({ answer: { status: 502, html: "<html>glsa_secret</html>" } });
  const sentence = "Grafana returned HTTP 502. Retrying.";
  same(await codes("check"), [503, "grafana_refused", sentence, "5"]);
  same(await codes("repair"), [503, "grafana_refused", sentence, "5"]);
  app.grafana.clearFaults();
  const { key } = app.outside.grafana!;
  app.outside.grafana!.key = app.grafana.tokens.viewer;
  app.grafana.remove(app.uids(ada).source("qor"));
  match(`${(await codes("repair"))[2]}`, /lacks datasources:create, .*folders:create/);
  app.outside.grafana!.key = key;
  delete app.outside.grafana;
  same((await codes("check")).slice(0, 2), [409, "grafana_unset"]);
});

Deno.test("a source is good only when a query answers: a wrong password is written anew", async () => {
  await using app = await startWorld({ grafana: {} });
  const ada = await app.addUser();
  const source = app.grafana.datasources.get(app.uids(ada).source("qor"))!;
  const good = source.secureJsonData.password;
  source.secureJsonData.password = "wrong";
  const { body } = await app.call("POST", `/users/${ada.id}/datasources/check`);
  match(findings(body), /^data source \w+ qor: db query error: pq: password authentication failed/);
  same((await app.call("POST", `/users/${ada.id}/datasources/repair`)).body.findings, []);
  equal(app.grafana.datasources.get(source.uid)!.secureJsonData.password, good);

  const before = `${good}`;
  equal((await app.call("POST", `/users/${ada.id}/database-password`)).status, 204);
  equal(statesOf(await app.steps(ada)), DONE);
  const changed = app.grafana.datasources.get(source.uid)!.secureJsonData.password;
  ok(changed !== before);
  await app.grafana.stop();
  equal((await app.call("POST", `/users/${ada.id}/database-password`)).status, 204);
  match(statesOf(await app.steps(ada)), /pending pending pending$/);
  await app.grafana.start();
  await app.finish();
  equal(statesOf(await app.sources(ada)), READY);
  ok(app.grafana.datasources.get(source.uid)!.secureJsonData.password !== changed);
});

Deno.test("a database that only Grafana cannot reach is told so, and heals by itself", async () => {
  await using app = await startWorld({ grafana: { db_host: "127.0.0.1", db_port: 1 } });
  const ada = await app.addUser();
  equal(ada.workspace.state, "pending");
  const step = (await app.steps(ada)).find(({ state }) => state === "pending")!;
  match(
    step.message!,
    /^Grafana cannot reach the database at 127\.0\.0\.1:1, though Dashkeeper can/,
  );
  match(step.message!, /GRAFANA_DB_HOST and GRAFANA_DB_PORT/);
  const [timing] = await app.sources(ada);
  same([timing!.state, timing!.message], ["pending", step.message]);
  app.outside.grafana!.db_port = (await testServer()).port;
  await app.finish();
  equal(statesOf(await app.steps(ada)), DONE);
  equal(statesOf(await app.sources(ada)), READY);
});

Deno.test("a database that nobody reaches is not blamed on Grafana, and the step goes on waiting", async () => {
  await using app = await startWorld({ grafana: {} });
  const ada = await app.addUser();
  await using root = Object.assign(connect({ ...await testServer(), database: "postgres" }, 1), {
    async [Symbol.asyncDispose]() {
      await root.end();
    },
  });
  const database = root(`${ada.username}_qor`);
  await root`alter database ${database} with allow_connections false`;
  const repaired = await app.call("POST", `/users/${ada.id}/datasources/repair`);
  equal(repaired.status, 200, repaired.text);
  match(findings(repaired.body), /qor: db query error: pq: .*not currently accepting/);
  await app.db`update workspace_steps set state = 'pending' where name = 'datasource_qor'`;
  await app.finish();
  match((await app.steps(ada))[2]!.message!, /^Neither Grafana nor Dashkeeper gets in/);
  equal((await app.steps(ada))[2]!.state, "pending");
  await root`alter database ${database} with allow_connections true`;
  await app.finish();
  equal(statesOf(await app.steps(ada)), DONE);
});

Deno.test("an inactive user's sources wait until the user is active again", async () => {
  await using app = await startWorld({ grafana: {} });
  const ada = await app.addUser();
  const path = `/users/${ada.id}`;
  equal((await app.call("PATCH", path, { json: { is_active: false } })).status, 200);
  same((await app.call("POST", `${path}/datasources/check`)).body, { ok: true, findings: [] });
  const repaired = await app.call("POST", `${path}/datasources/repair`);
  same([repaired.status, repaired.body.code], [409, "user_inactive"]);
  equal((await app.call("POST", `${path}/database-password`)).status, 204);
  await app.finish();
  match(statesOf(await app.steps(ada)), /pending pending pending$/);
  equal((await app.call("PATCH", path, { json: { is_active: true } })).status, 200);
  await app.finish();
  equal(statesOf(await app.steps(ada)), DONE);
  equal(statesOf(await app.sources(ada)), READY);
});

Deno.test("a removed user's things leave Grafana, later where it is down; a stranger's stay", async () => {
  await using app = await startWorld({ grafana: {} });
  const [ada, bob] = [await app.addUser(), await app.addUser()];
  app.grafana.addDashboard({ title: "my own", uid: "mine", folderUid: app.uids(bob).folder });
  await app.grafana.stop();
  for (const { id } of [ada, bob]) {
    equal((await app.call("DELETE", `/users/${id}?databases=drop`)).status, 200);
  }
  equal((await app.db`select from retries`).length, 10);
  await app.grafana.start();
  equal(await removeNow(app), 0);
  same([...app.grafana.folders.keys()], [app.uids(bob).folder]);
  same([...app.grafana.dashboards.keys()], ["mine"]);
  same([...app.grafana.datasources.keys()], []);
  ok(app.lines.some((line) => line.includes("holds dashboards of people's own")));

  // Made by a call whose answer was lost, and nowhere written down.
  app.grafana.fault({ method: "POST", path: /folders/, after: true, answer: "drop", times: 1 });
  const eve = await app.addUser();
  ok(app.grafana.folders.has(app.uids(eve).folder));
  equal((await app.call("DELETE", `/users/${eve.id}?databases=drop`)).status, 200);
  ok(!app.grafana.folders.has(app.uids(eve).folder));
});

Deno.test("a folder is not judged while a dashboard of ours may lie in it", async () => {
  await using app = await startWorld({ grafana: {} });
  const ada = await app.addUser();
  const { folder } = app.uids(ada);
  const [row] = await app.db<{ id: number }[]>`
    insert into dashboards (user_id, kind, schema_name, table_name, content, run, step, source,
      grafana_base)
    values (${ada.id}, 'qor', 'public', 't', '1:a', 1, 'done', 'grafana', ${app.grafana.url})
    returning id`;
  const uid = `dk-${app.deps.installation}-d${row!.id}`;
  app.grafana.addDashboard({ title: "t", uid, folderUid: folder });
  const denied = { message: "Permissions needed: dashboards:delete" };
  app.grafana.fault({
    method: "DELETE",
    path: /dashboards/,
    answer: { status: 403, body: denied },
  });
  equal((await app.call("DELETE", `/users/${ada.id}?databases=drop`)).status, 200);
  ok(app.grafana.folders.has(folder) && app.grafana.dashboards.has(uid));
  app.grafana.clearFaults();
  equal(await removeNow(app), 0);
  same([app.grafana.folders.size, app.grafana.dashboards.size], [0, 0]);
});

Deno.test("a removal from a user's own Grafana keeps its key, sealed, through a new seal key", async () => {
  await using own = await startGrafana();
  await using app = await startWorld({ grafana: {}, outside: { allowed_hosts: ["127.0.0.1"] } });
  const ada = await app.addUser();
  for (
    const [key_name, key_value] of [
      ["GRAFANA_API_KEY", own.tokens.admin],
      ["GRAFANA_BASE_URL", `${own.url}/`],
    ]
  ) {
    const json = { key_name, key_value };
    equal((await app.call("POST", `/users/${ada.id}/credentials`, { json })).status, 201);
  }
  await app.finish();
  equal(own.datasources.size, 3);
  await own.stop();
  equal((await app.call("DELETE", `/users/${ada.id}?databases=drop`)).status, 200);
  const { datasources, folders } = app.grafana;
  same([datasources.size, folders.size], [0, 0], "what it had in the configured one goes as well");
  const kept = await app.db<{ target: string; secret: string | null }[]>`
    select target, secret from retries`;
  ok(kept.length > 0 && kept.every(({ secret }) => secret?.startsWith("dk1.")));
  const sealKeys = {
    current: await importSealKey(crypto.getRandomValues(new Uint8Array(32))),
    previous: app.deps.sealKeys.current,
  };
  const { unreadable } = await rotateSeal(
    { ...app.deps, columns: SEALED_COLUMNS },
    sealKeys,
    never,
  );
  same(unreadable, []);
  await own.start();
  const { db, deps } = app;
  equal(await removeNow({ db, deps: { ...deps, sealKeys: { current: sealKeys.current } } }), 0);
  same([own.datasources.size, own.folders.size], [0, 0]);
});

Deno.test("a removal whose own key was revoked is given up; one with the configured key waits", async () => {
  await using app = await startWorld({ grafana: {} });
  const ada = await app.addUser();
  app.grafana.revoke(app.grafana.tokens.admin);
  equal((await app.call("DELETE", `/users/${ada.id}?databases=drop`)).status, 200);
  ok(await removeNow(app) > 0);
  app.outside.grafana!.key = app.grafana.addToken("Admin");
  equal(await removeNow(app), 0);
  equal(app.grafana.datasources.size, 0);

  const bob = await app.addUser();
  const json = { key_name: "GRAFANA_API_KEY", key_value: app.grafana.addToken("Admin") };
  equal((await app.call("POST", `/users/${bob.id}/credentials`, { json })).status, 201);
  app.grafana.revoke(json.key_value);
  equal((await app.call("DELETE", `/users/${bob.id}?databases=drop`)).status, 200);
  equal(await removeNow(app), 0);
  ok(app.lines.some((line) => /left in Grafana\..*Grafana refuses the key/.test(line)));
  ok(!app.lines.join("\n").includes(json.key_value));
});

Deno.test("once there is no Grafana, nothing waits for one", async () => {
  await using app = await startWorld({ grafana: { db_host: "127.0.0.1", db_port: 1 } });
  const [ada, bob] = [await app.addUser(), await app.addUser()];
  await app.grafana.stop();
  await app.call("DELETE", `/users/${bob.id}?databases=drop`);
  delete app.outside.grafana;
  await planDefaultGrafana(app.deps);
  const { body } = await app.call("GET", `/users/${ada.id}`);
  equal(body.workspace.state, "ready", JSON.stringify(body.workspace));
  ok(statesOf(await app.sources(ada)).split(" ").every((state) => state === "failed"));
  match((await app.sources(ada))[0]!.message, /No Grafana is configured/);
  equal(await removeNow(app), 0);
  const later = await app.addUser();
  equal(later.workspace.state, "ready");
  same(await app.sources(later), []);
});

Deno.test("a data source that two make at once has one name", async () => {
  await using app = await startWorld({ grafana: {} });
  const ada = await app.addUser();
  const source = app.uids(ada).source("qor");
  const kept = app.grafana.datasources.get(source)!;
  app.grafana.remove(source);
  app.grafana.fault({
    ...{ method: "POST", path: /\/api\/datasources$/, times: 1, answer: "pass" },
    before: () => Promise.resolve(app.grafana.datasources.set(source, kept)),
  });
  await app.db`update workspace_steps set state = 'pending' where name = 'datasource_qor'`;
  await app.finish();
  same((await app.sources(ada)).map(({ name }) => name).sort(), [
    ...["drc", "qor", "timing"].map((kind) => `${ada.username} ${kind}`),
  ]);
});
