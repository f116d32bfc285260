import { deepStrictEqual as same, ok, strictEqual as equal } from "node:assert";
import { refused, startWorld } from "../help/world/world.ts";

type Listed = { version: number; created_at: string; created_by: string };

async function prepared() {
  const api = await startWorld();
  const ada = await api.addAccount();
  const path = `/users/${ada.id}/credentials/TOKEN`;
  const json = { key_name: "TOKEN", key_value: "value number 1" };
  const key = ada.api_key;
  const made = await api.call("POST", `/users/${ada.id}/credentials`, { key, json });
  equal(made.status, 201);
  return {
    api,
    ada,
    path,
    put: (key_value: string, more = {}) => api.call("PUT", path, { json: { key_value, ...more } }),
    async versions(): Promise<Listed[]> {
      const { status, body } = await api.call("GET", `${path}/versions`);
      equal(status, 200);
      return body.versions;
    },
    rollBack: (version: unknown) => api.call("POST", `${path}/rollback`, { json: { version } }),
    [Symbol.asyncDispose]: () => api[Symbol.asyncDispose](),
  };
}

Deno.test("the last ten versions are listed, newest first, by whom and when", async () => {
  await using all = await prepared();
  const { api, ada, path, put, versions } = all;
  const [first] = await versions();
  same(Object.keys(first!).sort(), ["created_at", "created_by", "version"]);
  equal(first!.created_by, ada.username);
  for (let i = 2; i <= 13; i++) equal((await put(`value number ${i}`)).body.version, i);
  const listed = await versions();
  same(listed.map(({ version }) => version), [13, 12, 11, 10, 9, 8, 7, 6, 5, 4]);
  same([...new Set(listed.map(({ created_by }) => created_by))], ["admin"]);
  const times = listed.map(({ created_at }) => created_at);
  same(times, [...times].sort().reverse());
  for (const version of [13, 4]) {
    const old = await api.call("GET", `${path}/versions/${version}`, { key: ada.api_key });
    same(Object.keys(old.body).sort(), ["created_at", "created_by", "key_value", "version"]);
    equal(`${old.body.version} ${old.body.key_value}`, `${version} value number ${version}`);
    equal(old.headers.get("cache-control"), "no-store, no-transform");
  }
  for (const version of [1, 3, 14]) {
    refused(await api.call("GET", `${path}/versions/${version}`), 404, "version_unknown");
  }
});

Deno.test("a roll-back is a new version with the old value; its end stays", async () => {
  await using all = await prepared();
  const { api, path, put, versions, rollBack } = all;
  await put("value number 2");
  await put("value number 3", { expires_at: "2999-01-01T00:00:00Z" });
  const back = await rollBack(1);
  equal(back.status, 200, back.text);
  equal(`${back.body.version} ${back.body.masked}`, "4 …er 1");
  equal(back.body.expires_at, "2999-01-01T00:00:00.000Z");
  equal("key_value" in back.body, false);
  equal((await api.call("GET", path)).body.key_value, "value number 1");
  same((await versions()).map(({ version }) => version), [4, 3, 2, 1]);
  equal((await rollBack(4)).body.version, 5, "to the current one");
  for (const version of [0, -1, 1.5, "1", null, 2 ** 53]) {
    refused(await rollBack(version), 422, "invalid_input");
  }
  refused(await rollBack(6), 404, "version_unknown");
  refused(await rollBack(2 ** 53 - 1), 404, "version_unknown");
  for (let i = 0; i < 6; i++) await put(`later ${i}`);
  refused(await rollBack(1), 404, "version_unknown");
  equal((await rollBack(2)).status, 200);
  equal((await api.call("GET", path)).body.key_value, "value number 2");
});

Deno.test("of writes at once each gets a version of its own, without a gap", async () => {
  await using all = await prepared();
  const { api, path, put, versions, rollBack } = all;
  const values = Array.from({ length: 25 }, (_, i) => `parallel ${i}`);
  const replies = await Promise.all(values.map((value) => put(value)));
  same(replies.map(({ status }) => status), Array(25).fill(200));
  const numbers = replies.map(({ body }) => body.version).sort((a, b) => a - b);
  same(numbers, Array.from({ length: 25 }, (_, i) => i + 2));
  const listed = await versions();
  same(listed.map(({ version }) => version), [26, 25, 24, 23, 22, 21, 20, 19, 18, 17]);
  for (const { version } of listed) {
    const { body } = await api.call("GET", `${path}/versions/${version}`);
    const at = replies.findIndex((reply) => reply.body.version === version);
    equal(body.key_value, values[at], "each version holds what its writer sent");
  }
  const mixed = await Promise.all([put("a"), rollBack(26), put("b"), rollBack(25), put("c")]);
  same(mixed.map(({ body }) => body.version).sort(), [27, 28, 29, 30, 31]);
});

Deno.test("a removal at the same time as writes leaves either nothing or nothing torn", async () => {
  await using all = await prepared();
  const { api, path, put } = all;
  const writes = [1, 2, 3, 4].map((i) => put(`w${i}`));
  const [removed, ...replies] = await Promise.all([api.call("DELETE", path), ...writes]);
  equal(removed.status, 204);
  ok(replies.every(({ status }) => status === 200 || status === 404));
  refused(await api.call("GET", path), 404, "credential_unknown");
  refused(await api.call("GET", `${path}/versions`), 404, "credential_unknown");
  equal((await api.db`select from credential_versions`).length, 0);
});

Deno.test("old versions are sealed as the current one is, and bound to the same place", async () => {
  await using all = await prepared();
  const { api, ada, path, put } = all;
  await put("value number 2");
  const rows = await api.db`select key_value from credential_versions`;
  equal(rows.length, 1);
  ok(rows[0]!.key_value.startsWith(`dk1.${api.deps.sealKeys.current.id}.`));
  const json = { key_name: "MINE", key_value: "x" };
  const bob = await api.addAccount();
  const mine = `/users/${bob.id}/credentials`;
  await api.call("POST", mine, { json });
  await api.call("PUT", `${mine}/MINE`, { json: { key_value: "y" } });
  await api.db`
    update credential_versions set key_value = ${rows[0]!.key_value} where credential_id = (
      select id from credentials where user_id = ${bob.id})`;
  refused(await api.call("GET", `${mine}/MINE/versions/1`), 500, "credential_unreadable");
  const back = await api.call("POST", `${mine}/MINE/rollback`, { json: { version: 1 } });
  refused(back, 500, "credential_unreadable");
  equal((await api.call("GET", `${mine}/MINE`)).body.version, 2, "nothing was done");
  equal((await api.call("GET", path)).body.key_value, "value number 2");
  equal((await api.call("GET", `/users/${ada.id}`)).body.counts.credentials, 1);
});
