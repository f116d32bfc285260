import { deepStrictEqual as same, ok } from "node:assert/strict";
import type { Page } from "puppeteer-core";
import { findings } from "../help/previews/axe.ts";
import { countBytes } from "../help/previews/transfer.ts";
import { openBrowser, visit } from "../help/previews/visit.ts";
import { startEveryPage } from "../help/world/every_page.ts";

const WATCH = `addEventListener("securitypolicyviolation", (event) =>
  (globalThis.violations ??= []).push(event.violatedDirective + " " + event.blockedURI));`;

/** Opens an address; a board is open when it is drawn. */
async function open(page: Page, url: string) {
  await page.goto(url, { waitUntil: "load" });
  if (!url.includes("/boards/")) return;
  await page.waitForFunction(`document.documentElement.dataset.ready === "true"`);
}

/** What is wrong with the open page, a line each. */
async function faultsOf(page: Page): Promise<string[]> {
  const violations = await page.evaluate("globalThis.violations ?? []") as string[];
  const over = await page.evaluate("document.documentElement.scrollWidth - innerWidth") as number;
  return [
    ...await findings(page),
    ...violations.map((violation) => `content policy: ${violation}`),
    ...(over > 0 ? [`${over} px wider than the window`] : []),
  ];
}

for (const theme of ["light", "dark"] as const) {
  for (const width of [1280, 360]) {
    const what = `every page and a board, ${theme}, ${width} px`;
    Deno.test(`${what}: axe finds nothing, the policy holds, nothing overflows`, async () => {
      await using world = await startEveryPage();
      await using browser = await openBrowser();
      const page = await visit(browser, world, world.admin, { theme, width });
      await page.evaluateOnNewDocument(WATCH);
      const found: string[] = [];
      for (const path of [...world.pages, world.board, "/sign-in"]) {
        await open(page, world.origin + path);
        found.push(...(await faultsOf(page)).map((fault) => `${path}: ${fault}`));
      }
      same(found, []);
    });
  }
}

Deno.test("pages and boards stay within their bytes, with an empty cache and again", async () => {
  await using world = await startEveryPage();
  await using browser = await openBrowser();
  const limits: [path: string, first: number, again: number][] = [
    ["/sign-in", 120_000, 20_000],
    ["/", 120_000, 40_000],
    ["/users", 120_000, 20_000],
    [world.board, 300_000, 20_000],
  ];
  const table = [];
  for (const [path, most, most_again] of limits) {
    const page = await visit(browser, world, path === "/sign-in" ? undefined : world.admin);
    const bytes = await countBytes(page);
    await open(page, world.origin + path);
    const first = bytes.take();
    await open(page, world.origin + path);
    const again = bytes.take();
    table.push({ path, first, again });
    ok(first > 0 && first < most && again < most_again, `${path}: ${first}, then ${again} bytes`);
  }
  console.table(table);
});
