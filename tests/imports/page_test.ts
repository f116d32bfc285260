import { deepStrictEqual as same, match, ok, strictEqual as equal } from "node:assert/strict";
import { fileURLToPath } from "node:url";
import type { Browser, ElementHandle, Page } from "puppeteer-core";
import { findings } from "../help/previews/axe.ts";
import { openBrowser, visit } from "../help/previews/visit.ts";
import { startWorld, type World } from "../help/world/world.ts";

const REPORTS = new URL("../../../shared/data/reports/", import.meta.url);
const CHECKS = "opensta_multi_corner.checks.rpt";
const STAT = "yosys_stat.rpt";
const VIVADO = "vivado_timing_summary_routed.rpt";

function pathOf(file: string): string {
  const path = fileURLToPath(new URL(file, REPORTS));
  try {
    Deno.statSync(path);
  } catch {
    throw new Error(`../shared/data/reports/${file} is missing: it comes with the shared folder.`);
  }
  return path;
}

const textOf = (page: Page, what: string) => page.$eval(what, (it) => it.textContent ?? "");
const textsOf = (page: Page, what: string) =>
  page.$$eval(what, (all) => all.map((it) => it.textContent ?? ""));
const until = (page: Page, what: string) => page.waitForFunction(what, { timeout: 20_000 });

async function choose(page: Page, paths: string[]) {
  const input = await page.$("#import-files") as ElementHandle<never>;
  await input.uploadFile(...paths);
}

const CHECKED = `document.querySelector("#import-answer h2")`;
const FAULT = `document.querySelector("#import-fault .fault")`;
const countImports = async ({ db }: World) =>
  Number((await db<{ count: number }[]>`select count(*) from imports`)[0]!.count);

type Part = { world: World; browser: Browser; ada: { id: number; api_key: string } };

async function open({ world, browser, ada }: Part, look = {}, key = ada.api_key) {
  const page = await visit(browser, world, key, look);
  await page.goto(`${world.origin}/imports`);
  return page;
}

/** Chooses several files, reads what they are, and imports them. */
async function importsSeveral(part: Part) {
  const { world, ada } = part;
  const page = await open(part);
  match(await textOf(page, "#import-list"), /No imports yet/);
  match(await textOf(page, ".value"), /^curl -T FILE -H .* "http:\S+\/api\/v1\/imports\?design=/);
  await choose(page, [CHECKS, STAT, VIVADO].map(pathOf));
  await until(page, CHECKED);
  equal(await textOf(page, "#import-answer h2"), "3 files checked, nothing written yet");
  equal(await countImports(world), 0);
  same(await textsOf(page, ".imported h3"), [CHECKS, STAT, VIVADO]);
  const formats = await textsOf(page, ".imported .hint > code");
  same(formats, ["opensta-report_checks", "yosys-stat", "vivado-timing-summary"]);
  const rows = await page.$$eval(".imported table", (all) => all.map((it) => it.rows.length - 1));
  ok(rows.length === 3 && rows.every((count) => count > 0 && count <= 5), `${rows}`);
  same(await findings(page), []);
  equal(await textOf(page, "#import button"), "Import 3 files");

  await page.click("#import-more summary");
  await page.type("#import-run_id", "from the page");
  await page.click("#import button");
  await until(page, `${CHECKED}?.textContent === "3 files imported"`);
  match(await textOf(page, "#import-answer"), /Run from the page/);
  equal(await page.evaluate("document.activeElement.textContent"), "3 files imported");
  const listed = await textsOf(page, "#import-list tbody th span:first-child");
  same(listed, [VIVADO, STAT, CHECKS]);
  const links = await page.$$eval(
    "#import-list td a, .imported a",
    (all) => all.map((it) => it.getAttribute("href")!),
  );
  const ids = await world.db<{ id: number }[]>`select id from dashboards where user_id = ${ada.id}`;
  same(new Set(links), new Set(ids.map(({ id }) => `/dashboards/${id}`)));
  equal(
    await page.$eval("#import-run_id", (it) => (it as unknown as { value: string }).value),
    "from the page",
  );
  same(await findings(page), []);
  await page.browserContext().close();
}

/** An error stands beside the files, and what was typed and chosen is kept. */
async function keepsAllOnError(part: Part, unknown: string) {
  const before = await countImports(part.world);
  const page = await open(part);
  await page.click("#import-more summary");
  await page.type("#import-design", "gcd");
  await choose(page, [unknown]);
  await until(page, FAULT);
  match(await textOf(page, "#import-fault"), /^unknown\.bin: The format of the file was not recog/);
  match(await textOf(page, "#import-fault"), /Name it with the field format/);
  equal(await textOf(page, "#import button"), "Check again");
  equal(
    await page.$eval("#import-design", (it) => (it as unknown as { value: string }).value),
    "gcd",
  );
  same(await findings(page), []);

  await choose(page, [pathOf("innovus_timeDesign_postRoute.log")]);
  await until(page, `${FAULT}?.textContent.startsWith("innovus_")`);
  match(
    await textOf(page, "#import-fault"),
    /not read yet\. Import the other files without it, or/,
  );
  await choose(page, [unknown]);
  await until(page, `${FAULT}?.textContent.startsWith("unknown.bin")`);

  await page.select("#import-format", "csv");
  await until(page, CHECKED);
  equal(
    await textOf(page, "#import button"),
    "Import 1 file",
    "the chosen format is taken at once",
  );

  await page.type("#import-table", "é".repeat(63));
  await page.focus("#import-design");
  await until(page, `document.querySelector("#import-table-fault")`);
  match(await textOf(page, "#import-table-fault"), /63 bytes/);
  same(await findings(page), []);

  await part.world.db`delete from sessions where user_id = ${part.ada.id}`;
  await page.$eval(
    "#import-table",
    (it) => (it as unknown as { value: string }).value = "ok_table",
  );
  await page.click("#import button");
  await until(page, `${FAULT}?.textContent.startsWith("Your session has ended")`);
  equal(
    await page.$eval("#import-design", (it) => (it as unknown as { value: string }).value),
    "gcd",
  );
  const [name, value] = (await part.world.signIn(part.ada.api_key)).split("=");
  const { hostname: domain } = new URL(part.world.origin);
  await page.browserContext().setCookie({ name: name!, value: value!, domain, path: "/" });
  await page.click("#import button");
  await until(page, CHECKED);
  equal(await countImports(part.world), before);
  await page.browserContext().close();
}

async function dropsFiles(part: Part) {
  const page = await open(part);
  await page.evaluate(`(() => {
    const files = new DataTransfer();
    files.items.add(new File(["design,slack_ns\\n" + "gcd,-0.1\\n".repeat(7)], "dropped.csv"));
    files.items.add(new File(["design,slack_ns\\naes,-0.2\\n"], "too.csv"));
    const options = { dataTransfer: files, bubbles: true, cancelable: true };
    document.querySelector("h1").dispatchEvent(new DragEvent("drop", options));
  })()`);
  await until(page, CHECKED);
  same(await textsOf(page, ".imported h3"), ["dropped.csv", "too.csv"]);
  equal((await page.$$(".imported:first-of-type tbody tr")).length, 5, "the first rows only");
  same(await textsOf(page, ".imported:last-child tbody td"), ["aes", "-0.2"]);
  await page.browserContext().close();
}

/** Two buttons: one checks, one writes. */
async function worksWithoutScript(part: Part) {
  const before = await countImports(part.world);
  const page = await open(part, { script: false });
  const press = (button: string) => Promise.all([page.waitForNavigation(), page.click(button)]);
  await page.click("#import-more summary");
  await page.type("#import-design", "plain");
  await choose(page, [pathOf(STAT)]);
  await press("[name=dry_run]");
  match(await textOf(page, "#import-answer"), /1 file checked, nothing written yet/);
  equal(await countImports(part.world), before);
  equal(
    await page.$eval("#import-design", (it) => (it as unknown as { value: string }).value),
    "plain",
  );
  await choose(page, [pathOf(STAT)]);
  await press("#import button");
  match(await textOf(page, "#import-answer"), /1 file imported/);
  equal(await countImports(part.world), before + 1);
  await page.browserContext().close();
}

Deno.test("/imports: files are checked, imported and listed in a browser", async (t) => {
  await using world = await startWorld({ user: true });
  await using browser = await openBrowser();
  const part = { world, browser, ada: world.ada! };
  const unknown = await Deno.makeTempDir() + "/unknown.bin";
  await Deno.writeTextFile(unknown, "a|b\n1|2\n");
  await t.step("several files with a check before", () => importsSeveral(part));
  await t.step("files dropped anywhere on the page", () => dropsFiles(part));
  await t.step("errors, also of the session, lose nothing", () => keepsAllOnError(part, unknown));
  await t.step("without a script", () => worksWithoutScript(part));
});

const CSV = "design,slack_ns\ngcd,-0.1\n";
const filesOf = (text: string, more: Record<string, string> = {}) => {
  const form = new FormData();
  for (const [name, value] of Object.entries(more)) form.append(name, value);
  form.append("files", new File([text], "a.csv"));
  return form;
};

Deno.test("/imports takes files of its own session's pages only, into the caller's databases", async () => {
  await using world = await startWorld({ user: true });
  const { ada } = world;
  const cookie = await world.signIn(ada.api_key);
  const post = (headers: Record<string, string>, body = filesOf(CSV), query = "") =>
    world.send("POST", `/imports${query}`, { headers, body });
  const token = async (cookie: string) => {
    const { text } = await world.send("GET", "/imports", { headers: { cookie } });
    return /<meta name="form-token" content="([^"]+)"/.exec(text)![1]!;
  };
  const own = await token(cookie);
  const admin = await world.signIn(world.admin);
  const refused: [status: number, headers: Record<string, string>, body?: FormData][] = [
    [403, { cookie, "x-form-token": "wrong.token" }],
    [403, { cookie, "x-form-token": await token(admin) }],
    [403, { cookie, "x-form-token": own, origin: "https://elsewhere.test" }],
    [403, { cookie, "x-form-token": own, "sec-fetch-site": "cross-site" }],
    [303, { "x-form-token": own }],
    [303, {}],
  ];
  for (const [status, headers] of refused) {
    equal((await post(headers)).status, status, JSON.stringify(headers));
  }
  const raw = async (body: FormData) => {
    const headers = { cookie };
    const reply = await fetch(`${world.origin}/imports`, { method: "POST", headers, body });
    return { status: reply.status, text: await reply.text() };
  };
  equal((await raw(filesOf(CSV))).status, 403, "without a token");
  equal((await raw(filesOf(CSV, { form_token: "wrong.token" }))).status, 403);
  const large = await raw(filesOf("x".repeat(17 << 20), { form_token: own }));
  equal(large.status, 413);
  match(large.text, /Files sent without JavaScript may have at most 16 MiB: .*curl -T/);
  equal(await countImports(world), 0);

  equal((await raw(filesOf(CSV, { form_token: own, design: "" }))).status, 201);
  const streamed = await post(
    { cookie, "x-form-token": own },
    filesOf("a,b\n" + "1,2\n".repeat(1e5)),
  );
  equal(streamed.status, 201, "more than the 256 KiB of other bodies");
  const [foreign] = await world.db`select user_id from imports where user_id <> ${ada.id}`;
  equal(foreign, undefined);
  const none = await post({ cookie: admin }, filesOf(CSV));
  equal(none.status, 404);
  match(none.text, /You have no databases to import into/);
  const forged = await post({ cookie }, filesOf(CSV, { user_id: "1" }));
  equal(forged.status, 422);
  match(forged.text, /user_id: There is no such field\./);
});

Deno.test("/imports lists by user and format, in pages, members their own", async () => {
  await using world = await startWorld({ user: true });
  const { db, ada } = world;
  const bob = await world.addAccount();
  const add = (user_id: number, format: string, count: number) =>
    db`insert into imports
      (user_id, imported_by, file, format, run_id, tables, key, warnings, row_count)
      select ${user_id}, 'x', '<b>' || n || '.rpt', ${format}, 'r', '[]', '[]',
        '[{"line": 3, "message": "<i>odd</i>"}]', 1200 from generate_series(1, ${count}::int) n`;
  await add(ada.id, "csv", 60);
  await add(bob.id, "yosys-stat", 2);
  const listed = async (key: string, path: string) => {
    const headers = { cookie: await world.signIn(key) };
    const { status, text } = await world.send("GET", path, { headers });
    equal(status, 200, path);
    const names = [...text.matchAll(/&lt;b&gt;(\d+)\.rpt<\/span>/g)].map(([, n]) => Number(n));
    return { text, names };
  };
  equal((await listed(world.admin, "/imports")).names.length, 50);
  same((await listed(world.admin, `/imports?user=${bob.username}&format=`)).names, [2, 1]);
  same((await listed(world.admin, "/imports?format=yosys-stat")).names, [2, 1]);
  match(
    (await listed(world.admin, "/imports?user=nobody")).text,
    /There is no user of this name\./,
  );
  same((await listed(bob.api_key, `/imports?user=${ada.username}`)).names, [2, 1]);
  const first = await listed(ada.api_key, "/imports?format=csv");
  const next = /<a href="([^"]+)" rel="next">/.exec(first.text)![1]!.replaceAll("&amp;", "&");
  const { names, text } = await listed(ada.api_key, next);
  same([...first.names, ...names], Array.from({ length: 60 }, (_, i) => 60 - i));
  match(text, /Line 3: &lt;i&gt;odd/);
  match(text, /1,200/);
});
