import { match, ok, strictEqual as equal } from "node:assert";
import { template } from "../help/templates.ts";
import { flatten, type Operation, type Schema } from "../help/world/openapi.ts";
import { refused, startWorld, type World } from "../help/world/world.ts";

const IDS = [
  ...[
    "0",
    "-1",
    "+1",
    "1e3",
    "1.0",
    "01",
    "9007199254740993",
    "9223372036854775808",
    "%20",
    "1%20",
  ],
  ...["%00", "%ED%A0%80", "%FF", "%zz", "1%2F2", "٣", "a".repeat(3000), "999999999999999"],
];
const NAMES = ["%2F", "a%2Fb", "%00", "%zz", "%ED%A0%80", "ä", "a%20b", "a%0A", "x".repeat(256)];
const VALUES = [
  ...[null, true, 7, -1, 1.5, 1e300, 9007199254740993, "", "\0", "\ud800", "x".repeat(70_000)],
  ...["0000-01-01T00:00:00Z", "9999-12-31T23:59:59-23:59", "2030-02-30T00:00:00Z", "2030-01-01 "],
  ...[[], [[]], {}, { a: {} }, "ａｄａ", "‮"],
];
const BODIES = [
  ...["null", "[]", "7", '"text"', "[{}]", '{"x":1}', '{"__proto__":{}}', '{"constructor":1}'],
  ...['{"\\ud800":1}', '{"a":1,"a":2}', "{", "{}{}", "NaN", "{'a':1}", "\ufeff[]"],
  ...["[".repeat(50_000), `${"[".repeat(50_000)}${"]".repeat(50_000)}`, '{"a":'.repeat(20_000)],
];
const TYPES = [
  "text/plain",
  "application/x-www-form-urlencoded",
  "multipart/form-data; boundary=x",
];

type Route = { method: string; pattern: string; operation: Operation };

async function prepared() {
  const api = await startWorld();
  const ada = await api.addAccount();
  const credential = { key_name: "TOKEN", key_value: "a value of some length" };
  const made = await api.call("POST", `/users/${ada.id}/credentials`, { json: credential });
  equal(made.status, 201);
  const routes = Object.entries(api.document.paths).flatMap(([pattern, item]) =>
    Object.entries(item).map(([method, operation]): Route => ({
      method: method.toUpperCase(),
      pattern,
      operation,
    }))
  );
  const place = (pattern: string, id: string | number = ada.id, name = "TOKEN", version = "1") =>
    pattern.replace("{id}", `${id}`).replace("{key_name}", name).replace("{version}", version);
  return { api, ada, routes, place, [Symbol.asyncDispose]: () => api[Symbol.asyncDispose]() };
}

/** A request that nobody may get an answer of 2xx or 5xx to. */
async function mustRefuse(api: World, method: string, path: string, sent = {}, only?: number[]) {
  const { status, text } = await api.call(method, path, sent);
  const what = `${method} ${path.slice(0, 120)} ${JSON.stringify(sent).slice(0, 120)}: ${status}`;
  ok(status >= 400 && status < 500, `${what} ${text.slice(0, 200)}`);
  if (only) ok(only.includes(status), what);
}

Deno.test("ids, names and versions that are none are 400 or 404, on every route", async () => {
  await using all = await prepared();
  const { api, routes, place } = all;
  for (const { method, pattern, operation } of routes) {
    const json = operation.requestBody?.required ? bodyFor(pattern) : undefined;
    const only = [400, 404];
    if (pattern.includes("{id}")) {
      for (const id of IDS) await mustRefuse(api, method, place(pattern, id), { json }, only);
    }
    if (pattern.includes("{key_name}")) {
      for (const name of NAMES) {
        await mustRefuse(api, method, place(pattern, undefined, name), { json }, only);
      }
      await mustRefuse(api, method, place(pattern, undefined, "NOT_THERE"), { json }, [404]);
    }
    if (pattern.includes("{version}")) {
      for (const version of IDS) {
        const path = place(pattern, undefined, undefined, version);
        await mustRefuse(api, method, path, {}, only);
      }
    }
  }
});

/** What a route with fields takes. */
function bodyFor(pattern: string): object {
  if (pattern.endsWith("/mapping")) return { group: ["design"] };
  if (pattern.endsWith("/choices")) return { choose: [{ kind: "qor" }] };
  if (pattern.startsWith("/templates")) return template();
  if (pattern.endsWith("/ignored/read")) {
    return { username: "ada", kind: "qor", schema_name: "public", table_name: "t" };
  }
  if (pattern.endsWith("/rollback")) return { version: 1 };
  if (pattern.endsWith("/credentials")) return { key_name: "OTHER", key_value: "x" };
  if (pattern.endsWith("/{key_name}")) return { key_value: "x" };
  if (pattern.endsWith("/mute")) return { until: null };
  if (pattern.endsWith("/import-keys")) return { name: "ci" };
  return { role: "member" };
}

/** Parameters that take any text of a name's length. */
const TEXTS = [
  ...["q", "username", "design", "actor", "action", "subject", "platform", "variant", "stage"],
  ...["corner", "run_id", "git_commit", "tool_version", "table", "file", "format"],
];

Deno.test("query parameters: unknown, doubled, of another kind: 422, on every route", async () => {
  await using all = await prepared();
  const { api, ada, routes, place } = all;
  const junk = ["", "0", "-1", "501", "1e2", "%00", "%ED%A0%80", "null", "TRUE", "x".repeat(500)];
  for (const { method, pattern, operation } of routes) {
    const path = place(pattern);
    await mustRefuse(api, method, `${path}?surprise=1`, {}, [422]);
    await mustRefuse(api, method, `${path}?__proto__=1`, {}, [422]);
    for (const { name, in: where } of operation.parameters ?? []) {
      if (where !== "query") continue;
      await mustRefuse(api, method, `${path}?${name}=1&${name}=1`, {}, [422]);
      for (const value of junk) {
        const isShort = value.length < 33 || name === "design";
        if (TEXTS.includes(name) && !value.includes("%00") && isShort) continue;
        if (name === "user_id" && value === "501") continue;
        await mustRefuse(api, method, `${path}?${name}=${value}`, {}, [422]);
      }
    }
  }
  for (const text of ["", "!", "YQ==", "AA", "_w", "=", "MQ".repeat(200), "MC4x", "LTE", "MWUz"]) {
    for (const path of ["/audit", "/dashboards"]) {
      await mustRefuse(api, "GET", `${path}?cursor=${text}`, {}, [422]);
    }
  }
  equal((await api.call("GET", `/users/${ada.id}`)).status, 200);
});

Deno.test("bodies that are not JSON, not an object, or hold what is not asked for", async () => {
  await using all = await prepared();
  const { api, routes, place } = all;
  for (const { method, pattern } of routes) {
    if (method === "GET" || pattern.endsWith("/imports")) continue; // files of any kind
    const path = place(pattern);
    for (const body of BODIES) await mustRefuse(api, method, path, { body }, [400, 422]);
    await mustRefuse(api, method, path, { body: new Uint8Array([0x7b, 0x22, 0xe9, 0x22]) }, [400]);
    for (const type of TYPES) {
      await mustRefuse(api, method, path, { body: "{}", headers: { "content-type": type } }, [415]);
    }
  }
  const { status, body } = await api.call("GET", place("/users/{id}/credentials/{key_name}"));
  equal(`${status} ${body.version} ${body.key_value}`, "200 1 a value of some length");
});

Deno.test("a field of another type, too long or too short is refused by name", async () => {
  await using all = await prepared();
  const { api, routes, place } = all;
  for (const { method, pattern, operation } of routes) {
    const schema = operation.requestBody?.content?.["application/json"]?.schema;
    if (!schema) continue;
    const fields = flatten(api.document, schema).properties as Record<string, Schema>;
    for (const [name, field] of Object.entries(fields)) {
      const takes = [flatten(api.document, field).type].flat();
      for (const value of VALUES) {
        if (value === null && takes.includes("null")) continue;
        if (takes.includes("array") && Array.isArray(value) && value.length === 0) continue;
        const isFree = ["key_value", "schema_name", "table_name"].includes(name) ||
          pattern.endsWith("/import-keys") && name === "name";
        if (isFree && typeof value === "string" && !/^$|\ud800|x{9}/.test(value)) continue;
        if (
          takes.includes("integer") && value === 7 || takes.includes("boolean") && value === true
        ) {
          continue;
        }
        const json = { ...pattern.endsWith("/api-key") ? {} : bodyFor(pattern), [name]: value };
        const sent = pattern === "/users" ? { username: "1", [name]: value } : json;
        const reply = await api.call(method, place(pattern), { json: sent });
        const what = `${method} ${pattern} ${name}: ${JSON.stringify(value).slice(0, 50)}`;
        refused(reply, 422, "invalid_input", `${what} ${reply.text.slice(0, 300)}`);
        const paths = reply.body.issues.map(({ path }: { path: string }) => path);
        ok(paths.some((path: string) => path.split(".")[0] === name), `${what}: ${paths}`);
      }
    }
  }
});

Deno.test("a call without fields takes no body, or {}; fields left out are the defaults", async () => {
  await using all = await prepared();
  const { api, ada, place } = all;
  for (const body of [undefined, "", "{}", " {\n} "]) {
    const sent = body === undefined ? {} : { body };
    equal((await api.call("POST", `/users/${ada.id}/api-key`, sent)).status, 201, `${body}`);
    equal((await api.call("POST", "/scan", sent)).status, 200);
    const tested = await api.call("POST", place("/users/{id}/credentials/{key_name}/test"), sent);
    refused(tested, 409, "not_testable");
    const removed = await api.call("DELETE", place("/users/{id}/credentials/NONE"), sent);
    refused(removed, 404, "credential_unknown");
    const put = await api.call("PUT", place("/users/{id}/credentials/{key_name}"), sent);
    refused(put, 422, "invalid_input");
    equal(put.body.issues[0].path, "key_value");
  }
  for (
    const type of [
      "Application/JSON",
      "application/json;charset=utf-8",
      "application/vnd.a+b.1+json",
    ]
  ) {
    const headers = { "content-type": type };
    const sent = { body: '{"grace_seconds":-1}', headers };
    refused(await api.call("POST", `/users/${ada.id}/api-key`, sent), 422, "invalid_input");
  }
});

Deno.test({
  name: "without a key all is 401: before 404, 405, 413, 415, 400 and 422",
  // The server drops what it did not read of a request when that is collected, not at once.
  sanitizeResources: false,
  async fn() {
    await using all = await prepared();
    const { api, routes, place } = all;
    const large = "x".repeat(300_000);
    for (const { method, pattern } of routes) {
      const path = place(pattern);
      const bodies = method === "GET" ? [undefined] : ["{", large, "{}"];
      for (const body of bodies) {
        const sent = { key: null, ...(body === undefined ? {} : { body }) };
        refused(await api.call(method, path, sent), 401, "key_missing");
        refused(await api.call(method, `${path}?surprise=1`, sent), 401, "key_missing");
      }
      equal((await api.call("HEAD", path, { key: null })).status, 401);
    }
    for (
      const [method, path] of [["PATCH", "/me"], ["GET", "/nothing"], [
        "GET",
        "/users/abc",
      ]] as const
    ) {
      refused(await api.call(method, path, { key: null }), 401, "key_missing");
    }
    const headers = { "content-type": "text/plain" };
    refused(
      await api.call("POST", "/users", { key: null, body: large, headers }),
      401,
      "key_missing",
    );
    refused(await api.call("POST", "/users", { body: large }), 413, "body_too_large");
    refused(await api.call("POST", "/scan", { body: large }), 413, "body_too_large");
    refused(await api.call("DELETE", "/users/2", { body: large }), 413, "body_too_large");
  },
});

Deno.test("405 names what an address takes; a trailing slash is another address", async () => {
  await using all = await prepared();
  const { api, routes, place } = all;
  const patterns = new Set(routes.map(({ pattern }) => pattern));
  for (const pattern of patterns) {
    const taken = routes.filter((route) => route.pattern === pattern).map(({ method }) => method);
    for (const method of ["GET", "POST", "PUT", "PATCH", "DELETE"]) {
      if (taken.includes(method)) continue;
      const reply = await api.call(method, place(pattern));
      refused(reply, 405, "method_not_allowed", `${method} ${pattern} ${reply.text}`);
      equal(reply.headers.get("allow"), taken.sort().join(", "));
    }
    refused(await api.call("GET", `${place(pattern)}/`), 404, "not_found", `${pattern}/`);
    const head = await api.call("HEAD", place(pattern));
    if (!taken.includes("GET")) equal(head.status, 405);
    equal(head.text, "");
  }
});

/** A request as it is written, without what fetch makes of an address. Returns the answer. */
async function raw(api: World, line: string, key = api.admin): Promise<string> {
  const { hostname, port } = new URL(api.origin);
  using connection = await Deno.connect({ hostname, port: Number(port) });
  const head = `${line} HTTP/1.1\r\nHost: ${hostname}\r\nConnection: close\r\n` +
    `Authorization: Bearer ${key}\r\nContent-Length: 0\r\n\r\n`;
  await connection.write(new TextEncoder().encode(head));
  let answer = "";
  for await (const part of connection.readable) answer += new TextDecoder().decode(part);
  return answer;
}

Deno.test("addresses that a browser would tidy up, and methods that fetch does not send", async () => {
  await using all = await prepared();
  const { api, ada } = all;
  const many = `/api/v1/users/${ada.id}/credentials`;
  for (
    const name of ["../..", ".", "%2e%2e", "%2E", ".%2e", "..%2f..", "%252e%252e", "%00", "a\\b"]
  ) {
    match(await raw(api, `GET ${many}/${name}`), /^HTTP\/1\.1 40[04] /, name);
    match(await raw(api, `DELETE ${many}/${name}`), /^HTTP\/1\.1 40[04] /, name);
  }
  match(await raw(api, `GET ${many}//TOKEN`), /^HTTP\/1\.1 404 /);
  match(await raw(api, `GET //api/v1/users`), /^HTTP\/1\.1 404 /);
  for (const method of ["TRACE", "PROPFIND", "get", "PURGE"]) {
    const answer = await raw(api, `${method} /api/v1/users`);
    match(answer, /^HTTP\/1\.1 40[05] /, answer);
    match(await raw(api, `${method} /api/v1/users`, "x"), /^HTTP\/1\.1 40[01] /, method);
  }
  match(await raw(api, "OPTIONS /api/v1/users"), /^HTTP\/1\.1 204 /);
  match(await raw(api, `GET ${many}/%54OKEN`), /a value of some length/);
});
