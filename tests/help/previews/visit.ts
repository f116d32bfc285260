import puppeteer, { type Browser, type Page } from "puppeteer-core";
import { findBrowser } from "../../../src/external/browser/install.ts";
import type { World } from "../world/world.ts";

export type Look = { width?: number; theme?: "light" | "dark"; script?: boolean };

/** Real Chromium, as a person's browser: it reaches everything and keeps its cookies. */
export async function openBrowser(): Promise<Browser & AsyncDisposable> {
  const executablePath = await findBrowser();
  if (!executablePath) throw new Error("No browser was found.");
  const browser = await puppeteer.launch({
    executablePath,
    pipe: true,
    args: ["--no-sandbox", "--force-prefers-reduced-motion"],
    handleSIGINT: false,
    handleSIGTERM: false,
    handleSIGHUP: false,
  });
  return Object.assign(browser, { [Symbol.asyncDispose]: () => browser.close() });
}

/** A page in a context of its own, signed in unless `key` is undefined. */
export async function visit(
  browser: Browser,
  world: Pick<World, "origin" | "signIn">,
  key: string | undefined,
  { width = 1280, theme = "light", script = true }: Look = {},
): Promise<Page> {
  const context = await browser.createBrowserContext();
  const page = await context.newPage();
  await page.setJavaScriptEnabled(script);
  await page.setViewport({ width, height: width < 600 ? 740 : 900 });
  await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: theme }]);
  if (key !== undefined) {
    const [name, value] = (await world.signIn(key)).split("=");
    const { hostname: domain } = new URL(world.origin);
    await context.setCookie({ name: name!, value: value!, domain, path: "/" });
  }
  return page;
}
