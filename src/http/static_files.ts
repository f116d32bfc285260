import { type Context, Hono } from "hono";
import sse from "htmx.org/dist/ext/hx-sse.min.js" with { type: "text" };
import htmx from "htmx.org/dist/htmx.min.js" with { type: "text" };
import { once } from "../external/abort.ts";
import { compress, type Encodings, readStaticFolder } from "../external/static_folder.ts";

const TYPES: Record<string, string> = {
  css: "text/css",
  js: "text/javascript",
  svg: "image/svg+xml",
};
/** What the other style sheets build on. */
const FIRST = ["css/tokens.css", "css/base.css"];
const MODULE = /^board\/\w+\.js$/;
const FOREVER = "public, max-age=31536000, immutable";

export type StaticFiles = {
  /** `/static/…`, without sign-in. */
  app: Hono;
  /** The address of a file, which changes with its content. */
  url: (name: string) => string;
  /** Addresses of the modules of the built-in board. */
  modules: string[];
};

/** What pages load, by name: style sheets and scripts by kind in one file each, the board's modules. */
function bundles(files: Map<string, string>): Map<string, string> {
  const all = (pattern: RegExp) => [...files.keys()].filter((path) => pattern.test(path));
  const text = (paths: string[]) => paths.map((path) => files.get(path)!).join("\n");
  const css = [...all(/^css\/\w+\.css$/), ...all(/^css\/pages\//)]
    .filter((path) => !FIRST.includes(path));
  const scripts = all(/^scripts\//).map((path) => `(() => {\n${files.get(path)}})();`);
  return new Map([
    ["app.css", text([...FIRST, ...css])],
    ["app.js", scripts.join("\n")],
    ["board/board.css", text([FIRST[0]!, ...all(/^board\/.*\.css$/)])],
    ["echarts.js", files.get("vendor/echarts.js")!],
    // In one: htmx reads the page a moment after it has arrived, with the extensions it has by then.
    ["htmx.js", `${htmx}\n${sse}`],
    ["icon.svg", files.get("icon.svg")!],
    ...all(MODULE).map((path) => [path, files.get(path)!] as const),
  ]);
}

async function hashOf(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return new Uint8Array(digest).slice(0, 8).toHex();
}

const withHash = (name: string, hash: string) => name.replace(/(\.\w+)$/, `.${hash}$1`);

/** Names with hashes; a module names those that it imports by theirs. */
async function hashNames(plain: Map<string, string>) {
  const hashed = new Map<string, { name: string; text: string }>();
  const add = async (name: string): Promise<string> => {
    const known = hashed.get(name);
    if (known) return known.name;
    let text = plain.get(name)!;
    for (const [whole, from] of MODULE.test(name) ? text.matchAll(/from "\.\/(\w+\.js)"/g) : []) {
      const target = (await add(`board/${from}`)).slice("board/".length);
      text = text.replace(whole, `from "./${target}"`);
    }
    const made = withHash(name, await hashOf(text));
    hashed.set(name, { name: made, text });
    return made;
  };
  for (const name of plain.keys()) await add(name);
  return hashed;
}

/** Reads and hashes everything once; a file is compressed when it is first asked for. Plain names work too, and are asked for each time. */
export const staticFiles = once(makeStaticFiles);

async function makeStaticFiles(): Promise<StaticFiles> {
  const app = new Hono();
  const plain = bundles(await readStaticFolder());
  const hashed = await hashNames(plain);
  for (const [name, { name: lasting, text }] of hashed) {
    const own = plain.get(name)!;
    const encoded = once(() => compress(text));
    app.get(`/${lasting}`, (c) => answer(c, { name, text, encoded, cache: FOREVER }));
    const other = own === text ? encoded : once(() => compress(own));
    const etag = `"${await hashOf(own)}"`;
    app.get(`/${name}`, (c) => {
      const file = { name, text: own, encoded: other, cache: "no-cache", etag };
      return answer(c, file);
    });
  }
  const url = (name: string) => `/static/${hashed.get(name)!.name}`;
  return { app, url, modules: [...hashed.keys()].filter((name) => MODULE.test(name)).map(url) };
}

type File = {
  name: string;
  text: string;
  encoded: () => Promise<Encodings>;
  cache: string;
  etag?: string;
};

async function answer(c: Context, { name, text, encoded, cache, etag }: File) {
  c.header("Cache-Control", cache);
  c.header("Vary", "Accept-Encoding");
  if (etag) c.header("ETag", etag);
  if (etag && c.req.header("if-none-match") === etag) return c.body(null, 304);
  c.header("Content-Type", `${TYPES[name.split(".").at(-1)!]}; charset=utf-8`);
  const taken = c.req.header("accept-encoding") ?? "";
  const how = (["br", "gzip"] as const).find((one) => new RegExp(`\\b${one}\\b`).test(taken));
  if (!how) return c.body(text);
  c.header("Content-Encoding", how);
  return c.body((await encoded())[how]);
}
