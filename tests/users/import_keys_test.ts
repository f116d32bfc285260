import { deepStrictEqual as same, match, ok, strictEqual as equal } from "node:assert";
import { refused, startWorld } from "../help/world/world.ts";

const body = "a,b\n1,2\n";
const headers = { "content-type": "text/csv" };

Deno.test("an import key imports and says whose it is, and nothing else", async () => {
  await using world = await startWorld({ user: true });
  const { ada, call, db } = world;
  const path = `/users/${ada.id}/import-keys`;
  const json = { name: "GitLab CI", expires_at: "2099-01-01T00:00:00Z" };
  const made = await call("POST", path, { key: ada.api_key, json });
  equal(made.status, 201, made.text);
  const { id, api_key: key, expires_at } = made.body;
  same(Object.keys(made.body), ["id", "name", "api_key", "expires_at"]);
  equal(expires_at, "2099-01-01T00:00:00.000Z");
  equal(made.headers.get("cache-control"), "no-store, no-transform");

  equal((await call("GET", "/me", { key })).body.username, ada.username);
  equal((await call("PUT", "/imports?file=a.csv", { key, body, headers })).status, 201);
  equal((await call("GET", "/imports", { key })).body.imports.length, 1);
  for (
    const [method, to] of [
      ["GET", `/users/${ada.id}`],
      ["GET", "/dashboards"],
      ["POST", path],
      ["GET", path],
      ["DELETE", `${path}/${id}`],
      ["PUT", `/users/${ada.id}/imports`],
      ["POST", `/users/${ada.id}/api-key`],
      ["GET", `/users/${ada.id}/credentials/QOR_DATABASE_URL`],
      ["GET", "/nothing"],
    ] as const
  ) {
    const sent = method === "GET" ? {} : { json: {} };
    refused(await call(method, to, { key, ...sent }), 403, "key_scope", `${method} ${to}`);
  }
  const { origin } = world;
  const form = { headers: { origin }, body: new URLSearchParams({ api_key: key }) };
  equal((await world.send("POST", "/sign-in", form)).status, 403, "it opens no session");

  const { body: { import_keys } } = await call("GET", path, { key: ada.api_key });
  same(Object.keys(import_keys[0]), ["id", "name", "created_at", "last_used_at", "expires_at"]);
  ok(import_keys[0].last_used_at);
  await db`update api_keys set expires_at = now() where id = ${id}`;
  refused(await call("GET", "/me", { key }), 401, "key_refused");
});

Deno.test("import keys are made, listed and removed by their user and by admins alone", async () => {
  await using world = await startWorld();
  const { call } = world;
  const [ada, bob] = [await world.addAccount(), await world.addAccount()];
  const path = `/users/${ada.id}/import-keys`;
  const make = (key: string, name: string) => call("POST", path, { key, json: { name } });
  refused(await make(bob.api_key, "x"), 404, "user_unknown");
  refused(await call("GET", path, { key: bob.api_key }), 404, "user_unknown");
  const own = await make(ada.api_key, "nightly");
  const byAdmin = await make(world.admin, "weekly");
  same([own.status, byAdmin.status], [201, 201]);
  refused(await make(ada.api_key, "nightly"), 409, "import_key_exists");
  refused(await make(ada.api_key, ""), 422, "invalid_input");
  const past = { name: "old", expires_at: "2001-01-01T00:00:00Z" };
  refused(await call("POST", path, { key: ada.api_key, json: past }), 422, "invalid_input");

  const rotated = await call("POST", `/users/${ada.id}/api-key`, { key: ada.api_key, json: {} });
  equal(rotated.status, 201);
  equal((await call("GET", "/me", { key: own.body.api_key })).status, 200, "it stays");
  const key = rotated.body.api_key;
  refused(
    await call("DELETE", `${path}/${own.body.id}`, { key: bob.api_key }),
    404,
    "user_unknown",
  );
  equal((await call("DELETE", `${path}/${own.body.id}`, { key })).status, 204);
  refused(await call("DELETE", `${path}/${own.body.id}`, { key }), 404, "import_key_unknown");
  refused(await call("GET", "/me", { key: own.body.api_key }), 401, "key_refused");
  equal((await call("GET", "/me", { key })).status, 200, "the user's own key stays");
  const names = (await call("GET", path, { key })).body.import_keys
    .map(({ name }: { name: string }) => name);
  same(names, ["weekly"]);
  const { username } = ada;
  same((await world.recorded("&action=import_key.create")).toReversed(), [
    `${username}: import_key.create ${username}/nightly ok`,
    `admin: import_key.create ${username}/weekly ok`,
    `${username}: import_key.create ${username}/nightly refused`,
  ]);
  same((await world.recorded("&action=import_key.remove")).toReversed(), [
    `${username}: import_key.remove ${username}/nightly ok`,
    `${username}: import_key.remove ${username}/${own.body.id} refused`,
  ]);
});

Deno.test("the user's page makes an import key, shows it once, and removes it", async () => {
  await using world = await startWorld();
  const ada = await world.addAccount();
  const cookie = await world.signIn(ada.api_key);
  const { origin } = world;
  const post = (path: string, fields = {}) =>
    world.send("POST", path, { headers: { cookie, origin }, body: new URLSearchParams(fields) });
  const made = await post(`/users/${ada.id}/import-keys`, { name: "<b>CI</b>", expires_at: "" });
  equal(made.status, 201);
  match(made.text, /The import key &lt;b&gt;CI[\s\S]*dk_[\w-]{49}/);
  const again = await post(`/users/${ada.id}/import-keys`, { name: "<b>CI</b>" });
  match(again.text, /There is already an import key/);
  const page = () => world.send("GET", `/users/${ada.id}`, { headers: { cookie } });
  const [, id] = /import-keys\/(\d+)\/remove/.exec((await page()).text)!;
  equal((await post(`/users/${ada.id}/import-keys/${id}/remove`)).status, 303);
  equal(/import-keys\/\d+\/remove/.test((await page()).text), false);
});
