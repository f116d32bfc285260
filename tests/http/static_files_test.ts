import { deepStrictEqual as same, match, ok, strictEqual as equal } from "node:assert";
import { startWorld, type World } from "../help/world/world.ts";

/** The headers of an answer as a browser gets it; fetch() would hide how it was encoded. */
async function rawHeaders(
  { origin }: World,
  path: string,
  { method = "GET", headers = {}, body = "" }: {
    method?: string;
    headers?: Record<string, string>;
    body?: string;
  } = {},
): Promise<Headers> {
  const { hostname, port } = new URL(origin);
  using connection = await Deno.connect({ hostname, port: Number(port) });
  const lines = Object.entries({
    host: `${hostname}:${port}`,
    connection: "close",
    "accept-encoding": "gzip, deflate, br",
    "content-length": `${body.length}`,
    ...headers,
  }).map(([name, value]) => `${name}: ${value}`);
  const request = `${method} ${path} HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n${body}`;
  await connection.write(new TextEncoder().encode(request));
  let text = "";
  const decoder = new TextDecoder("latin1");
  for await (const part of connection.readable) {
    text += decoder.decode(part, { stream: true });
    if (text.includes("\r\n\r\n")) break;
  }
  const [status, ...found] = text.split("\r\n\r\n")[0]!.split("\r\n");
  const pairs = found.map((line) => line.split(/: (.*)/, 2) as [string, string]);
  return new Headers([...pairs, ["status", status!.split(" ")[1]!]]);
}

Deno.test("staticFiles() gives lasting names that change with their content, and compresses once", async () => {
  await using world = await startWorld();
  const { text } = await world.send("GET", "/sign-in");
  const [lasting] = /\/static\/app\.[0-9a-f]{16}\.css/.exec(text)!;
  const headers = await rawHeaders(world, lasting!);
  same([headers.get("cache-control"), headers.get("content-encoding"), headers.get("vary")], [
    "public, max-age=31536000, immutable",
    "br",
    "Accept-Encoding",
  ]);
  const plain = await rawHeaders(world, "/static/app.css");
  same([plain.get("cache-control"), plain.get("content-encoding")], ["no-cache", "br"]);
  const gzip = await rawHeaders(world, lasting!, { headers: { "accept-encoding": "gzip" } });
  equal(gzip.get("content-encoding"), "gzip");
  const none = await rawHeaders(world, lasting!, { headers: { "accept-encoding": "identity" } });
  equal(none.get("content-encoding"), null);
  const css = (await world.send("GET", lasting!)).text;
  equal(css, (await world.send("GET", "/static/app.css")).text);
  match(css, /--ink:/);
  const board = (await world.send("GET", "/static/board/board.js")).text;
  match(board, /from "\.\/bars\.js"/);
  equal((await world.send("GET", "/static/app.0000000000000000.css")).status, 404);
});

Deno.test("a lasting module of the board names the modules that it imports by lasting names", async () => {
  await using world = await startWorld();
  const cookie = await world.signIn(world.admin);
  const { text } = await world.send("GET", "/templates/1/preview", { headers: { cookie } });
  const [, script] = /<script type="module"[^>]* src="([^"]+)"/.exec(text)!;
  const names = [...(await world.send("GET", script!)).text.matchAll(/from "\.\/([^"]+)"/g)];
  ok(names.length > 5);
  for (const [, name] of names) {
    match(name!, /^\w+\.[0-9a-f]{16}\.js$/);
    ok(text.includes(`<link rel="modulepreload" href="/static/board/${name}"`), name!);
  }
});

Deno.test("pages and the API's answers are compressed, those with a secret and event streams are not", async () => {
  await using world = await startWorld({ user: true });
  const { admin, ada } = world;
  const cookie = await world.signIn(admin);
  const key = { authorization: `Bearer ${admin}` };
  const encoding = async (path: string, more: Parameters<typeof rawHeaders>[2] = {}) => {
    const headers = await rawHeaders(world, path, more);
    match(headers.get("status")!, /^20/, path);
    return headers.get("content-encoding");
  };
  equal(await encoding("/users", { headers: { cookie } }), "br");
  equal(await encoding("/api/v1/users", { headers: key }), "br");
  equal(await encoding("/api/v1/openapi.json", { headers: key }), "br");
  const one = `/api/v1/users/${ada!.id}`;
  equal(await encoding(`${one}/credentials/QOR_DATABASE_URL`, { headers: key }), null);
  const json = { ...key, "content-type": "application/json" };
  equal(await encoding(`${one}/api-key`, { method: "POST", headers: json, body: "{}" }), null);
  equal(await encoding("/events", { headers: { cookie } }), null);
  const page = (await world.send("GET", "/users", { headers: { cookie } })).text;
  const token = /name="form_token" value="([^"]+)"/.exec(page)![1]!;
  const form = { cookie, "content-type": "application/x-www-form-urlencoded" };
  const sent = { method: "POST", headers: form, body: `form_token=${token}` };
  const user = `/users/${ada!.id}`;
  equal(await encoding(`${user}/credentials/QOR_DATABASE_URL/reveal`, sent), null);
  equal(await encoding(`${user}/api-key`, { ...sent, body: `${sent.body}&grace_seconds=0` }), null);
});
