import { match, ok, strictEqual as equal } from "node:assert/strict";
import type { Page } from "puppeteer-core";
import { countBytes } from "../../help/previews/transfer.ts";
import { openBrowser, visit } from "../../help/previews/visit.ts";
import { startPictured } from "../../help/world/pictured_rows.ts";

/** Scrolls to the end, so that all pictures load. */
async function scrollThrough(page: Page) {
  await page.evaluate(`(async () => {
    for (let y = 0; y < document.body.scrollHeight; y += 400) {
      scrollTo(0, y);
      await new Promise((done) => setTimeout(done, 30));
    }
  })()`);
  await page.waitForFunction(
    `[...document.querySelectorAll(".preview img")].every((img) => img.naturalWidth === 400)`,
  );
  await page.waitForNetworkIdle({ idleTime: 200 });
}

Deno.test("/dashboards transfers less than 400 kB for 50 dashboards with their thumbnails", async () => {
  await using world = await startPictured({ more: 49 });
  await using browser = await openBrowser();
  const page = await visit(browser, world, world.admin);
  const bytes = await countBytes(page);
  await page.goto(`${world.origin}/dashboards`, { waitUntil: "load" });
  await scrollThrough(page);
  const pictures = await page.evaluate(`document.querySelectorAll(".preview img").length`);
  equal(pictures, 50);
  const taken = bytes.take();
  console.log(`50 dashboards: ${taken} bytes`);
  ok(taken > 100_000 && taken < 400_000, `${taken} bytes`);
});

const PICTURE = ".preview[data-plays] img";
const sourceOf = (page: Page) =>
  page.$eval(
    PICTURE,
    (img: { getAttribute(name: string): string | null }) => img.getAttribute("src")!,
  );
const shows = (page: Page, type: string) =>
  page.waitForFunction(
    `document.querySelector("${PICTURE}").src.includes("preview.${type}") &&
      document.querySelector("${PICTURE}").complete`,
  );

Deno.test("a preview plays on hover, focus and tap, and is still for who wants less motion", async () => {
  await using world = await startPictured();
  await using browser = await openBrowser();
  const page = await visit(browser, world, world.ada.api_key);
  const motion = (value: string) =>
    page.emulateMediaFeatures([{ name: "prefers-reduced-motion", value }]);
  await motion("no-preference");
  await page.goto(`${world.origin}/dashboards`, { waitUntil: "load" });
  await page.waitForNetworkIdle({ idleTime: 200, concurrency: 1 });
  match(await sourceOf(page), /preview\.webp\?at=/);
  await page.hover(PICTURE);
  await shows(page, "gif");
  await page.mouse.move(1, 1);
  await shows(page, "webp");
  await page.keyboard.press("Tab");
  await page.$eval(".preview", (link: { focus(): void }) => link.focus());
  await shows(page, "gif");
  await page.$eval(".preview", (link: { blur(): void }) => link.blur());
  await shows(page, "webp");
  await page.touchscreen.tap(
    ...await page.$eval(PICTURE, (img) => {
      // deno-lint-ignore no-explicit-any
      const { x, y } = (img as any).getBoundingClientRect();
      return [x + 20, y + 20] as [number, number];
    }),
  );
  await shows(page, "gif");
  await motion("reduce");
  await page.reload({ waitUntil: "load" });
  await page.hover(PICTURE);
  await new Promise((done) => setTimeout(done, 300));
  match(await sourceOf(page), /preview\.webp/);
  await page.click(PICTURE);
  await page.waitForFunction(`location.pathname.endsWith("/preview.gif")`);
});
