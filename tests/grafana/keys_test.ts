import { deepStrictEqual as same, match, ok, strictEqual as equal } from "node:assert";
import { planDefaultGrafana } from "../../src/accounts/credentials.ts";
import { startGrafana } from "../help/grafana/grafana.ts";
import { DONE, statesOf } from "../help/world/in_grafana.ts";
import { startWorld, type World } from "../help/world/world.ts";

/** Saves credentials one after another; the answer to the last. */
async function save(
  app: World,
  { id }: { id: number },
  ...pairs: [name: string, value: string][]
) {
  let last;
  for (const [key_name, key_value] of pairs) {
    const path = `/users/${id}/credentials`;
    last = await app.call("POST", path, { json: { key_name, key_value } });
    if (last.status === 409) {
      last = await app.call("PUT", `${path}/${key_name}`, { json: { key_value } });
    }
    ok(last.status < 300, last.text);
  }
  return (last!.body.warnings ?? []) as string[];
}

/** A row that stopped for the key that Grafana refused. */
async function stoppedRow({ db }: World, { id }: { id: number }) {
  const [row] = await db<{ id: number }[]>`
    insert into dashboards (user_id, kind, schema_name, table_name, content, run, step, source,
      stopped, stop_code, last_error)
    values (${id}, 'qor', 'public', ${crypto.randomUUID()}, '1:a', 1, 'create', 'grafana', true,
      'key_refused', 'Grafana refuses the key.') returning id`;
  return async () => {
    const [now] = await db`select stopped from dashboards where id = ${row!.id}`;
    return now!.stopped as boolean;
  };
}

const open = { grafana: {}, outside: { allowed_hosts: ["127.0.0.1"] } };

Deno.test("a saved key or address is told what is amiss with it, and is saved all the same", async () => {
  await using app = await startWorld({ grafana: {} });
  const ada = await app.addUser();
  const { grafana } = app;
  const lacking = await save(app, ada, ["GRAFANA_API_KEY", grafana.tokens.editor]);
  equal(lacking.length, 1);
  match(lacking[0]!, /lacks datasources:create, .*datasources:write/);
  same(await save(app, ada, ["GRAFANA_API_KEY", grafana.addToken("Admin")]), []);
  const [unknown] = await save(app, ada, ["GRAFANA_API_KEY", "glsa_nobody"]);
  match(unknown!, /^Grafana refuses the key/);
  same(await save(app, ada, ["SLACK_BOT_TOKEN", "xoxb-1"]), [
    "Set SLACK_CHANNEL_ID as well: the default channel belongs to another app.",
  ]);
  same(await save(app, ada, ["OTHER_TOKEN", "1"]), []);

  const [foreign] = await save(app, ada, ["GRAFANA_BASE_URL", "http://169.254.169.254/latest"]);
  match(foreign!, /^The host 169\.254\.169\.254 is not contacted.*ALLOWED_HOSTS/);
  const [none] = await save(app, ada, ["GRAFANA_BASE_URL", "file:///etc/passwd"]);
  match(none!, /not an http\(s\) address/);
  const { body } = await app.call("GET", `/users/${ada.id}/credentials/GRAFANA_BASE_URL`);
  equal(body.key_value, "file:///etc/passwd");
  const back = await app.call("POST", `/users/${ada.id}/credentials/GRAFANA_BASE_URL/rollback`, {
    json: { version: 1 },
  });
  match(back.body.warnings[0], /169\.254\.169\.254/);
  for (const { message } of await app.steps(ada)) ok(!message?.includes("glsa_nobody"));
});

Deno.test("saving a key reports an unavailable Grafana", async () => {
  await using app = await startWorld({ grafana: {} });
  const ada = await app.addUser();
  await app.grafana.stop();
  const [away] = await save(app, ada, ["GRAFANA_API_KEY", app.grafana.addToken("Admin")]);
  match(away!, /^Grafana does not answer at its address/);
  await app.grafana.start();
  app.grafana.fault({ answer: { status: 200, body: [] } });
  match((await save(app, ada, ["GRAFANA_API_KEY", "x"]))[0]!, /not understood/);
  app.grafana.clearFaults();
  app.grafana.fault({ answer: "hang" });
  const begun = Date.now();
  match((await save(app, ada, ["GRAFANA_API_KEY", "y"]))[0]!, /not answered in time/);
  ok(Date.now() - begun < 8000, `${Date.now() - begun} ms`);
});

Deno.test("no host is contacted that is neither configured nor allowed", async () => {
  await using foreign = await startGrafana();
  await using app = await startWorld({ grafana: {} });
  const ada = await app.addUser();
  const [warning] = await save(app, ada, ["GRAFANA_BASE_URL", foreign.url]);
  match(warning!, /ALLOWED_HOSTS/);
  const [unused] = await save(app, ada, ["GRAFANA_API_KEY", foreign.tokens.admin]);
  match(unused!, /ALLOWED_HOSTS/, "nor is its key of any use");
  for (const action of ["check", "repair"]) {
    await app.call("POST", `/users/${ada.id}/datasources/${action}`);
  }
  await app.call("POST", `/users/${ada.id}/credentials/GRAFANA_API_KEY/test`);
  await app.finish();
  equal(foreign.seen.length, 0);
  const sent = new Set(app.grafana.seen.map(({ token }) => token));
  ok(!sent.has(foreign.tokens.admin), "a key for one host is not shown to another");
});

Deno.test("a user's own Grafana wins where it is allowed, and never sees the configured key", async () => {
  await using own = await startGrafana({ subPath: "/g" });
  await using app = await startWorld(open);
  const ada = await app.addUser();
  const [unknown] = await save(app, ada, ["GRAFANA_BASE_URL", `${own.url}/`]);
  match(unknown!, /key of the Grafana .* is not known here/);
  equal(own.seen.length, 0, "not asked without a key of its own");
  same(await save(app, ada, ["GRAFANA_API_KEY", ` ${own.tokens.admin}\n`]), []);
  equal(statesOf(await app.steps(ada)), DONE);
  equal(own.folders.get(app.uids(ada).folder)!.title, ada.username);
  equal(own.datasources.size, 3);
  same([...new Set(own.seen.map(({ token }) => token))], [own.tokens.admin]);
  // An expired key is none.
  await app.db`update credentials set expires_at = now() - interval '1 second'
    where key_name = 'GRAFANA_API_KEY'`;
  const before = own.seen.length;
  const { status, body } = await app.call("POST", `/users/${ada.id}/datasources/check`);
  same([status, body.code, own.seen.length], [503, "grafana_refused", before]);
  // Without its own credentials it is in the configured one again.
  for (const name of ["GRAFANA_API_KEY", "GRAFANA_BASE_URL"]) {
    equal((await app.call("DELETE", `/users/${ada.id}/credentials/${name}`)).status, 204);
  }
  same((await app.call("POST", `/users/${ada.id}/datasources/check`)).body.ok, true);
  equal(own.seen.length, before);
});

Deno.test("another path of the configured host is another Grafana: its key is not sent there", async () => {
  await using app = await startWorld({ grafana: {} });
  const ada = await app.addUser();
  const [warning] = await save(app, ada, ["GRAFANA_BASE_URL", `${app.grafana.origin}/evil`]);
  match(warning!, /not known here/);
  same(app.grafana.seen.filter(({ path }) => path.startsWith("/evil")), []);
});

Deno.test("a new key sets going what stopped for the old one: saved, rolled back", async () => {
  await using app = await startWorld(open);
  const [ada, bob] = [await app.addUser(), await app.addUser()];
  const good = app.grafana.addToken("Admin");
  await save(app, ada, ["GRAFANA_API_KEY", good], ["GRAFANA_API_KEY", "glsa_bad"]);
  await app.finish();
  match(statesOf(await app.steps(ada)), /^failed/);
  const [adas, bobs] = [await stoppedRow(app, ada), await stoppedRow(app, bob)];
  const path = `/users/${ada.id}/credentials/GRAFANA_API_KEY/rollback`;
  const back = await app.call("POST", path, { json: { version: 1 } });
  equal(back.status, 200);
  equal(back.body.warnings, undefined);
  same([await adas(), await bobs()], [false, true]);
  equal(statesOf(await app.steps(ada)), DONE);
});

Deno.test("a revoked key is permanent; a start with a new one sets all going", async () => {
  await using app = await startWorld({ grafana: {} });
  app.grafana.revoke(app.grafana.tokens.admin);
  const ada = await app.addUser();
  const [folder] = await app.steps(ada);
  equal(folder!.state, "failed");
  match(folder!.message!, /unknown, expired or revoked\. Save a new GRAFANA_API_KEY/);
  const asked = app.grafana.seen.length;
  await app.finish();
  equal(app.grafana.seen.length, asked, "a failed step is not tried again");
  const row = await stoppedRow(app, ada);
  app.outside.grafana!.key = app.grafana.addToken("Admin");
  await planDefaultGrafana(app.deps);
  await app.finish();
  equal(statesOf(await app.steps(ada)), DONE);
  equal(await row(), false);
});

Deno.test("a right that was granted meanwhile ends a failed step with the repair", async () => {
  await using app = await startWorld({ grafana: {} });
  const admin = app.outside.grafana!.key;
  app.outside.grafana!.key = app.grafana.tokens.viewer;
  const ada = await app.addUser();
  match((await app.steps(ada))[0]!.message!, /lacks datasources:create, .*dashboards:delete/);
  app.outside.grafana!.key = admin;
  equal((await app.call("POST", `/users/${ada.id}/datasources/repair`)).body.ok, true);
  equal(statesOf(await app.steps(ada)), DONE);
});

Deno.test("users of before there was a Grafana, or of another one, have theirs after a start", async () => {
  await using app = await startWorld({ grafana: {} });
  await using other = await startGrafana();
  const configured = app.outside.grafana!;
  delete app.outside.grafana;
  const ada = await app.addUser();
  same(await app.steps(ada), []);
  const none = await save(app, ada, ["GRAFANA_API_KEY", "x"]);
  match(none[0]!, /no GRAFANA_BASE_URL/);
  same(await app.steps(ada), [], "without a Grafana there is nothing to be done");
  equal((await app.call("DELETE", `/users/${ada.id}/credentials/GRAFANA_API_KEY`)).status, 204);
  for (const grafana of [app.grafana, other]) {
    app.outside.grafana = { ...configured, base: grafana.url, key: grafana.tokens.admin };
    await planDefaultGrafana(app.deps);
    await app.finish();
    equal(statesOf(await app.steps(ada)), DONE);
    equal(grafana.datasources.size, 3);
    const calls = grafana.seen.length;
    await planDefaultGrafana(app.deps);
    await app.finish();
    equal(grafana.seen.length, calls, "a start with the same one asks nothing");
  }
});

Deno.test("the diagnosis tells of Grafana what is there and what is missing", async () => {
  await using app = await startWorld({ grafana: { capture_key: undefined } });
  const { grafana, outside } = app;
  const look = async () => (await app.call("GET", "/diagnosis")).body;
  const good = (await look()).grafana;
  same([good.reachable, good.version, good.organisation, good.missing, good.message], [
    ...[true, "9.4.0-pre", "Main Org.", [], null],
  ]);
  match(good.advice, /GRAFANA_CAPTURE_KEY/);
  outside.grafana!.key = grafana.tokens.editor;
  const editor = await look();
  ok(editor.grafana.missing.includes("datasources:write"));
  match(editor.grafana.message, /datasources:write/);
  equal(editor.ok, false);
  const key = grafana.addToken("Admin");
  outside.grafana!.key = key;
  grafana.revoke(key);
  const revoked = await look();
  same([revoked.grafana.reachable, revoked.grafana.organisation], [true, null]);
  match(revoked.grafana.message, /revoked/);
  ok(!JSON.stringify(revoked).includes(key));
  grafana.fault({ path: /health/, answer: { status: 200, html: "<h1>Sign in</h1>" } });
  const astray = (await look()).grafana;
  same([astray.reachable, astray.version], [false, null]);
  match(astray.message, /GRAFANA_BASE_URL/);
  await grafana.stop();
  match((await look()).grafana.message, /does not answer/);
  delete outside.grafana;
  equal((await look()).grafana, null);
  const ada = await app.addAccount({ username: "ada" });
  equal((await app.call("GET", "/diagnosis", { key: ada.api_key })).status, 403);
});
