import { deepStrictEqual as same, match, ok, strictEqual as equal } from "node:assert/strict";
import type { Page } from "puppeteer-core";
import { findings } from "../../help/previews/axe.ts";
import { openBrowser, visit } from "../../help/previews/visit.ts";
import { addDashboard, stateOf } from "../../help/world/rows.ts";
import { startPictured } from "../../help/world/pictured_rows.ts";

const HOSTILE = `<img src=x onerror="globalThis.hit=1">'"&`;

/** Pictured rows, one that needs attention, and one with a hostile name. */
async function start() {
  const world = await startPictured({ more: 2 });
  const { db, ada } = world;
  const stuck = await addDashboard(db, ada.id, { table_name: "stuck", step: "notify" });
  await db`update dashboards set stopped = true, failures = 1, last_error = ${HOSTILE}
    where id = ${stuck}`;
  const hostile = await addDashboard(db, ada.id, { table_name: HOSTILE, step: "capture" });
  await db`update dashboards set designs = array[${HOSTILE}] where id = ${hostile}`;
  return Object.assign(world, { stuck, hostile });
}

const names = (page: Page) =>
  page.evaluate(
    `[...document.querySelectorAll("[data-row] :is(h2, th) a")].map((a) => a.textContent)`,
  ) as Promise<string[]>;
const press = async (page: Page, selector: string) => {
  await Promise.all([page.waitForNavigation(), page.click(selector)]);
};

for (const theme of ["light", "dark"] as const) {
  Deno.test(`the list in ${theme}, as a grid and a table: axe finds nothing, nothing overflows`, async () => {
    await using world = await start();
    await using browser = await openBrowser();
    for (const width of [1280, 360]) {
      const page = await visit(browser, world, world.admin, { theme, width });
      for (const path of ["?view=grid", "?view=table", `?q=none`, `/${world.id}`, "/archived"]) {
        await page.goto(`${world.origin}/dashboards${path}`, { waitUntil: "load" });
        same(await findings(page), [], `${path} ${width}`);
        const over = await page.evaluate("document.documentElement.scrollWidth - innerWidth");
        ok(over as number <= 0, `${path}: ${over} px too wide at ${width}`);
        equal(await page.evaluate("globalThis.hit"), undefined);
      }
    }
  });
}

Deno.test("the list is filtered, sorted and searched in place, and keeps its address and look", async () => {
  await using world = await start();
  await using browser = await openBrowser();
  const page = await visit(browser, world, world.ada.api_key);
  await page.goto(`${world.origin}/dashboards`, { waitUntil: "load" });
  await page.evaluate("window.opened = 'once'");
  equal((await names(page)).length, 5);
  await page.type("#find input[type=search]", "BLOCK");
  await page.waitForFunction(`document.querySelectorAll("[data-row]").length === 2`);
  match(page.url(), /\?q=BLOCK/);
  await page.click(`.views a[href*="view=table"]`);
  await page.waitForSelector("tr[data-row]");
  same([...await names(page)].sort(), ["runs_of_block_1", "runs_of_block_2"]);
  ok(await page.$("tr[data-row] svg.spark[aria-label*=' over 2 runs: from ']"));
  equal(await page.evaluate("window.opened"), "once");
  await page.goto(`${world.origin}/dashboards?sort=name&state=attention`);
  ok(await page.$("tr[data-row]"), "the look is remembered");
  same(await names(page), ["stuck"]);
});

Deno.test("the list works without JavaScript: filters, pages and actions on many", async () => {
  await using world = await start();
  await using browser = await openBrowser();
  const page = await visit(browser, world, world.ada.api_key, { script: false });
  await page.goto(`${world.origin}/dashboards?limit=2&sort=name`, { waitUntil: "load" });
  const first = await page.$$eval("[data-row]", (rows) => rows.length);
  equal(first, 2);
  await press(page, ".pager a[rel=next]");
  equal(await page.$$eval("[data-row]", (rows) => rows.length), 2);
  await page.goto(`${world.origin}/dashboards`, { waitUntil: "load" });
  equal(await page.$("#many button[value=remove]"), null, "members remove nothing");
  for (const id of [world.stuck, world.id]) await page.click(`#dashboard-${id} input[name=ids]`);
  await press(page, "#many button[value=retry]");
  const text = await page.$eval("main", (main) => main.textContent);
  match(text!, /1 of 2: retrying/);
  match(text!, /This dashboard is not stopped/);
  equal((await stateOf(world.db, world.stuck)).stopped, false);
});

Deno.test("removal of many asks first, and each row's own rights apply", async () => {
  await using world = await start();
  const bob = await world.addAccount({ username: "bob" });
  const { db } = world;
  const send = async (key: string, body: string) => {
    const headers = {
      cookie: await world.signIn(key),
      origin: world.origin,
      "content-type": "application/x-www-form-urlencoded",
    };
    return await world.send("POST", "/dashboards/many", { headers, body });
  };
  const ids = `ids=${world.id}&ids=${world.stuck}`;
  const left = async () => (await db`select from dashboards where deleted_at is null`).length;
  const foreign = await send(bob.api_key, `${ids}&action=remove&sure=yes`);
  ok(foreign.text.includes("0 of 2") && foreign.text.includes("There is no such dashboard."));
  ok(!foreign.text.includes("stuck"), "names of others are not said");
  const own = await send(world.ada.api_key, `${ids}&action=remove&sure=yes`);
  ok(own.text.includes("0 of 2"));
  equal(await left(), 5);
  const asked = await send(world.admin, `${ids}&ids=${world.hostile}&action=remove`);
  ok(asked.text.includes("Remove 3 dashboards?") && !asked.text.includes("<img src=x"));
  equal(await left(), 5);
  const done = await send(world.admin, `${ids}&ids=999999&action=remove&sure=yes`);
  ok(done.text.includes("2 of 3"), done.text);
  equal(await left(), 3);
  equal((await send(world.admin, "action=explode&ids=1")).status, 422);
});

Deno.test("an event fetches the row it names alone, and the list for a row that is not shown", async () => {
  await using world = await start();
  await using browser = await openBrowser();
  const page = await visit(browser, world, world.ada.api_key);
  await page.goto(`${world.origin}/dashboards?view=grid`, { waitUntil: "load" });
  await page.waitForNetworkIdle({ idleTime: 500, concurrency: 1 });
  await page.click(`#dashboard-${world.id} input[name=ids]`);
  const asked: string[] = [];
  page.on("request", (request) => asked.push(new URL(request.url()).pathname));
  const shows = (id: number, text: string) =>
    page.waitForFunction(
      `document.getElementById("dashboard-${id}")?.innerText.includes("${text}")`,
      { timeout: 10_000 },
    );
  await world.db`update dashboards set stopped = true, step = 'capture', failures = 1,
    last_error = 'Area is gone.' where id = ${world.id}`;
  await shows(world.id, "Area is gone.");
  same(asked.filter((path) => path.startsWith("/dashboards")), [`/dashboards/${world.id}/row`]);
  equal(
    await page.$eval(
      `#dashboard-${world.id} input[name=ids]`,
      (box) => (box as unknown as { checked: boolean }).checked,
    ),
    true,
    "a chosen row stays chosen",
  );
  const found = await addDashboard(world.db, world.ada.id, { table_name: "new_runs" });
  await shows(found, "new_runs");
  await world.db`update dashboards set deleted_at = now() where id = ${found}`;
  await page.waitForFunction(`!document.getElementById("dashboard-${found}")?.offsetParent`);
});

Deno.test("the list shows what moved while the stream of events was broken", async () => {
  await using world = await start();
  await using browser = await openBrowser();
  const page = await visit(browser, world, world.ada.api_key);
  await page.goto(`${world.origin}/dashboards`, { waitUntil: "load" });
  await page.waitForNetworkIdle({ idleTime: 500, concurrency: 1 });
  await page.setOfflineMode(true);
  await world.db`
    select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid() and query like 'listen %'`;
  await world.db`update dashboards set stopped = true, last_error = 'Gone meanwhile.'
    where id = ${world.id}`;
  await page.setOfflineMode(false);
  await page.waitForFunction(
    `document.getElementById("dashboard-${world.id}").innerText.includes("Gone meanwhile.")`,
    { timeout: 20_000 },
  );
});
