import { deepStrictEqual as same, match, strictEqual as equal } from "node:assert";
import { breaches, checkTree } from "../../tasks/import_rules.ts";
import { codeOnly } from "../../tasks/rules/code.ts";
import { checkOwners, foreignTables, OWNERS } from "../../tasks/rules/tables.ts";
import { checkFolders, findCycles, tooLong } from "../../tasks/rules/tree.ts";

/** Breaks one rule, as the sentence (without the path) says. */
function breaks(path: string, text: string, sentence: RegExp) {
  const found = breaches(path, text);
  equal(found.length, 1, `${path} with ${text} gives ${JSON.stringify(found)}`);
  match(found[0]!, sentence);
}
const keeps = (path: string, text: string) => same(breaches(path, text), []);

Deno.test("breaches() allows imports of the own folder and earlier ones only", () => {
  const users = 'import { a } from "../users/users.ts";';
  keeps("src/workspaces/workspaces.ts", users);
  keeps("src/users/sign_in.ts", 'import { a } from "./store.ts";');
  keeps("src/users/users.ts", 'import { AppError } from "../errors.ts";');
  breaks("src/external/slack.ts", users, /src\/users\/users\.ts: external does not come after it/);
  breaks("src/users/users.ts", 'import { a } from "../grafana/who.ts";', /users does not come/);
  breaks("src/users/users.ts", 'import type { A } from "../boards/a.ts";', /users does not come/);
  breaks("src/users/users.ts", 'await import("../boards/a.ts");', /users does not come/);
  breaks("src/users/users.ts", 'type A = import("../boards/a.ts").A;', /users does not come/);
  breaks("src/users/users.ts", 'export { a } from "../boards/a.ts";', /users does not come/);
  breaks("src/users/users.ts", 'import "../boards/a.ts";', /users does not come/);
  breaks("src/users/users.ts", "import {\n  a,\n  b,\n} from '../boards/a.ts';", /users does not/);
  breaks("src/jobs/jobs.ts", 'import { a } from "../app.tsx";', /jobs does not come after it/);
  breaks("src/previews/gif/worker.ts", 'import { a } from "../../accounts/a.ts";', /previews does/);
  breaks("src/orders/orders.ts", "", /orders has no place in the order/);
  breaks("src/log.ts", "", /log has no place in the order/);
});

Deno.test("breaches() leaves config to main", () => {
  keeps("main.ts", 'import { readConfig } from "./src/config.ts"; Deno.serve({}, app.fetch);');
  keeps("src/config.ts", 'Deno.env.get("PORT"); Deno.readTextFileSync(path);');
  breaks("src/app.tsx", 'import { a } from "./config.ts";', /app does not come after it/);
  breaks(
    "src/jobs/jobs.ts",
    'import type { A } from "../config.ts";',
    /jobs does not come after it/,
  );
  breaks("main.ts", 'Deno.env.get("PORT");', /the environment does not belong here/);
});

Deno.test("breaches() keeps routes for app, and stores behind use cases", () => {
  const routes = 'import { userPages } from "./users/routes.tsx";';
  keeps("src/app.tsx", routes);
  breaks("src/jobs/jobs.ts", routes, /app mounts routes/);
  breaks("src/users/users.ts", 'import { a } from "./key_routes.ts";', /app mounts routes/);
  breaks("src/users/routes.tsx", 'import { a } from "./store.ts";', /routes go through a use case/);
  keeps("src/users/routes.tsx", 'import type { A } from "./store.ts";');
  breaks("src/users/routes.tsx", 'import { w } from "../grafana/who.ts";', /users does not come/);
});

Deno.test("breaches() knows the one home of each right", () => {
  const homes: [text: string, home: string, sentence: RegExp][] = [
    ['Deno.env.get("A");', "src/config.ts", /the environment/],
    ['Deno.cron("a", "* * * * *", run);', "src/jobs/jobs.ts", /Deno\.cron/],
    ["await Deno.readTextFile(a);", "src/external/browser.ts", /Deno does not/],
    ["const { serve } = Deno;", "src/external/browser.ts", /Deno does not/],
    ['import { join } from "node:path";', "src/previews/gif/worker.ts", /node:/],
    ["await fetch(url);", "src/external/grafana.ts", /fetch/],
    ['import postgres from "postgres";', "src/external/postgres.ts", /a driver/],
    ['import type { Sql } from "postgres";', "src/external/postgres.ts", /a driver/],
    ['import a from "puppeteer-core";', "src/external/browser.ts", /a driver/],
    ['import slack from "@slack/web-api";', "src/external/slack.ts", /a driver/],
    ["await db`select 1`;", "src/dashboards/store.ts", /SQL/],
    ["await deps.db<{ id: number }[]>`select ${id}`;", "src/users/store.ts", /SQL/],
    ["tx`select 1`", "src/external/migrate.ts", /SQL/],
    ["await reader`select 1`;", "src/pipeline/scan/tables.ts", /SQL/],
    ["await reader`select 1`;", "src/measures/summary.ts", /SQL/],
    ["owner.unsafe(text);", "src/workspaces/make.ts", /SQL/],
    ["master.unsafe<Row[]>(text);", "src/boards/panel.ts", /SQL/],
    ['import { Hono } from "hono";', "src/users/key_routes.tsx", /hono/],
    ['import { getCookie } from "hono/cookie";', "src/http/csrf.ts", /hono/],
    ['import { zValidator } from "@hono/zod-validator";', "src/users/routes.ts", /hono/],
    ['import { html } from "hono/html";', "views/page.tsx", /JSX of hono/],
    ['import { OpenAPIHono, z } from "@hono/zod-openapi";', "src/app.tsx", /beyond z/],
    ['import { createRoute } from "@hono/zod-openapi";', "src/users/routes.tsx", /beyond z/],
    ['import { Row } from "../../views/row.tsx";', "src/users/routes.tsx", /show views/],
  ];
  for (const [text, home, sentence] of homes) {
    keeps(home, text);
    breaks("src/dashboards/create.ts", text, sentence);
  }
  breaks("views/page.tsx", 'import { Hono } from "hono";', /hono/);
  keeps("src/users/users.ts", 'import { z } from "@hono/zod-openapi";');
  equal(breaches("src/users/users.ts", "db`a`; fetch(b); Deno.env.get(c)").length, 3);
});

Deno.test("breaches() gives views nothing but types from src", () => {
  keeps("views/users.tsx", 'import type { User } from "../../src/users/users.ts";');
  keeps("views/users.tsx", 'import { type A, type B } from "../../src/users/users.ts";');
  keeps("views/users.tsx", 'import { Page } from "./page.tsx";');
  const mixed = 'import { a, type B } from "../../src/users/users.ts";';
  breaks("views/users.tsx", mixed, /views take types only/);
  breaks("views/users.tsx", "<p>{sql`select 1`}</p>", /SQL/);
});

Deno.test("breaches() refuses names that say nothing, and files over 400 lines", () => {
  for (
    const path of ["src/utils/a.ts", "src/users/types.ts", "views/common.tsx", "tasks/helpers.ts"]
  ) {
    equal(breaches(path, "").filter((each) => /says nothing/.test(each)).length, 1, path);
  }
  keeps("tests/help/postgres.ts", 'import postgres from "postgres"; await sql`select 1`;');
  keeps("static/board.js", "a\n".repeat(400));
  breaks("static/board.js", "a\n".repeat(401), /401 lines, at most 400/);
});

Deno.test("breaches() is not misled by comments, strings, templates and regular expressions", () => {
  const innocent = [
    "// Deno.env and fetch(url) are for others",
    '/* import { a } from "../http/who.ts"; db`select 1` */',
    'const a = "await fetch(url); Deno.cron()";',
    "const b = `Deno.env ${a ? `fetch(${a})` : 'import(\"../http/who.ts\")'} sql`;",
    "const c = a.replace(/[\"'`]/g, '').replace(/\\/\\/ fetch\\(/, '');",
    "app.fetch(request); function fetch(a) {}",
    "const half = width / 2; // Deno.env",
  ];
  for (const text of innocent) keeps("src/users/users.ts", text);
  const hidden = 'const a = `${{ b: `${"}"}` }.b} text`; const c = /`/; Deno.env.get(`a`);';
  breaks("src/users/users.ts", hidden, /the environment/);
  breaks("src/users/users.ts", "const a = `${await fetch(url)}`;", /fetch/);
  breaks("views/a.tsx", "<p>It isn't</p>\n<p>{fetch(a)}</p>", /fetch/);
});

Deno.test("breaches() refuses a form that is sent without the token of its page", () => {
  const bare = [
    '<form method="post" action="/a">',
    '<form\n  class="b"\n  action={a ? `/b` : "/c"}\n  method="POST"\n>',
    "<form method='post'>",
    "<form method={how}>",
    "html`<form method=post>`",
    '<button type="submit" formmethod="post">',
  ];
  for (const text of bare) {
    breaks("views/a.tsx", text, /line 1: a form that changes something is a <Form>/);
    breaks("src/users/routes.tsx", text, /<PostButton>/);
    keeps("views/parts/form.tsx", text);
  }
  const others = ['<form method="get">', '<form method="dialog">', "<form hidden>", "<Form a>"];
  for (const text of others) keeps("views/a.tsx", `${text}<input name="method" />`);
});

Deno.test("codeOnly() leaves every character of the code where it was", () => {
  equal(codeOnly('a("b c"); // d\ne'), 'a("   ");     \ne');
  equal(codeOnly("a(`b${c}d`)"), "a(` ${c} `)");
  equal(codeOnly("a = /b/ / c"), "a = / / / c");
});

Deno.test("foreignTables() finds each table of another folder that SQL names, no import and no comment", () => {
  const select = "db`select u.id from users u join dashboards d on true`";
  same(foreignTables("src/users/store.ts", select), ["dashboards"]);
  same(foreignTables("src/pipeline/row.ts", select), [], "users may be read");
  same(foreignTables("src/audit/store.ts", select), ["users", "dashboards"]);
  for (const sql of ["update users set", "insert into users", "delete from users"]) {
    same(foreignTables("src/pipeline/row.ts", `db\`${sql} x\``), ["users"], sql);
  }
  for (
    const sql of ["update users set", "insert into users", "delete from users", "from a, users u"]
  ) same(foreignTables("src/audit/store.ts", `db\`${sql} x\``), ["users"], sql);
  same(foreignTables("src/audit/store.ts", 'import { a } from "../users/users.ts";'), []);
  same(foreignTables("src/audit/store.ts", "// from users\n/** from users */"), []);
});

Deno.test("checkOwners() wants an owner for each table and view, and no others", () => {
  const all = Object.keys(OWNERS).map((name) => `create table ${name} (\n);`).join("\n");
  same(checkOwners(all), []);
  match(checkOwners(all + "create or replace view lost as")[0]!, /lost has no owner/);
  match(checkOwners(all.replace("table users", ""))[0]!, /users has an owner but no migration/);
});

Deno.test("findCycles() finds a cycle by value or type once", () => {
  const files = (back: string) =>
    new Map([
      ["src/a.ts", 'import { b } from "./x/b.ts";'],
      ["src/x/b.ts", 'export * from "./c.ts";'],
      ["src/x/c.ts", back],
    ]);
  same(findCycles(files('import { d } from "../d.ts";')), []);
  const cycle = "import cycle: src/a.ts > src/x/b.ts > src/x/c.ts > src/a.ts";
  same(findCycles(files('import type { A } from "../a.ts";')), [cycle]);
});

Deno.test("checkFolders() refuses more than 20 files, and in src a prefix of three", () => {
  const files = (folder: string, count: number) =>
    Array.from({ length: count }, (_, i) => `${folder}/f${i}.ts`);
  same(checkFolders([...files("src/a", 20), ...files("tests/a", 20)]), []);
  match(checkFolders(files("tests/a", 21))[0]!, /tests\/a: 21 files/);
  const keys = ["src/a/key.ts", "src/a/key_store.ts"];
  same(checkFolders(keys), []);
  match(checkFolders([...keys, "src/a/key_x.ts"])[0]!, /begin with "key"/);
});

Deno.test("tooLong() measures functions over 40 lines, whatever their strings hold", () => {
  const body = (lines: number) => '  a("}");\n'.repeat(lines - 2);
  same(tooLong(`export async function f({ a }: {\n  a: 1;\n}) {\n${body(38)}}\n`), []);
  same([...tooLong(`function f() {\n${body(41)}}\nconst b = 1;\n`)], [["f", 41]]);
  same([...tooLong(`export const g = (a: 1) => {\n${body(41)}};\n`)], [["g", 41]]);
});

Deno.test("the source keeps its import rules", async () => {
  same((await checkTree()).found, []);
});
