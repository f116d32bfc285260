import { deepStrictEqual as same, ok, strictEqual as equal } from "node:assert";
import type { Db } from "../../src/external/postgres/postgres.ts";
import { lockUser } from "../../src/users/store.ts";
import { refused, startWorld, type User, type World } from "../help/world/world.ts";
import { ensureAdmin } from "../../src/users/users.ts";

const status = async (api: World, key: string) => (await api.call("GET", "/me", { key })).status;
const rotate = (api: World, { id }: { id: number }, key: string, json?: unknown) =>
  api.call("POST", `/users/${id}/api-key`, { key, json });

/** Lets all times of keys lie so many seconds further back. */
const wait = (api: World, seconds: number) =>
  api.db`
    update api_keys set expires_at = expires_at - ${seconds} * interval '1 second',
      last_used_at = last_used_at - ${seconds} * interval '1 second'`;

Deno.test("a member rotates its own key, an admin anybody's; the old one ends at once", async () => {
  await using api = await startWorld();
  const [ada, bob] = [await api.addAccount(), await api.addAccount()];
  const first = await rotate(api, ada, ada.api_key);
  equal(first.status, 201, first.text);
  same(Object.keys(first.body).sort(), ["api_key", "expires_at"]);
  equal(first.headers.get("cache-control"), "no-store, no-transform");
  equal(await status(api, ada.api_key), 401);
  equal(await status(api, first.body.api_key), 200);
  const second = await rotate(api, ada, api.admin);
  equal(await status(api, first.body.api_key), 401);
  equal(await status(api, second.body.api_key), 200);
  equal((await rotate(api, ada, bob.api_key)).status, 404);
  equal((await rotate(api, { id: 99_999 }, api.admin)).status, 404);
  equal((await rotate(api, { id: 99_999 }, bob.api_key)).status, 404);
  equal(await status(api, second.body.api_key), 200);
  const own = await rotate(api, { id: 1 }, api.admin);
  equal(`${await status(api, own.body.api_key)} ${await status(api, api.admin)}`, "200 401");
});

Deno.test("the old key works grace_seconds longer, and no longer than it would have", async () => {
  await using api = await startWorld();
  const ada = await api.addAccount();
  const second = await rotate(api, ada, ada.api_key, { grace_seconds: 100 });
  const third = await rotate(api, ada, ada.api_key, { grace_seconds: 1000 });
  const keys = [ada.api_key, second.body.api_key, third.body.api_key];
  const all = async () => {
    const said = [];
    for (const key of keys) said.push(await status(api, key));
    return said.join(" ");
  };
  equal(await all(), "200 200 200");
  await wait(api, 101);
  equal(await all(), "401 200 200", "the first rotation's grace stays what it was");
  await wait(api, 900);
  equal(await all(), "401 401 200");
  const fourth = await rotate(api, ada, third.body.api_key, { grace_seconds: 31_622_400 });
  keys.push(fourth.body.api_key);
  equal(await all(), "401 401 200 200");
  await rotate(api, ada, fourth.body.api_key);
  equal(await all(), "401 401 401 401", "without grace all older ones end");
});

Deno.test("a key ends at its expires_at, which /me tells", async () => {
  await using api = await startWorld();
  const ada = await api.addAccount();
  const json = { expires_at: "2999-01-01T02:00:00+02:00" };
  const { body: { api_key: key, expires_at } } = await rotate(api, ada, ada.api_key, json);
  equal(expires_at, "2999-01-01T00:00:00.000Z");
  equal((await api.call("GET", "/me", { key })).body.expires_at, expires_at);
  const past = [
    { expires_at: "2020-01-01T00:00:00Z" },
    { expires_at: new Date(Date.now() - 1000).toISOString() },
    { grace_seconds: -1 },
    { grace_seconds: 1e12 },
    { grace_seconds: 0.5 },
  ];
  for (const json of past) refused(await rotate(api, ada, key, json), 422, "invalid_input");
  equal(await status(api, key), 200, "nothing was done");
  await wait(api, (Date.parse(expires_at) - Date.now()) / 1000 + 1);
  refused(await api.call("GET", "/me", { key }), 401, "key_refused");
});

Deno.test("of two rotations at once one key is left", async () => {
  await using api = await startWorld();
  const ada = await api.addAccount();
  const both = () =>
    Promise.all([
      rotate(api, ada, api.admin),
      rotate(api, ada, api.admin),
      rotate(api, ada, api.admin),
    ]);
  const replies = await api.behind(3, (tx: Db) => lockUser(tx, ada.id), both);
  same(replies.map(({ status }) => status), [201, 201, 201]);
  const works = [];
  for (const { body } of replies) works.push(await status(api, body.api_key));
  same(works.sort(), [200, 401, 401]);
  equal((await api.db`select from api_keys where user_id = ${ada.id}`).length, 1);
});

Deno.test("keys of a user who is activated again work again, unless they ended meanwhile", async () => {
  await using api = await startWorld();
  const ada = await api.addAccount();
  const { body } = await rotate(api, ada, ada.api_key, { grace_seconds: 100 });
  const set = (is_active: boolean) =>
    api.call("PATCH", `/users/${ada.id}`, { json: { is_active } });
  await set(false);
  equal(`${await status(api, ada.api_key)} ${await status(api, body.api_key)}`, "401 401");
  const meanwhile = await rotate(api, ada, api.admin, { grace_seconds: 1000 });
  equal(await status(api, meanwhile.body.api_key), 401);
  await wait(api, 200);
  await set(true);
  equal(await status(api, ada.api_key), 401);
  equal(await status(api, body.api_key), 200);
  equal(await status(api, meanwhile.body.api_key), 200);
});

Deno.test("a user is set inactive while its key is in use: no call passes afterwards", async () => {
  await using api = await startWorld();
  const ada = await api.addAccount();
  let off = false;
  const after: number[] = [];
  const users = Array.from({ length: 4 }, async () => {
    for (let i = 0; i < 25; i++) {
      const begun = off;
      const code = await status(api, ada.api_key);
      if (begun) after.push(code);
    }
  });
  await api.call("PATCH", `/users/${ada.id}`, { json: { is_active: false } });
  off = true;
  await Promise.all(users);
  ok(after.length > 0);
  same([...new Set(after)].filter((code) => code !== 401 && code !== 429), []);
});

Deno.test("last use is noted to the minute, of whichever key it was", async () => {
  await using api = await startWorld();
  const ada = await api.addAccount();
  const shown = async () => (await api.call("GET", `/users/${ada.id}`)).body.last_used_at;
  equal(await shown(), null);
  await status(api, ada.api_key);
  const first = await shown();
  await status(api, ada.api_key);
  equal(await shown(), first, "not written at each call");
  await wait(api, 61);
  ok(await shown() < first);
  await status(api, ada.api_key);
  ok(await shown() >= first);
});

Deno.test("only the hash of a key is stored, and a session is no key", async () => {
  await using api = await startWorld();
  const ada: User = await api.addAccount();
  const body = new URLSearchParams({ api_key: ada.api_key }).toString();
  const headers = { "content-type": "application/x-www-form-urlencoded", origin: api.origin };
  const reply = await api.send("POST", "/sign-in", { body, headers });
  const cookie = reply.headers.get("set-cookie")!;
  for (const wanted of ["HttpOnly", "SameSite=Lax", "Path=/"]) ok(cookie.includes(wanted), cookie);
  const session = cookie.split(";")[0]!.split("=")[1]!;
  refused(await api.call("GET", "/me", { key: session }), 401, "key_refused");
  const sent = { key: null, headers: { cookie: cookie.split(";")[0]! } };
  equal((await api.call("GET", "/me", sent)).body.username, ada.username);
  const post = await api.call("POST", `/users/${ada.id}/api-key`, sent);
  refused(post, 401, "key_missing", "what changes something takes the key");
  const rows = await api
    .db`select encode(hash, 'hex') as hash from api_keys where user_id = ${ada.id}`;
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(ada.api_key));
  same(rows.map(({ hash }) => hash), [new Uint8Array(digest).toHex()]);
});

Deno.test("a session ends with the key that opened it: rotated, run out, or replaced by ADMIN_API_KEY", async () => {
  await using api = await startWorld();
  const ada: User = await api.addAccount();
  const signIn = async (api_key: string) => {
    const body = new URLSearchParams({ api_key }).toString();
    const headers = { "content-type": "application/x-www-form-urlencoded", origin: api.origin };
    const reply = await api.send("POST", "/sign-in", { body, headers });
    return reply.headers.get("set-cookie")!.split(";")[0]!;
  };
  const seen = async (cookie: string) =>
    (await api.call("GET", "/me", { key: null, headers: { cookie } })).status;
  const old = await signIn(ada.api_key);
  const { body } = await rotate(api, ada, ada.api_key, { grace_seconds: 100 });
  equal(await seen(old), 200);
  const young = await signIn(body.api_key);
  await api.db`update sessions set expires_at = expires_at - interval '101 seconds'`;
  equal(`${await seen(old)} ${await seen(young)}`, "401 200");
  const expires_at = new Date(Date.now() + 60_000).toISOString();
  const short = await rotate(api, ada, body.api_key, { expires_at });
  equal(await seen(young), 401);
  const brief = await signIn(short.body.api_key);
  equal(await seen(brief), 200);
  await api.db`update sessions set expires_at = expires_at - interval '61 seconds'`;
  equal(await seen(brief), 401);

  const admin = await signIn(api.admin);
  await ensureAdmin(api.db, "a new key of at least thirty-two characters");
  equal(await seen(admin), 401);
});
