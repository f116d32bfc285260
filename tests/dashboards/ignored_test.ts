import { deepStrictEqual as same, match, ok, strictEqual as equal } from "node:assert";
import { addDashboard } from "../help/world/rows.ts";
import { startWorld } from "../help/world/world.ts";

const VIEW = { kind: "qor", schema_name: "public", table_name: "shown" };

async function start() {
  const test = await startWorld({ user: true });
  await test.run(
    "create table runs as select 1 as a",
    "create view shown as select * from runs",
    "create table staging as select 1 as a",
    "comment on table staging is 'dashkeeper: ignore'",
  );
  same(await test.found(), ["runs 1"]);
  return Object.assign(test, { bob: await test.addAccount({ username: "bob" }) });
}

Deno.test("readView() has a view of one's own read, and is audited", async () => {
  await using test = await start();
  const { username, api_key: key } = test.ada;
  const view = { username, ...VIEW };
  const { body } = await test.call("GET", "/ignored", { key });
  same(body.ignored.map(({ why: _, ...table }: { why: string }) => table), [
    view,
    { ...view, table_name: "staging" },
  ]);
  const reply = await test.call("POST", "/ignored/read", { key, json: view });
  same([reply.status, reply.body], [202, view]);
  same(await test.found(), ["shown 1"]);
  const { body: left } = await test.call("GET", "/ignored", { key });
  same(left.ignored.map(({ table_name }: { table_name: string }) => table_name), ["staging"]);
  const [entry] = await test
    .db`select action, subject, outcome from audit order by id desc limit 1`;
  same({ ...entry }, {
    action: "view.read",
    subject: `${username}/qor/public.shown`,
    outcome: "ok",
  });
});

Deno.test("readView() refuses strangers and what is not a view", async () => {
  await using test = await start();
  const { username, api_key: key } = test.ada;
  const view = { username, ...VIEW };
  same((await test.call("GET", "/ignored", { key: test.bob.api_key })).body, { ignored: [] });
  for (
    const [key, json, status, code] of [
      [test.bob.api_key, view, 404, "table_unknown"],
      [test.ada.api_key, { ...view, table_name: "nothing" }, 404, "table_unknown"],
      [test.ada.api_key, { ...view, table_name: "staging" }, 409, "not_a_view"],
    ] as const
  ) {
    const reply = await test.call("POST", "/ignored/read", { key, json });
    same([reply.status, reply.body.code], [status, code]);
  }
  equal(
    (await test.call("POST", "/ignored/read", { key, json: { ...view, why: "x" } })).status,
    422,
  );
  equal((await test.call("POST", "/ignored/read", { json: view })).status, 202, "an admin may");
});

Deno.test("a deleted dashboard of a chosen view is ignored again, and comes back by the button", async () => {
  await using test = await start();
  const view = { username: test.ada.username, ...VIEW };
  await test.call("POST", "/ignored/read", { json: view });
  same(await test.found(), ["shown 1"]);
  const [row] = await test.db`select id from dashboards where table_name = 'shown'`;
  equal((await test.call("DELETE", `/dashboards/${row!.id}`)).status, 204);
  const { ignored } = await test.look();
  same(ignored.map(({ table_name }) => table_name), ["shown", "staging"]);
  const cookie = await test.signIn(test.ada.api_key);
  const headers = { cookie, origin: test.origin };
  const page = await test.send("GET", "/dashboards", { headers });
  ok(page.text.includes("Read this view</button>"), page.text);
  const posted = await test.send("POST", "/dashboards/ignored/read", {
    headers,
    body: new URLSearchParams(view),
  });
  same([posted.status, posted.headers.get("location")], [303, "/dashboards"]);
  same(await test.found(), ["shown 2"]);
});

Deno.test("archived dashboards have a list of their own", async () => {
  await using test = await start();
  await addDashboard(test.db, test.bob.id, { table_name: "bobs" });
  await test.run("drop view shown", "drop table runs");
  await test.look();
  const list = async (query: string) =>
    (await test.call("GET", `/dashboards?${query}`)).body.dashboards
      .map(({ table_name }: { table_name: string }) => table_name);
  same(await list("archived=true"), ["runs"]);
  same(await list("archived=false"), ["bobs"]);
  same(await list(""), ["bobs", "runs"]);
  equal((await test.call("GET", "/dashboards?archived=yes")).status, 422);
  const page = async (path: string, key: string) => {
    const headers = { cookie: await test.signIn(key) };
    return (await test.send("GET", path, { headers })).text;
  };
  match(await page("/dashboards/archived", test.ada.api_key), />runs<\/a>/);
  ok(!(await page("/dashboards", test.ada.api_key)).includes(">runs</a>"));
  match(await page("/dashboards/archived", test.bob.api_key), /No dashboard is archived/);
});
