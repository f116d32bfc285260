import { deepStrictEqual as same, match, ok, strictEqual as equal } from "node:assert";
import { limitFailures } from "../../src/users/failure_limit.ts";
import { makeKey } from "../../src/users/key.ts";
import { ensureAdmin } from "../../src/users/users.ts";
import { refused, type Reply, startWorld, type World } from "../help/world/world.ts";

/** A right form that nobody has, all beginning differently. */
const strangers = (n: number) => Promise.all(Array.from({ length: n }, makeKey));

function limited(reply: Reply) {
  refused(reply, 429, "too_many_attempts");
  const seconds = Number(reply.headers.get("retry-after"));
  ok(Number.isInteger(seconds) && seconds >= 1 && seconds <= 60, `${seconds}`);
}

const me = (api: World, key: string | null, headers = {}) =>
  api.call("GET", "/me", { key, headers });

Deno.test("20 failures from one address in a minute, then 429; a right key passes, none counts not", async () => {
  let now = 1e12;
  await using api = await startWorld({ now: () => now });
  for (let i = 0; i < 30; i++) refused(await me(api, null), 401, "key_missing");
  const keys = await strangers(21);
  for (const key of keys.slice(0, 10)) refused(await me(api, key), 401, "key_refused");
  for (const key of keys.slice(10, 20)) {
    refused(await me(api, key.slice(0, -1)), 401, "key_malformed");
  }
  for (let i = 0; i < 3; i++) limited(await me(api, keys[20]!));
  limited(await me(api, "short"));
  equal((await me(api, api.admin)).status, 200);
  limited(await me(api, keys[0]!));
  refused(await me(api, null), 401, "key_missing");
  now += 59_000;
  const late = await me(api, keys[1]!);
  limited(late);
  equal(late.headers.get("retry-after"), "1");
  now += 1_000;
  refused(await me(api, keys[1]!), 401, "key_refused");
});

Deno.test("failures are counted for each beginning of a key, from whatever address", async () => {
  await using api = await startWorld({ trust_proxy: true });
  const key = `${(await makeKey()).slice(0, 12)}`;
  const from = (i: number) => ({ "x-forwarded-for": `10.0.0.${i}` });
  for (let i = 0; i < 20; i++) {
    refused(await me(api, key + i, from(i)), 401, "key_malformed");
  }
  limited(await me(api, `${key}x`, from(100)));
  refused(await me(api, await makeKey(), from(100)), 401, "key_refused");
});

Deno.test("TRUST_PROXY takes the last of X-Forwarded-For; without it the header says nothing", async () => {
  for (const trust_proxy of [true, false]) {
    await using api = await startWorld({ trust_proxy });
    const keys = await strangers(44);
    const statuses: number[] = [];
    for (const [i, key] of keys.slice(0, 21).entries()) {
      const headers = { "x-forwarded-for": `10.9.9.${i}, 10.0.0.1` };
      statuses.push((await me(api, key, headers)).status);
    }
    same(statuses, [...Array(20).fill(401), 429]);
    const other = { "x-forwarded-for": "10.0.0.1, 10.0.0.2" };
    equal((await me(api, keys[22]!, other)).status, trust_proxy ? 401 : 429);
    const ada = await api.addAccount();
    await me(api, ada.api_key, { "x-forwarded-for": "6.6.6.6,10.0.0.3" });
    const { last_used_from } = (await api.call("GET", `/users/${ada.id}`)).body;
    equal(last_used_from, trust_proxy ? "10.0.0.3" : "127.0.0.1");
    for (const value of ["", ",", "1.2.3.4,", `${"x".repeat(5000)}`]) {
      equal((await me(api, api.admin, { "x-forwarded-for": value })).status, 200);
    }
  }
});

Deno.test("signing in on the page is counted as the API is", async () => {
  await using api = await startWorld();
  const headers = {
    "content-type": "application/x-www-form-urlencoded",
    origin: api.origin,
  };
  const signIn = (api_key: string) =>
    api.send("POST", "/sign-in", { headers, body: new URLSearchParams({ api_key }).toString() });
  for (const key of await strangers(20)) equal((await signIn(key)).status, 401);
  const reply = await signIn(await makeKey());
  equal(reply.status, 429);
  ok(Number(reply.headers.get("retry-after")) >= 1);
  limited(await me(api, await makeKey()));
  equal((await signIn(api.admin)).status, 303);
});

Deno.test("unknown, ended and inactive keys are refused in the same words", async () => {
  await using api = await startWorld();
  const [ada, bob] = [await api.addAccount(), await api.addAccount()];
  await api.db`update api_keys set expires_at = now() where user_id = ${ada.id}`;
  await api.db`update users set is_active = false where id = ${bob.id}`;
  const replies = [];
  for (const key of [await makeKey(), ada.api_key, bob.api_key]) replies.push(await me(api, key));
  const said = replies.map(({ status, body: { request_id: _, ...body } }) => ({ status, ...body }));
  same(said[1], said[0]);
  same(said[2], said[0]);
  refused(replies[0]!, 401, "key_refused");
  for (const key of ["dk_", "Bearer", `${ada.api_key}A`, ada.api_key.toUpperCase(), "a b"]) {
    refused(await me(api, key), 401, "key_malformed", key);
  }
  for (const authorization of ["Bearer", "Bearer ", "bearer"]) {
    refused(await me(api, null, { authorization }), 401, "key_missing");
  }
  for (const authorization of [`bearer ${api.admin}`, `BEARER  ${api.admin} `]) {
    equal((await me(api, null, { authorization })).status, 200);
  }
  refused(await me(api, null, { authorization: "Basic YTpi" }), 401, "key_malformed");
});

Deno.test("limitFailures() forgets a place after a minute, and the oldest of very many", () => {
  let now = 0;
  const { count } = limitFailures(() => now);
  const status = (from: string, key: string) => {
    try {
      count(from, key);
      return 401;
    } catch (error) {
      return (error as { status: number }).status;
    }
  };
  for (let i = 0; i < 20; i++) equal(status("a", `key ${i}xxxxxxx`), 401);
  equal(status("a", "another key"), 429);
  for (let i = 0; i < 6_000; i++) status(`place ${i}`, `${i} key key`);
  equal(status("a", "a third key"), 401);
  now = 60_000;
  equal(status("place 5999", "b"), 401);
});

Deno.test("a key of ADMIN_API_KEY may be any text, and is the admin's only key", async () => {
  for (
    const adminKey of [
      "correct horse battery staple, and more",
      "пароль-администратора-из-тридцати-знаков",
      "x".repeat(500),
    ]
  ) {
    await using api = await startWorld({ adminKey });
    const { hostname, port } = new URL(api.origin);
    using connection = await Deno.connect({ hostname, port: Number(port) });
    const head = `GET /api/v1/me HTTP/1.1\r\nHost: x\r\nConnection: close\r\n`;
    const key = new TextEncoder().encode(`${head}Authorization: Bearer ${adminKey}\r\n\r\n`);
    await connection.write(key);
    let answer = "";
    for await (const part of connection.readable) answer += new TextDecoder().decode(part);
    match(answer, /^HTTP\/1\.1 200 /, adminKey);
  }
});

Deno.test("ADMIN_API_KEY takes over a key that was there before, whatever had become of it", async () => {
  await using api = await startWorld();
  const ada = await api.addAccount();
  const cases = [api.admin, ada.api_key];
  for (const key of cases) {
    await api.db`update api_keys set expires_at = now()`;
    equal(await ensureAdmin(api.db, key), undefined);
    const { status, body } = await me(api, key);
    equal(`${status} ${body.username} ${body.expires_at}`, "200 admin null");
    const rotated = await api.call("POST", `/users/${body.id}/api-key`, { key });
    refused(rotated, 409, "key_from_environment");
    equal((await api.db`select from api_keys where user_id = ${body.id}`).length, 1);
  }
});
