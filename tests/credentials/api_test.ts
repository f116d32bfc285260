import { deepStrictEqual as same, match, strictEqual as equal } from "node:assert";
import type { Db } from "../../src/external/postgres/postgres.ts";
import { refused, type Reply, startWorld } from "../help/world/world.ts";

const LISTED = [
  "created_at",
  "expired",
  "expires_at",
  "key_name",
  "masked",
  "updated_at",
  "version",
];

function fields(reply: Reply, status: number, wanted: string[]) {
  equal(reply.status, status, reply.text);
  same(Object.keys(reply.body).sort(), [...wanted].sort());
}

async function prepared() {
  const api = await startWorld();
  const [ada, bob] = [await api.addAccount(), await api.addAccount()];
  const many = `/users/${ada.id}/credentials`;
  const add = (key_name: string, key_value: string, more = {}) =>
    api.call("POST", many, { key: ada.api_key, json: { key_name, key_value, ...more } });
  return { api, ada, bob, many, add, [Symbol.asyncDispose]: () => api[Symbol.asyncDispose]() };
}

Deno.test("a member keeps its own credentials: add, list, reveal, change, remove", async () => {
  await using all = await prepared();
  const { api, ada, many, add } = all;
  const key = ada.api_key;
  const added = await add("TOKEN", "xoxb-0123456789");
  fields(added, 201, LISTED);
  const { created_at, updated_at, ...rest } = added.body;
  const listed = {
    key_name: "TOKEN",
    masked: "…6789",
    version: 1,
    expires_at: null,
    expired: false,
  };
  same(rest, listed);
  equal(created_at, updated_at);
  equal(added.headers.get("cache-control"), null);
  refused(await add("TOKEN", "again"), 409, "credential_exists");

  const list = await api.call("GET", many, { key });
  same(list.body, { credentials: [added.body] });
  const one = await api.call("GET", `${many}/TOKEN`, { key });
  fields(one, 200, [...LISTED, "key_value"]);
  same(one.body, { ...added.body, key_value: "xoxb-0123456789" });
  equal(one.headers.get("cache-control"), "no-store, no-transform");

  const json = { key_value: "short", expires_at: "2030-01-31T01:00:00+01:00" };
  const changed = await api.call("PUT", `${many}/TOKEN`, { key, json });
  fields(changed, 200, LISTED);
  const { updated_at: later, ...now } = changed.body;
  const expires_at = "2030-01-31T00:00:00.000Z";
  same(now, { ...listed, created_at, masked: "…", version: 2, expires_at });
  equal(later > created_at, true);
  const again = await api.call("PUT", `${many}/TOKEN`, { key, json: { key_value: "x" } });
  equal(again.body.expires_at, null, "left out, it is taken away");
  refused(await api.call("PUT", `${many}/NONE`, { key, json }), 404, "credential_unknown");

  const removed = await api.call("DELETE", `${many}/TOKEN`, { key });
  equal(`${removed.status}${removed.text}`, "204");
  refused(await api.call("DELETE", `${many}/TOKEN`, { key }), 404, "credential_unknown");
  refused(await api.call("GET", `${many}/TOKEN`, { key }), 404, "credential_unknown");
  equal((await add("TOKEN", "y")).body.version, 1);
});

Deno.test("each call on another user's credentials is 404 for a member, in one and the same words", async () => {
  await using all = await prepared();
  const { api, bob, many, add } = all;
  await add("TOKEN", "a long enough value");
  const value = { key_value: "stolen" };
  for (
    const [method, path, json] of [
      ["GET", ""],
      ["POST", "", { key_name: "MINE", ...value }],
      ["GET", "/TOKEN"],
      ["PUT", "/TOKEN", value],
      ["DELETE", "/TOKEN"],
      ["GET", "/TOKEN/versions"],
      ["GET", "/TOKEN/versions/1"],
      ["POST", "/TOKEN/rollback", { version: 1 }],
      ["POST", "/TOKEN/test"],
      ["GET", "/NONE"],
    ] as const
  ) {
    const sent = { key: bob.api_key, json };
    const stranger = await api.call(method, `${many}${path}`, sent);
    refused(stranger, 404, "user_unknown", `${method} ${path} ${stranger.text}`);
    const nobody = await api.call(method, `/users/999999/credentials${path}`, sent);
    equal(nobody.body.message, stranger.body.message);
    refused(await api.call(method, `${many}${path}`, { key: null, json }), 401, "key_missing");
    const asAdmin = await api.call(method, `/users/999999/credentials${path}`, { json });
    refused(asAdmin, 404, "user_unknown");
  }
  equal((await api.call("GET", `${many}/TOKEN`)).body.key_value, "a long enough value");
  equal((await api.call("GET", many)).body.credentials.length, 1);
});

Deno.test("an admin does the same with anybody's credentials", async () => {
  await using all = await prepared();
  const { api, many } = all;
  const json = { key_name: "TOKEN", key_value: "a long enough value" };
  equal((await api.call("POST", many, { json })).status, 201);
  equal((await api.call("GET", many)).body.credentials[0].masked, "…alue");
  equal((await api.call("GET", `${many}/TOKEN`)).body.key_value, json.key_value);
  equal((await api.call("PUT", `${many}/TOKEN`, { json: { key_value: "b" } })).body.version, 2);
  const { body } = await api.call("GET", `${many}/TOKEN/versions`);
  same(body.versions.map((one: { created_by: string }) => one.created_by), ["admin", "admin"]);
  equal((await api.call("DELETE", `${many}/TOKEN`)).status, 204);
});

Deno.test("a value comes back byte by byte, whatever Unicode it is", async () => {
  await using all = await prepared();
  const { api, many, add } = all;
  const values = [
    " ",
    "\n\ttext with edges \r\n",
    "\u0000\u0001\u007f",
    "\ufeffwith a mark",
    "🔑é\u0301ﷺ\u202e",
    "\ufffd\uffff",
    "x".repeat(65_536),
    "€".repeat(21_845),
    '{"a":"\\u0000"}',
    "'; drop table users; --",
  ];
  for (const [i, key_value] of values.entries()) {
    equal((await add(`K${i}`, key_value)).status, 201, key_value.slice(0, 20));
    const { body, text } = await api.call("GET", `${many}/K${i}`);
    equal(body.key_value === key_value, true, text.slice(0, 100));
  }
  for (const key_value of ["", "x".repeat(65_537), "€".repeat(21_846), "\ud800", "a\udc00b"]) {
    refused(await add("BAD", key_value), 422, "invalid_input");
    const put = await api.call("PUT", `${many}/K0`, { json: { key_value } });
    refused(put, 422, "invalid_input");
  }
  const escaped = new TextEncoder().encode('{"key_name":"E","key_value":"\\ud83d\\udd11\\u00e9"}');
  equal((await api.call("POST", many, { body: escaped })).status, 201);
  equal((await api.call("GET", `${many}/E`)).body.key_value, "🔑é");
});

Deno.test("masked shows four characters of twelve and more, counted as a person does", async () => {
  await using all = await prepared();
  const { add } = all;
  const cases: [value: string, masked: string][] = [
    ["12345678901", "…"],
    ["123456789012", "…9012"],
    ["🔑".repeat(11), "…"],
    [`${"a".repeat(8)}🔑🔑🔑🔑`, "…🔑🔑🔑🔑"],
    ["x", "…"],
  ];
  for (const [i, [value, masked]] of cases.entries()) {
    equal((await add(`M${i}`, value)).body.masked, masked, value);
  }
});

Deno.test("a key name has 1 to 255 of its characters and is neither . nor ..", async () => {
  await using all = await prepared();
  const { api, many, add } = all;
  const good = [
    "a",
    "...",
    ".a",
    "-",
    "_",
    "A.b-C_9",
    "x".repeat(255),
    "versions",
    "test",
    "__proto__",
  ];
  for (const name of good) {
    equal((await add(name, "v")).status, 201, name);
    equal((await api.call("GET", `${many}/${name}`)).body.key_value, "v", name);
    equal((await api.call("GET", `${many}/${name}/versions`)).status, 200, name);
  }
  for (const name of ["", ".", "../..", "a b", "a/b", "ä", "a\n", "x".repeat(256), "a\0", "%41"]) {
    refused(await add(name, "v"), 422, "invalid_input", name);
  }
  const { body } = await api.call("GET", many);
  const names = body.credentials.map((one: { key_name: string }) => one.key_name);
  same(names, [...good].sort());
});

Deno.test("an expired credential is still shown, and says so", async () => {
  await using all = await prepared();
  const { api, many, add } = all;
  const past = await add("OLD", "a value", { expires_at: "2020-01-01T00:00:00Z" });
  equal(
    `${past.status} ${past.body.expired} ${past.body.expires_at}`,
    "201 true 2020-01-01T00:00:00.000Z",
  );
  equal(
    (await add("NEW", "a value", { expires_at: "2999-12-31T23:59:59.999Z" })).body.expired,
    false,
  );
  equal((await add("NULL", "a value", { expires_at: null })).body.expires_at, null);
  equal((await api.call("GET", `${many}/OLD`)).body.key_value, "a value");
  const { body } = await api.call("GET", many);
  same(body.credentials.map((one: { expired: boolean }) => one.expired), [false, false, true]);
});

Deno.test("of those who create one name at once, one gets it", async () => {
  await using all = await prepared();
  const { api, many, add } = all;
  const values = Array.from({ length: 12 }, (_, i) => `value number ${i}`);
  const replies = await Promise.all(values.map((value) => add("ONE", value)));
  const won = replies.findIndex(({ status }) => status === 201);
  same(
    replies.filter(({ status }) => status !== 201).map(({ status }) => status),
    Array(11).fill(409),
  );
  const { body } = await api.call("GET", `${many}/ONE`);
  equal(`${body.key_value} ${body.version}`, `${values[won]} 1`);
});

Deno.test("a credential, or a key, for a user who is being removed is 404", async () => {
  await using all = await prepared();
  const { api, ada, bob, many } = all;
  const json = { key_name: "LATE", key_value: "v" };
  const remove = (id: number) => (tx: Db) => tx`delete from users where id = ${id}`;
  const add = () => api.call("POST", many, { json });
  refused(await api.behind(1, remove(ada.id), add), 404, "user_unknown");
  const rotate = () => api.call("POST", `/users/${bob.id}/api-key`);
  refused(await api.behind(1, remove(bob.id), rotate), 404, "user_unknown");
});

Deno.test("a value that was moved to another user does not open, and the log names no value", async () => {
  await using all = await prepared();
  const { api, ada, bob, many, add } = all;
  await add("TOKEN", "the secret of ada");
  await add("OTHER", "another secret");
  await api.db`
    insert into credentials (user_id, key_name, key_value)
    select ${bob.id}, key_name, key_value from credentials where key_name = 'TOKEN'`;
  const lines = api.lines.length;
  const path = `/users/${bob.id}/credentials`;
  const stolen = await api.call("GET", `${path}/TOKEN`, { key: bob.api_key });
  refused(stolen, 500, "credential_unreadable");
  const said = api.lines.slice(lines).filter((line) =>
    line.startsWith("ERROR A credential does not open")
  );
  equal(said.length, 1, said.join("\n"));
  match(said[0]!, new RegExp(`${bob.id}/TOKEN`));
  equal(said.join().includes("the secret"), false);
  const list = await api.call("GET", path, { key: bob.api_key });
  equal(`${list.status} ${list.body.credentials[0].masked}`, "200 …");
  await api.db`
    update credentials set key_value = (select key_value from credentials where key_name = 'OTHER')
    where user_id = ${ada.id} and key_name = 'TOKEN'`;
  refused(await api.call("GET", `${many}/TOKEN`), 500, "credential_unreadable");
  for (const garbage of ["", "dk1", "plain text", "dk1.00000000.AAAA.AAAA", "dk9.a.b.c"]) {
    await api.db`update credentials set key_value = ${garbage} where key_name = 'TOKEN'`;
    refused(await api.call("GET", `${many}/TOKEN`), 500, "credential_unreadable", garbage);
  }
});
