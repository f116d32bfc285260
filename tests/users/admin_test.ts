import { deepStrictEqual as same, match, ok, rejects, strictEqual as equal } from "node:assert";
import { scan } from "../../src/pipeline/scan/scan.ts";
import { connect, connectToUserDatabase, type Db } from "../../src/external/postgres/postgres.ts";
import { lockUser } from "../../src/users/store.ts";
import { applyLogins, changeUser } from "../../src/accounts/change.ts";
import { finishRemovals, removeUser } from "../../src/accounts/remove.ts";
import { readerAddress } from "../help/world/logins.ts";
import { openServers } from "../../src/workspaces/servers.ts";
import { createUser } from "../../src/accounts/create.ts";
import { never } from "../help/time.ts";
import { login, testServer } from "../help/world/postgres.ts";
import { freshName, refused, startWorld, type User, type World } from "../help/world/world.ts";

const USER = ["created_at", "id", "is_active", "role", "username"];
const LISTED = [...USER, "bytes", "workspace"].sort();
const DETAILS = [...USER, "counts", "databases", "last_used_at", "last_used_from", "workspace"]
  .sort();
const fields = (body: object) => Object.keys(body).sort();

Deno.test("POST /users makes an account with a key that is shown once and databases", async () => {
  await using api = await startWorld();
  const username = freshName();
  const made = await api.call("POST", "/users", { json: { username } });
  equal(made.status, 201, made.text);
  same(fields(made.body), [...USER, "api_key", "databases", "workspace"].sort());
  equal(made.headers.get("cache-control"), "no-store, no-transform");
  const { id, api_key: key, databases, is_active, role } = made.body;
  match(key, /^dk_[\w-]{49}$/);
  same([is_active, role], [true, "member"]);
  same(databases, {
    timing: `${username}_timing`,
    qor: `${username}_qor`,
    drc: `${username}_drc`,
  });
  const me = await api.call("GET", "/me", { key });
  same(me.body, { id, username, role: "member", expires_at: null });
  const shown = await api.call("GET", `/users/${id}`, { key });
  same(fields(shown.body), DETAILS);
  same(shown.body.counts, { dashboards: 0, credentials: 3 });
  equal(shown.body.last_used_from, "127.0.0.1");
  ok(Math.abs(Date.parse(shown.body.last_used_at) - Date.now()) < 60_000);
  same((await api.call("GET", `/users/${id}`)).body, shown.body);
  const { body } = await api.call("GET", "/users");
  same(fields(body), ["next_cursor", "users"]);
  same(body.users.map(fields), [LISTED, LISTED]);
  ok(!JSON.stringify([shown.body, body]).includes(key));
});

Deno.test("what is an admin's is 403 for a member, or 404 where it is somebody else's", async () => {
  await using api = await startWorld();
  const [ada, bob] = [await api.addAccount(), await api.addAccount()];
  const as = (method: string, path: string, json?: unknown) =>
    api.call(method, path, { key: ada.api_key, json });
  for (
    const [method, path, json] of [
      ["POST", "/users", { username: freshName() }],
      ["GET", "/users"],
      ["GET", "/users?q=a&is_active=true"],
      ["PATCH", `/users/${ada.id}`, { role: "admin" }],
      ["DELETE", `/users/${ada.id}`],
      ["DELETE", `/users/${ada.id}?databases=drop`],
      ["GET", "/audit"],
      ["GET", `/audit?user_id=${ada.id}`],
      ["POST", "/scan"],
    ] as const
  ) refused(await as(method, path, json), 403, "admin_only", `${method} ${path}`);
  for (
    const [method, path, json] of [
      ["GET", `/users/${bob.id}`],
      ["PATCH", `/users/${bob.id}`, { is_active: false }],
      ["DELETE", `/users/${bob.id}`],
      ["POST", `/users/${bob.id}/api-key`],
      ["GET", `/audit?user_id=${bob.id}`],
      ["GET", `/dashboards?user_id=${bob.id}`],
      ["GET", "/users/1"],
    ] as const
  ) equal((await as(method, path, json)).status, 404, `${method} ${path}`);
  equal((await as("GET", `/dashboards?user_id=${ada.id}`)).status, 200);
  equal((await api.call("GET", `/users/${bob.id}`)).body.is_active, true);
  equal((await api.db`select from users`).length, 3);
});

Deno.test("GET /users pages by name, finds by beginning and by being active", async () => {
  await using api = await startWorld();
  await api.db`
    insert into users (username, role, is_active)
    select 'u' || lpad(i::text, 4, '0'), 'member', i % 10 <> 0 from generate_series(1, 620) i`;
  await api.addAccount({ username: "u_-z" });
  const list = async (query: string) => (await api.call("GET", `/users?${query}`)).body;
  equal((await list("")).users.length, 50);
  equal((await list("limit=500")).users.length, 500);
  refused(await api.call("GET", "/users?limit=501"), 422, "invalid_input");
  const names: string[] = [];
  let cursor = "";
  do {
    const page = await list(`limit=200${cursor && `&cursor=${cursor}`}`);
    names.push(...page.users.map(({ username }: User) => username));
    cursor = page.next_cursor;
  } while (cursor);
  equal(names.length, 622);
  same(names, [...new Set(names)].sort());
  same(names.slice(-2), ["u0620", "u_-z"]);
  equal((await list("q=u00&limit=500")).users.length, 99);
  same((await list("q=u_")).users.map(({ username }: User) => username), ["u_-z"]);
  equal((await list("q=u061&is_active=false")).users.length, 1);
  equal((await list("is_active=false&limit=500")).users.length, 62);
  equal((await list("q=u0&is_active=true&limit=500")).next_cursor !== null, true);
  for (const q of ["%25", "U0", "zz", "u0'", "\\", "~", "é"]) {
    same((await list(`q=${q}`)).users, [], q);
  }
  equal((await list("limit=311&q=u0")).users.length, 311);
});

/** Signs in as a browser does; returns its cookie. */
async function signIn(api: World, { api_key }: User): Promise<string> {
  const body = new URLSearchParams({ api_key }).toString();
  const headers = { "content-type": "application/x-www-form-urlencoded", origin: api.origin };
  const reply = await api.send("POST", "/sign-in", { body, headers });
  equal(reply.status, 303);
  return reply.headers.get("set-cookie")!.split(";")[0]!;
}

Deno.test("an inactive user is out at once: keys, sessions, roles, connections, scan", async () => {
  await using api = await startWorld();
  const ada = await api.addUser();
  const me = () => api.call("GET", "/me", { key: ada.api_key });
  const cookie = await signIn(api, ada);
  const page = () => api.send("GET", "/dashboards", { headers: { cookie } });
  const set = (is_active: boolean) =>
    api.call("PATCH", `/users/${ada.id}`, { json: { is_active } });
  const path = `/users/${ada.id}/credentials/TIMING_DATABASE_URL`;
  const url = (await api.call("GET", path)).body.key_value;
  const address = await readerAddress(api.deps, ada.id, "timing");
  await using owner = login(url);
  await owner`create table paths (slack float8)`;
  await owner`insert into paths values (-0.5)`;
  equal(`${(await me()).status} ${(await page()).status}`, "200 200");

  const off = await set(false);
  equal(`${off.status} ${off.body.is_active}`, "200 false");
  same(fields(off.body), DETAILS);
  await rejects(Promise.resolve(owner`select 1`), "the open connection has ended");
  refused(await me(), 401, "key_refused");
  equal(`${(await page()).status}`, "303");
  equal((await api.send("GET", "/api/v1/me", { headers: { cookie } })).status, 401);
  await using again = login(url);
  await rejects(Promise.resolve(again`select 1`), { code: "28000" });
  const reader = connectToUserDatabase(address);
  await rejects(Promise.resolve(reader`select 1`), { code: "28000" });
  await reader.end();
  await rejects(readerAddress(api.deps, ada.id, "timing"), /no such workspace/);
  equal((await scan(api.deps, never)).databases_opened, 0);
  equal((await set(false)).status, 200, "once more");

  equal((await set(true)).body.is_active, true);
  equal(`${(await me()).status} ${(await page()).status}`, "200 200");
  await using back = login(url);
  same((await back`select slack from paths`).map(({ slack }) => slack), [-0.5]);
  await back`select pg_stat_force_next_flush()`;
  ok((await scan(api.deps, never)).databases_opened > 0);
});

Deno.test("a user who is set inactive before its databases are ready cannot log in either", async () => {
  await using api = await startWorld();
  const ada = await api.addUser();
  const path = `/users/${ada.id}/credentials/QOR_DATABASE_URL`;
  const url = (await api.call("GET", path)).body.key_value;
  await api.db`update workspaces set ready_at = null`;
  await api.call("PATCH", `/users/${ada.id}`, { json: { is_active: false } });
  await using owner = login(url);
  await rejects(Promise.resolve(owner`select 1`), { code: "28000" });
});

Deno.test("the job sets right what a server refused when a user was changed", async () => {
  await using api = await startWorld();
  const ada = await api.addUser();
  await api.db`update users set is_active = false where id = ${ada.id}`;
  await applyLogins(api.deps, never);
  const logins = () =>
    api.db`select rolcanlogin as may from pg_roles where rolname::text like ${`${ada.username}%`}`;
  same((await logins()).map(({ may }) => may), [false, false]);
  await api.db`update users set is_active = true where id = ${ada.id}`;
  await applyLogins(api.deps, never);
  same((await logins()).map(({ may }) => may), [true, true]);
});

Deno.test("the last active admin can be neither removed, demoted nor set inactive", async () => {
  await using api = await startWorld();
  const eve = await api.addAccount({ role: "admin" });
  const patch = (id: number, json: unknown, key = api.admin) =>
    api.call("PATCH", `/users/${id}`, { json, key });
  equal((await patch(eve.id, { is_active: false })).status, 200);
  for (
    const json of [{ role: "member" }, { is_active: false }, { role: "admin", is_active: false }]
  ) {
    refused(await patch(1, json), 409, "last_admin");
  }
  refused(await api.call("DELETE", "/users/1"), 409, "last_admin");
  equal((await patch(1, { role: "admin" })).status, 200);
  equal((await patch(eve.id, { is_active: true })).status, 200);
  equal((await patch(1, { role: "member" }, eve.api_key)).status, 200);
  refused(await api.call("GET", "/users"), 403, "admin_only");
  refused(await api.call("DELETE", `/users/${eve.id}`, { key: eve.api_key }), 409, "last_admin");
  refused(await patch(eve.id, {}, eve.api_key), 422, "invalid_input");
});

Deno.test("of admins who demote or remove one another at once, one stays", async () => {
  await using api = await startWorld();
  for (let round = 0; round < 4; round++) {
    const [eve, max] = [
      await api.addAccount({ role: "admin" }),
      await api.addAccount({ role: "admin" }),
    ];
    await api.db`update users set role = 'member' where id not in (${eve.id}, ${max.id})`;
    const json = round % 2 ? { role: "member" } : { is_active: false };
    const replies = await Promise.all([
      api.call("PATCH", `/users/${max.id}`, { key: eve.api_key, json }),
      round < 2
        ? api.call("PATCH", `/users/${eve.id}`, { key: max.api_key, json })
        : api.call("DELETE", `/users/${eve.id}`, { key: max.api_key }),
    ]);
    ok(replies.some(({ status }) => status === 200), replies.map(({ text }) => text).join());
    const left = await api.db`select username from users where role = 'admin' and is_active`;
    equal(left.length, 1, `round ${round}`);
  }
});

async function leftOf(api: World, name: string) {
  const databases = await api.db`
    select datname::text as name from pg_database where datname::text like ${`${name}\\_%`} order by 1`;
  const roles = await api.db`
    select rolname::text || ' ' || rolcanlogin as name from pg_roles
    where rolname::text like ${`${name}\\_%`} order by 1`;
  return [...databases, ...roles].map((row) => row.name.replace(name, "x"));
}

Deno.test("DELETE keeps the databases behind a closed door, or drops all there is", async () => {
  await using api = await startWorld();
  const [ada, bob] = [await api.addUser(), await api.addUser()];
  for (const { username } of [ada, bob]) api.names.add(username);
  const url =
    (await api.call("GET", `/users/${ada.id}/credentials/QOR_DATABASE_URL`)).body.key_value;
  await using open = login(url);
  await open`create table runs as select 1 as area`;
  refused(await api.call("DELETE", `/users/${ada.id}?databases=burn`), 422, "invalid_input");
  const kept = await api.call("DELETE", `/users/${ada.id}`);
  const { id, username } = ada;
  const fate = (what: string) => ({ timing: what, qor: what, drc: what });
  same({ status: kept.status, ...kept.body }, {
    status: 200,
    id,
    username,
    databases: fate("kept"),
  });
  const databases = ["x_drc", "x_qor", "x_timing"];
  same(await leftOf(api, ada.username), [...databases, "x_owner false", "x_reader false"]);
  await rejects(Promise.resolve(open`select 1`));
  refused(await api.call("GET", "/me", { key: ada.api_key }), 401, "key_refused");
  refused(await api.call("GET", `/users/${id}`), 404, "user_unknown");
  refused(await api.call("DELETE", `/users/${id}`), 404, "user_unknown");
  refused(await api.call("POST", "/users", { json: { username } }), 409, "orphans_exist");
  for (const table of ["api_keys", "sessions", "credentials", "workspaces", "scanned_tables"]) {
    equal((await api.db`select from ${api.db(table)} where user_id = ${id}`).length, 0, table);
  }

  same(await leftOf(api, bob.username), [...databases, "x_owner true", "x_reader true"]);
  const dropped = await api.call("DELETE", `/users/${bob.id}?databases=drop`);
  same(dropped.body.databases, fate("dropped"));
  same(await leftOf(api, bob.username), []);
  const anew = await api.call("POST", "/users", { json: { username: bob.username } });
  equal(anew.status, 201);
  ok(anew.body.id > bob.id, "an id is not given twice");
  const account = await api.addAccount();
  same((await api.call("DELETE", `/users/${account.id}`)).body.databases, {});
});

Deno.test("of two who remove one user at once, one does", async () => {
  await using api = await startWorld();
  const ada = await api.addUser();
  api.names.add(ada.username);
  const hold = (tx: Db) => lockUser(tx, ada.id);
  const both = () =>
    Promise.all([
      api.call("DELETE", `/users/${ada.id}?databases=drop`),
      api.call("DELETE", `/users/${ada.id}?databases=keep`),
    ]);
  const [drop, keep] = await api.behind(2, hold, both);
  same([drop.status, keep.status].sort(), [200, 404]);
  const wanted = drop.status === 200 ? 0 : 5;
  equal((await leftOf(api, ada.username)).length, wanted);
  const said = await api.recorded("&action=user.remove");
  same(said.map((line) => line.split(" ").at(-1)).sort(), ["ok", "refused"]);
});

Deno.test("a removal that the server refuses is `dropping`, and finished by the job", async () => {
  await using api = await startWorld();
  const ada = await api.addUser();
  api.names.add(ada.username);
  const who = { user_id: 1, username: "admin", role: "admin", from: "" } as const;
  const database = `${ada.username}_drc`;
  await api.db`update pg_database set datistemplate = true where datname = ${database}`;
  const { databases } = await removeUser(api.deps, who, ada.id, "drop");
  equal(databases.timing, "dropping");
  const json = { username: ada.username };
  refused(await api.call("POST", "/users", { json }), 409, "name_taken");
  await api.db`update pg_database set datistemplate = false where datname = ${database}`;
  await api.db`update retries set due_at = now()`;
  await finishRemovals(api.deps, never);
  same(await leftOf(api, ada.username), []);
  equal((await api.call("POST", "/users", { json })).status, 201);
});

Deno.test("a master role that is no superuser sends a user away, lets it back and removes it", async () => {
  await using api = await startWorld();
  const [name, username] = [freshName(), freshName()];
  api.names.add(username);
  const { host, port } = await testServer();
  const database = api.db.address.database;
  await api.db.unsafe(`create role ${name} login createdb createrole password 'plain'`);
  await api.db.unsafe(`grant all on all tables in schema public to ${name}`);
  const db = connect({ host, port, user: name, password: "plain", database });
  try {
    const deps = { ...api.deps, db, servers: await openServers(db, { host, port }, {}, []) };
    const who = { user_id: 1, username: "admin", role: "admin", from: "" } as const;
    const { id } = await createUser(deps, who, { username, role: "member", adopt: false });
    const open = async () => connectToUserDatabase(await readerAddress(deps, id, "timing"));
    const first = await open();
    await first`select 1`;
    await changeUser(deps, who, id, { is_active: false });
    // The driver may never answer a query on a connection that ends at that moment.
    const late = new Promise((_, reject) => setTimeout(reject, 2000, new Error("no answer")));
    await rejects(Promise.race([first`select 1`, late]));
    await first.end({ timeout: 1 });
    await late.catch(() => {});
    await changeUser(deps, who, id, { is_active: true });
    const second = await open();
    await second`select 1`;
    equal((await removeUser(deps, who, id, "drop")).databases.timing, "dropped");
    same(await leftOf(api, username), []);
    await second.end();
  } finally {
    await db.end();
    await api.db.unsafe(`drop owned by ${name}`);
    await api.db.unsafe(`drop role ${name}`);
  }
});

Deno.test("of those who create one user at once, one does", async () => {
  await using api = await startWorld();
  const username = freshName();
  const create = () => api.call("POST", "/users", { json: { username } });
  const replies = await Promise.all([create(), create(), create()]);
  same(replies.map(({ status }) => status).sort(), [201, 409, 409]);
  for (const { status, body } of replies) if (status === 409) equal(body.code, "user_exists");
  const { api_key: key } = replies.find(({ status }) => status === 201)!.body;
  equal((await api.call("GET", "/me", { key })).body.username, username);
});
