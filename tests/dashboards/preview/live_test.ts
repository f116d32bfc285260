import { ok, strictEqual as equal } from "node:assert";
import { connectBrowser } from "../../../src/external/browser/browser.ts";
import { openParsed } from "../../help/boards/open_page.ts";
import { waitFor } from "../../help/service/service.ts";
import { never } from "../../help/time.ts";
import { addDashboard } from "../../help/world/rows.ts";
import { startWorld } from "../../help/world/world.ts";
import { keptIn } from "../../help/log.ts";

const GIF = Uint8Array.fromBase64("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7");

Deno.test("/dashboards/:id follows its row, without another look by the person", async () => {
  await using all = new AsyncDisposableStack();
  const app = all.use(await startWorld());
  const browser = connectBrowser({ install: true, log: keptIn(app.lines) });
  all.defer(() => browser.close());
  const ada = await app.addAccount({ username: "ada" });
  const id = await addDashboard(app.db, ada.id, { table_name: "runs", step: "capture" });
  const view = {
    width: 1280,
    height: 800,
    headers: { cookie: await app.signIn(ada.api_key) },
    origin: app.origin,
    timeoutMs: 30_000,
  };
  await browser.withPage(view, never, async (page) => {
    equal((await openParsed(page, `${app.origin}/dashboards/${id}`)).status, 200);
    await page.evaluate("window.opened = 'once'");
    const shows = (text: string) =>
      page.evaluate<boolean>(
        `document.querySelector("#row").innerText.includes(${JSON.stringify(text)})`,
      );
    ok(await shows("No preview yet"));
    // It may come before the page's stream of events is open.
    await app.db`update dashboards set stopped = true, last_error = 'Area is gone.'`;
    await waitFor("the stop", () => shows("Area is gone."), 10);
    ok(await shows("Retry"));
    await app.db`update runs set gif = ${GIF}, captured_at = now()`;
    await app.db`update dashboards set stopped = false, last_error = null, step = 'done'`;
    await waitFor("the picture", () =>
      page.evaluate<boolean>(
        `document.querySelector("#row figure img")?.naturalWidth === 1`,
      ), 10);
    await waitFor("the end of its way", () => shows("Done"), 10);
    equal(await shows("Retry"), false);
    equal(await page.evaluate("window.opened"), "once");
    equal(await page.evaluate(`document.querySelectorAll("#row, main, header.top").length`), 3);
    await app.db`update dashboards set deleted_at = now()`;
    const gone = `document.querySelector("main").innerText.includes("There is no such dashboard.")`;
    await waitFor("the end", () => page.evaluate<boolean>(gone), 10);
  });
  // The page's stream of events rests for half a second after each.
  await new Promise((done) => setTimeout(done, 600));
});
