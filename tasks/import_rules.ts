import { codeOnly } from "./rules/code.ts";
import { checkForms } from "./rules/forms.ts";
import { type Import, importsOf } from "./rules/imports.ts";
import { checkTables } from "./rules/tables.ts";
import { checkFolders, checkFunctions, findCycles } from "./rules/tree.ts";

/**
 * Import order of src: a folder may import earlier ones only. Names on one line do not import each
 * other. config is for main only.
 */
const ORDER = [
  ["errors"],
  ["who"],
  ["external"],
  ["http"],
  ["audit"],
  ["users"],
  ["credentials"],
  ["retries"],
  ["workspaces"],
  ["grafana"],
  ["measures"],
  ["boards"],
  ["templates"],
  ["previews"],
  ["pipeline"],
  ["dashboards"],
  ["imports"],
  ["slack"],
  ["diagnostics"],
  ["accounts"],
  ["home"],
  ["adoption"],
  ["sealed"],
  ["jobs"],
  ["app"],
  ["config"],
  ["main"],
];
const MAIN = /^main\.ts$/;
const CONFIG = /^src\/config\.ts$/;
const JOBS = /^src\/jobs\//;
const APP = /^src\/app\.tsx?$/;
const HTTP = /^src\/(?:http\/|users\/authenticate\.ts$)/;
const EXTERNAL = /^src\/external\//;
const ROUTES = /^src\/(?:.+\/)?(?:\w+_)?routes\.tsx?$/;
const STORE = /^src\/(?:.+\/)?(?:\w+_)?store\.ts$/;
const VIEWS = /^views\//;

/** Code that is allowed in certain files only. */
type Home = { what: string; pattern: RegExp; homes: RegExp[] };

const WRITTEN: Home[] = [
  { what: "the environment", pattern: /\bDeno\.env\b|\bprocess\.env\b/, homes: [CONFIG] },
  { what: "Deno.cron", pattern: /\bDeno\.cron\b/, homes: [JOBS] },
  {
    what: "Deno",
    pattern: /\bDeno(?:\.(?!env\b|cron\b)\w|\[)|=\s*Deno\b/,
    homes: [MAIN, CONFIG, JOBS, EXTERNAL, /^src\/previews\/gif\//, /^src\/imports\/worker\//],
  },
  {
    what: "fetch",
    pattern: /(?<![.\w$#]|\bfunction )fetch\(|\b(?:globalThis|self)\.fetch\b/,
    homes: [EXTERNAL],
  },
  {
    what: "SQL",
    pattern: /\b(?:db|sql|tx|reader|owner|master)(?:<[^`]*?>)?`|\.unsafe(?:<[^`]*?>)?\(/,
    homes: [
      STORE,
      EXTERNAL,
      /^src\/(?:workspaces|measures|boards|templates)\//,
      /^src\/pipeline\/(?:row\.ts$|scan\/)/,
    ],
  },
];

const IMPORTED: Home[] = [
  {
    what: "node:",
    pattern: /^node:/,
    homes: [MAIN, CONFIG, JOBS, EXTERNAL, /^src\/previews\/gif\//, /^src\/imports\/worker\//],
  },
  {
    what: "a driver",
    pattern:
      /^(?:npm:\/?)?(?:postgres|puppeteer-core|@slack\/[\w-]+|prom-client|@opentelemetry\/[\w-]+)(?:[@/]|$)/,
    homes: [EXTERNAL],
  },
  {
    what: "JSX of hono",
    pattern: /^hono\/(?:jsx|html)(?:\/|$)/,
    homes: [APP, HTTP, ROUTES, VIEWS],
  },
  {
    what: "hono",
    pattern: /^(?:npm:\/?)?(?:hono(?:[@/](?!(?:jsx|html)(?:\/|$))|$)|@hono\/zod-validator)/,
    homes: [APP, HTTP, ROUTES],
  },
];

const LINES = 400;
/** Names that say nothing about their content. */
const EMPTY_NAMES = /^(?:utils?|common|types|models?|helpers?)$/i;

/** Broken rules as sentences. `path` is relative to the project; files outside src and views: names and length only. */
export function breaches(path: string, text: string): string[] {
  const found: string[] = [];
  const empty = path.split("/").find((part) => EMPTY_NAMES.test(part.replace(/\..*/, "")));
  if (empty) found.push(`"${empty}" says nothing of what is inside`);
  const lines = text.replace(/\n$/, "").split("\n").length;
  if (lines > LINES) found.push(`${lines} lines, at most ${LINES}`);
  found.push(...checkForms(path, text));
  if (/^(?:src|views)\/.*\.tsx?$|^main\.ts$/.test(path)) {
    const code = codeOnly(text);
    for (const { what, pattern, homes } of WRITTEN) {
      if (pattern.test(code) && !isIn(path, homes)) found.push(`${what} does not belong here`);
    }
    if (path.startsWith("src/") && rankOf(path) < 0) {
      found.push(`${unitOf(path)} has no place in the order of tasks/import_rules.ts`);
    }
    for (const imported of importsOf(text, code)) found.push(...faultsOf(path, imported));
  }
  return found.map((fault) => `${path}: ${fault}`);
}

function faultsOf(path: string, { names, typeOnly, from }: Import): string[] {
  const faults = IMPORTED.filter(({ pattern, homes }) => pattern.test(from) && !isIn(path, homes))
    .map(({ what }) => `${what} ("${from}") does not belong here`);
  const router = from === "@hono/zod-openapi" && /\bOpenAPIHono\b|\bcreateRoute\b|\*/.test(names);
  if (router && !isIn(path, [APP, HTTP, ROUTES])) {
    faults.push(`"${from}" beyond z is for app, http and routes`);
  }
  if (!/^\.{0,2}\//.test(from)) return faults;
  const to = new URL(from, `file:///${path}`).pathname.slice(1);
  const fault = faultOfOwn(path, to, typeOnly);
  return fault ? [...faults, `may not import ${to}: ${fault}`] : faults;
}

function faultOfOwn(path: string, to: string, typeOnly: boolean): string | undefined {
  if (VIEWS.test(path)) {
    return to.startsWith("src/") && !typeOnly ? "views take types only" : undefined;
  }
  if (VIEWS.test(to)) return isIn(path, [APP, ROUTES]) ? undefined : "app and routes show views";
  if (!to.startsWith("src/") || path === to) return undefined;
  if (ROUTES.test(to) && !isIn(path, [APP, ROUTES])) return "app mounts routes";
  if (ROUTES.test(path) && STORE.test(to) && !typeOnly) return "routes go through a use case";
  if (unitOf(path) === unitOf(to)) return undefined;
  return rankOf(to) < rankOf(path) ? undefined : `${unitOf(path)} does not come after it`;
}

/** "users" for src/users/store.ts, "app" for src/app.tsx, "main" for main.ts. */
function unitOf(path: string): string {
  return path.replace(/^src\//, "").split("/")[0]!.replace(/\.tsx?$/, "");
}

function rankOf(path: string): number {
  return ORDER.findIndex((peers) => peers.includes(unitOf(path)));
}

function isIn(path: string, homes: RegExp[]): boolean {
  return homes.some((home) => home.test(path));
}

const CHECKED = /\.(?:tsx?|jsx?|css|html|sql|sh)$/;

async function* filesOf(folder: string): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    if (name === "node_modules") continue;
    if (name === "node_modules") continue;
    if (isDirectory) yield* filesOf(`${folder}/${name}`);
    else if (CHECKED.test(name)) yield `${folder}/${name}`;
  }
}

/** Checks the tree in the working folder. */
export async function checkTree(): Promise<{ files: number; found: string[] }> {
  const paths = ["main.ts"];
  for (const folder of ["src", "views", "static", "tasks", "tests"]) {
    for await (const path of filesOf(folder)) paths.push(path);
  }
  const files = new Map<string, string>();
  for (const path of paths.sort()) files.set(path, await Deno.readTextFile(path));
  let migrations = "";
  for await (const path of filesOf("migrations")) migrations += await Deno.readTextFile(path);
  const found = [
    ...[...files].flatMap(([path, text]) => breaches(path, text)),
    ...checkFolders(paths),
    ...findCycles(files),
    ...checkTables(files, migrations),
    ...checkFunctions(new Map([...files].filter(([path]) => /^(?:src\/|main\.ts)/.test(path)))),
  ];
  return { files: paths.length, found };
}

if (import.meta.main) {
  const { files, found } = await checkTree();
  for (const breach of found) console.error(breach);
  console.log(`import rules: ${files} files, ${found.length} breaches`);
  if (found.length) Deno.exit(1);
}
