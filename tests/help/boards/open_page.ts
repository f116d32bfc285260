import type { Page } from "../../../src/external/browser/browser.ts";

/** Opens a page and waits until its document is parsed; what open() says of it. */
export async function openParsed(page: Page, url: string) {
  const opened = await page.open(url);
  await page.evaluate(`new Promise((done) => document.readyState === "loading"
    ? addEventListener("DOMContentLoaded", () => done(true)) : done(true))`);
  return opened;
}
