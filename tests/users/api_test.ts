import { deepStrictEqual as same, match, ok, strictEqual as equal } from "node:assert";
import { makeKey } from "../../src/users/key.ts";
import { ensureAdmin } from "../../src/users/users.ts";
import { never } from "../help/time.ts";
import { freshDatabase, login } from "../help/world/postgres.ts";
import { untilWaiting } from "../help/world/rows.ts";
import { freshName, type Reply, startWorld } from "../help/world/world.ts";

const ADMIN_KEY = "a key of the environment, long enough";

/** The one shape of an error reply. */
function refused(reply: Reply, status: number, code: string) {
  equal(reply.status, status, reply.text);
  equal(reply.body.code, code, reply.text);
  match(reply.body.message, /^[A-Z].*\.$|^[A-Z].*`\.?$|\?$/);
  equal(reply.body.request_id, reply.headers.get("x-request-id"));
  const known = ["code", "error", "issues", "message", "request_id"];
  same(Object.keys(reply.body).filter((field) => !known.includes(field)), []);
}

const paths = (issues: { path: string }[]) => issues.map(({ path }) => path).sort();

Deno.test("createUser() answers with the user, its key and its databases", async () => {
  await using app = await startWorld();
  const username = freshName();
  app.names.add(username);
  const made = await app.call("POST", "/users", { json: { username } });
  equal(made.status, 201);
  equal(made.headers.get("cache-control"), "no-store, no-transform");
  const { id, created_at, api_key, workspace, ...rest } = made.body;
  equal(workspace.state, "ready");
  same(rest, {
    username,
    is_active: true,
    role: "member",
    databases: { timing: `${username}_timing`, qor: `${username}_qor`, drc: `${username}_drc` },
  });
  ok(Number.isInteger(id) && new Date(created_at).toISOString() === created_at);
  match(api_key, /^dk_[\w-]{49}$/);
  const [stored] = await app.db`
    select encode(hash, 'hex') as hash from api_keys where user_id = ${id}`;
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(api_key));
  equal(stored!.hash, new Uint8Array(digest).toHex());

  const { api_key: _, ...shown } = made.body;
  const details = { counts: { dashboards: 0, credentials: 3 }, last_used_at: null };
  const seen = { ...shown, ...details, last_used_from: null };
  same((await app.call("GET", `/users/${id}`)).body, seen);
  const own = await app.call("GET", `/users/${id}`, { key: api_key });
  equal(own.body.last_used_from, "127.0.0.1");
  const again = await app.call("POST", "/users", { json: { username } });
  refused(again, 409, "user_exists");
  equal(again.body.message, `There is already a user ${username}.`);
  equal(again.body.error, "Conflict");
  ok(!app.lines.join().includes(api_key));
});

Deno.test("revealCredential() shows a login that works, to its owner and an admin alone", async () => {
  await using app = await startWorld();
  const [ada, bob] = [await app.addUser(), await app.addUser()];
  for (const kind of ["timing", "qor", "drc"] as const) {
    const key_name = `${kind.toUpperCase()}_DATABASE_URL`;
    const path = `/users/${ada.id}/credentials/${key_name}`;
    const own = await app.call("GET", path, { key: ada.api_key });
    equal(own.headers.get("cache-control"), "no-store, no-transform");
    equal(own.body.masked, `…${own.body.key_value.slice(-4)}`);
    equal(own.body.key_name, key_name);
    await using owner = login(own.body.key_value);
    const [row] = await owner`select current_user::text, current_database()::text`;
    same({ ...row }, {
      current_user: `${ada.username}_owner`,
      current_database: `${ada.username}_${kind}`,
    });
    refused(await app.call("GET", path, { key: bob.api_key }), 404, "user_unknown");
  }
  const unknown = `/users/${ada.id}/credentials/NOTHING`;
  refused(await app.call("GET", unknown, { key: ada.api_key }), 404, "credential_unknown");
  const [sealed] = await app.db`select key_value from credentials where user_id = ${ada.id}`;
  match(sealed!.key_value, /^dk1\./);
  ok(!sealed!.key_value.includes(ada.username));
});

Deno.test("showUser() shows a member itself and nobody else, pageOfUsers() is for admins", async () => {
  await using app = await startWorld();
  const [ada, bob] = [await app.addUser(), await app.addUser()];
  equal((await app.call("GET", `/users/${bob.id}`)).body.username, bob.username);
  refused(await app.call("GET", `/users/${bob.id}`, { key: ada.api_key }), 404, "user_unknown");
  refused(await app.call("GET", "/users/999999", { key: ada.api_key }), 404, "user_unknown");
  const key = ada.api_key;
  refused(await app.call("GET", "/users", { key }), 403, "admin_only");
  refused(
    await app.call("POST", "/users", { key, json: { username: freshName() } }),
    403,
    "admin_only",
  );
  refused(await app.call("POST", "/scan", { key }), 403, "admin_only");
});

Deno.test("pageOfUsers() leads by next_cursor through all users, each once", async () => {
  await using app = await startWorld();
  const names = ["admin", ...Array.from({ length: 7 }, (_, i) => `${"zyxabcd"[i]}_${i}-n`)];
  for (const name of names.slice(1)) {
    await app.db`insert into users (username, role) values (${name}, 'member')`;
  }
  const seen: string[] = [];
  let cursor: string | null = null;
  let pages = 0;
  do {
    const query: string = cursor ? `?limit=3&cursor=${cursor}` : "?limit=3";
    const { body } = await app.call("GET", `/users${query}`);
    ok(body.users.length <= 3);
    // deno-lint-ignore no-explicit-any
    seen.push(...body.users.map((user: any) => user.username));
    cursor = body.next_cursor;
    pages++;
  } while (cursor);
  same(seen, names.toSorted());
  equal(pages, 3);
  const all = await app.call("GET", "/users?limit=8");
  same([all.body.users.length, all.body.next_cursor], [8, null]);
  same(Object.keys(all.body.users[0]), [
    "id",
    "username",
    "is_active",
    "role",
    "created_at",
    "workspace",
    "bytes",
  ]);
});

Deno.test("createUser() makes one user of many calls with one name", async () => {
  await using app = await startWorld();
  const username = freshName();
  app.names.add(username);
  const replies = await Promise.all(
    Array.from({ length: 6 }, () => app.call("POST", "/users", { json: { username } })),
  );
  same(replies.map(({ status }) => status).sort(), [201, 409, 409, 409, 409, 409]);
  for (const reply of replies) if (reply.status === 409) refused(reply, 409, "user_exists");
  const { api_key } = replies.find(({ status }) => status === 201)!.body;
  equal((await app.call("GET", "/dashboards", { key: api_key })).status, 200);
});

Deno.test("createUser() waits for another one that is just taking the name", async () => {
  await using app = await startWorld();
  const username = freshName();
  app.names.add(username);
  let reply: Promise<Reply> | undefined;
  await app.db.begin(async (tx) => {
    await tx`insert into users (username, role) values (${username}, 'member')`;
    reply = app.call("POST", "/users", { json: { username } });
    await untilWaiting(app.db, 1, "transactionid");
  });
  refused((await reply)!, 409, "user_exists");
});

Deno.test("createUser() touches no foreign role or database of that name", async () => {
  await using app = await startWorld();
  const { db, names } = app;
  const [a, b] = [freshName(), freshName()];
  for (const name of [a, b]) names.add(name);
  await db.unsafe(`create role ${a}_reader login password 'theirs'`);
  await db.unsafe(`create database ${b}_qor strategy file_copy`);
  const password = () => db`select rolpassword from pg_authid where rolname = ${`${a}_reader`}`;
  const before = await password();
  for (const [username, foreign] of [[a, `${a}_reader`], [b, `${b}_qor`]]) {
    const reply = await app.call("POST", "/users", { json: { username } });
    refused(reply, 409, "name_taken");
    ok(reply.body.message.includes(foreign!), reply.body.message);
  }
  same([...await password()], [...before]);
  equal((await db`select from users where username in (${a}, ${b})`).length, 0);
  const made = await db`
    select rolname::text as name from pg_roles where rolname::text like any(${[`${a}%`, `${b}%`]})
    union all
    select datname::text from pg_database where datname::text like any(${[`${a}%`, `${b}%`]})`;
  same(made.map(({ name }) => name).sort(), [`${a}_reader`, `${b}_qor`].sort());
});

Deno.test("every route of the OpenAPI document wants a key", async () => {
  await using app = await startWorld();
  const { body } = await app.send("GET", "/api/v1/openapi.json");
  equal(body.openapi, "3.1.0");
  const routes = Object.entries(body.paths as Record<string, object>).flatMap(([path, item]) =>
    Object.keys(item).map((method) => [method.toUpperCase(), path] as const)
  );
  ok(routes.length > 25, `${routes.length} routes`);
  for (const [method, template] of routes) {
    const path = "/api/v1" + template.replace(/\{\w+\}/g, "1");
    refused(await app.send(method, path), 401, "key_missing");
  }
  const wrong = await makeKey();
  const path = "/api/v1/users";
  refused(await app.send("GET", path, { key: wrong }), 401, "key_refused");
  refused(await app.send("GET", path, { key: wrong.slice(0, -1) }), 401, "key_malformed");
  const basic = { authorization: "Basic YWRtaW46YWRtaW4=" };
  refused(await app.send("GET", path, { headers: basic }), 401, "key_malformed");
  refused(await app.send("GET", "/api/v1/nothing"), 401, "key_missing");
});

Deno.test("a key that has expired, or whose user is not active, is refused", async () => {
  await using app = await startWorld();
  const [user] = await app.db`
    insert into users (username, role) values ('carl', 'member') returning id`;
  const key = await makeKey();
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(key));
  await app.db`insert into api_keys (user_id, hash) values (${user!.id}, ${new Uint8Array(
    digest,
  )})`;
  const get = () => app.call("GET", "/dashboards", { key });
  equal((await get()).status, 200);
  await app.db`update api_keys set expires_at = now() where user_id = ${user!.id}`;
  refused(await get(), 401, "key_refused");
  await app.db`update api_keys set expires_at = null where user_id = ${user!.id}`;
  await app.db`update users set is_active = false where id = ${user!.id}`;
  refused(await get(), 401, "key_refused");
});

Deno.test("errors have one shape: address, method, body, fields", async () => {
  await using app = await startWorld();
  const { call: api } = app;
  const post = (sent: Parameters<typeof api>[2]) => api("POST", "/users", sent);
  refused(await api("GET", "/nothing"), 404, "not_found");
  refused(await api("GET", "/users/"), 404, "not_found");
  refused(await api("GET", "/users/abc"), 400, "invalid_path");
  refused(await api("GET", "/users/0"), 400, "invalid_path");
  refused(await api("GET", "/users/1/credentials/a%20b"), 400, "invalid_path");

  for (
    const [method, path, allow] of [
      ["DELETE", "/users", "GET, POST"],
      ["POST", "/users/1", "DELETE, GET, PATCH"],
      ["PUT", "/dashboards/1", "DELETE, GET"],
      ["GET", "/scan", "POST"],
    ] as const
  ) {
    const reply = await api(method, path);
    refused(reply, 405, "method_not_allowed");
    equal(reply.headers.get("allow"), allow);
  }

  refused(
    await post({ headers: { "content-type": "text/plain" }, body: "username=ada" }),
    415,
    "not_json",
  );
  const headers = { "content-type": "application/json; charset=utf-8" };
  refused(await post({ headers, body: '{"username":' }), 400, "malformed_json");
});

Deno.test({
  name: "a body of more than 256 KiB is refused, also where its length is not told",
  // The server drops what it did not read of a request when that is collected, not at once.
  sanitizeResources: false,
  async fn() {
    await using app = await startWorld();
    const large = JSON.stringify({ username: "a".repeat(300_000) });
    const headers = { "content-type": "application/json" };
    refused(await app.call("POST", "/users", { headers, body: large }), 413, "body_too_large");
    const answer = await postChunked(app.origin, app.admin, large);
    match(answer, /^HTTP\/1\.1 413 [^]*body_too_large/);
  },
});

/** A body whose length is not told beforehand; returns what the server answers. */
async function postChunked(origin: string, key: string, text: string): Promise<string> {
  const { hostname, port } = new URL(origin);
  using connection = await Deno.connect({ hostname, port: Number(port) });
  const head = `POST /api/v1/users HTTP/1.1\r\nHost: ${hostname}\r\nConnection: close\r\n` +
    `Authorization: Bearer ${key}\r\nContent-Type: application/json\r\n` +
    `Transfer-Encoding: chunked\r\n\r\n${text.length.toString(16)}\r\n${text}\r\n`;
  await new Blob([head]).stream().pipeTo(connection.writable, { preventClose: true });
  let answer = "";
  const buffer = new Uint8Array(65_536);
  while (!answer.endsWith("}")) {
    const read = await connection.read(buffer);
    if (read === null) break;
    answer += new TextDecoder().decode(buffer.subarray(0, read));
  }
  return answer;
}

Deno.test("createUser() refuses names that are malformed or reserved, and fields it does not know", async () => {
  await using app = await startWorld();
  const post = (json: unknown) => app.call("POST", "/users", { json });
  const bad = ["", "a", "Ada", "1ada", "a b", "a.b", "ä1", "a'; --", "x".repeat(33), "postgres"];
  for (const username of [...bad, "pg_ada", "template1", "admin", "none", 7, null]) {
    const reply = await post({ username });
    refused(reply, 422, "invalid_input");
    same(paths(reply.body.issues).at(0), "username", String(username));
  }
  const unknown = await post({ username: freshName(), is_active: false, admin: true });
  refused(unknown, 422, "invalid_input");
  same(paths(unknown.body.issues), ["admin", "is_active"]);
  same(paths((await post({ username: freshName(), role: "owner" })).body.issues), ["role"]);
  same(paths((await app.call("POST", "/users")).body.issues), ["username"]);
  refused(await post([]), 422, "invalid_input");

  for (const query of ["limit=0", "limit=1e2", "cursor=!", "offset=3", "limit=1&limit=2"]) {
    refused(await app.call("GET", `/users?${query}`), 422, "invalid_input");
  }
  same(paths((await app.call("GET", "/users?offset=3")).body.issues), ["offset"]);
});

Deno.test("ensureAdmin() shows a key once; ADMIN_API_KEY is the only key afterwards", async () => {
  await using fresh = await freshDatabase();
  const { db } = fresh;
  const [first, second] = await Promise.all([
    ensureAdmin(db, undefined),
    ensureAdmin(db, undefined),
  ]);
  const made = first ?? second;
  match(made!, /^dk_/);
  equal(first === undefined || second === undefined, true, "two first starts make one key");
  equal(await ensureAdmin(db, undefined), undefined);
  const [admin] = await db`select id, role from users where username = 'admin'`;
  equal(admin!.role, "admin");

  equal(await ensureAdmin(db, ADMIN_KEY), undefined);
  equal(await ensureAdmin(db, ADMIN_KEY), undefined);
  const hash = new Uint8Array(
    await crypto.subtle.digest("SHA-256", new TextEncoder().encode(ADMIN_KEY)),
  ).toHex();
  const hashes = await db`select encode(hash, 'hex') as hash from api_keys`;
  same(hashes.map((row) => row.hash), [hash]);
  equal((await db`select from users`).length, 1);
});

Deno.test("whoByKey() knows ADMIN_API_KEY, and no longer what it replaced", async () => {
  await using app = await startWorld();
  const { admin, db } = app;
  equal((await app.call("GET", "/users")).status, 200);
  await ensureAdmin(db, ADMIN_KEY);
  refused(await app.call("GET", "/users", { key: admin }), 401, "key_refused");
  await using other = await startWorld({ adminKey: ADMIN_KEY });
  equal((await other.call("GET", "/users", { key: ADMIN_KEY })).status, 200);
  equal(never.aborted, false);
});

Deno.test("GET is for HEAD too, and the front end's origin alone may call from a browser", async () => {
  await using app = await startWorld();
  equal((await app.call("HEAD", "/users")).status, 200);
  const from = async (origin: string) => {
    const { headers } = await app.call("GET", "/users/999", { headers: { origin } });
    return headers.get("access-control-allow-origin");
  };
  equal(await from("http://dashkeeper.test"), "http://dashkeeper.test");
  equal(await from("http://elsewhere.test"), null);
});
