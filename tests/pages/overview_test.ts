import { deepStrictEqual as same, ok, strictEqual as equal } from "node:assert/strict";
import { openBrowser, visit } from "../help/previews/visit.ts";
import { waitFor } from "../help/service/service.ts";
import { addDashboard } from "../help/world/rows.ts";
import { startWorld } from "../help/world/world.ts";

Deno.test("/ follows the rows, with the state of the systems, and the button that helps works", async () => {
  await using world = await startWorld();
  const ada = await world.addAccount();
  await using browser = await openBrowser();
  const page = await visit(browser, world, ada.api_key);
  await page.goto(world.origin);
  await page.evaluate("window.opened = 'once'");
  const text = async (selector: string) =>
    await page.evaluate(
      `document.querySelector(${JSON.stringify(selector)})?.innerText ?? ""`,
    ) as string;
  const shows = async (part: string) => (await text("#overview")).includes(part);
  await waitFor("the systems", async () => (await text("#systems")).includes("Browser"), 15);
  ok((await text("#overview")).includes("Nothing needs a person."));
  await world.db`
    insert into scanned_tables
      (user_id, kind, schema_name, table_name, counter, content, changed_at, since, why)
    values (${ada.id}, 'qor', 'public', 'new_runs', 1, '', now(), now(), 'it has no rows yet')`;
  await waitFor("the table that waits", () => shows("new_runs it has no rows yet, since"), 15);
  await world.db`delete from scanned_tables`;
  const id = await addDashboard(world.db, ada.id, { table_name: "runs", step: "notify" });
  await waitFor("the table", () => shows("1 table with new runs"), 15);
  await world.db`
    update dashboards set stopped = true, last_error = 'Invite the app.' where id = ${id}`;
  await waitFor("the stop", () => shows("Invite the app."), 15);
  equal(await page.evaluate("window.opened"), "once");
  ok((await text("#systems")).includes("Browser"), "a morph leaves the systems");
  const [button] = await page.$$(`#stopped-${id} button`);
  await Promise.all([page.waitForNavigation(), button!.click()]);
  equal(page.url(), `${world.origin}/dashboards/${id}`);
  const [row] = await world.db`select stopped from dashboards where id = ${id}`;
  same(row!.stopped, false);
});
