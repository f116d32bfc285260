import { deepStrictEqual as same, strictEqual as equal } from "node:assert/strict";
import type { Page } from "puppeteer-core";
import { openBrowser, visit } from "../help/previews/visit.ts";
import { startWorld } from "../help/world/world.ts";

const focused = (page: Page) =>
  page.evaluate("document.activeElement.name || document.activeElement.textContent");

Deno.test("keys: / searches, j and k go through rows, Enter opens, ? helps; typing is left alone", async () => {
  await using world = await startWorld();
  for (const username of ["ada", "bob"]) await world.addAccount({ username });
  await using browser = await openBrowser();
  const page = await visit(browser, world, world.admin);
  await page.goto(`${world.origin}/users`);
  await page.keyboard.press("j");
  await page.keyboard.press("j");
  same(await focused(page), "admin");
  await page.keyboard.press("k");
  same(await focused(page), "ada");
  await page.keyboard.press("/");
  same(await focused(page), "q");
  await page.keyboard.type("j?/");
  equal(await page.evaluate("document.activeElement.value"), "j?/");
  await page.evaluate("document.activeElement.blur()");
  await page.keyboard.press("?");
  equal(await page.evaluate("document.getElementById('keys').open"), true);
  await page.keyboard.press("Escape");
  equal(await page.evaluate("document.getElementById('keys').open"), false);
  await page.keyboard.press("k");
  await Promise.all([page.waitForNavigation(), page.keyboard.press("Enter")]);
  equal(await page.$eval("h1", (heading) => heading.textContent), "bob");
});

Deno.test("the theme is chosen at once with JavaScript, by a form without, and kept", async () => {
  await using world = await startWorld();
  await using browser = await openBrowser();
  const dark = `getComputedStyle(document.body).backgroundColor === "rgb(15, 17, 20)"`;
  for (const script of [true, false]) {
    const page = await visit(browser, world, world.admin, { script });
    const isDark = async () => await page.evaluate(dark) as boolean;
    await page.goto(`${world.origin}/users?q=a`);
    equal(await isDark(), false);
    const click = () => page.click(`.theme [value="dark"]`);
    if (script) await click();
    else await Promise.all([page.waitForNavigation(), click()]);
    equal(await isDark(), true, `script: ${script}`);
    equal(page.url(), `${world.origin}/users?q=a`);
    for (const path of ["/templates", "/templates/1/preview"]) {
      await page.goto(world.origin + path);
      equal(await page.evaluate("document.documentElement.dataset.theme"), "dark", path);
    }
  }
});

Deno.test("times are relative in the reader's zone, with the exact one on hover", async () => {
  await using world = await startWorld();
  await world.addAccount({ username: "ada" });
  await world.db`update users set created_at = now() - interval '3 hours' where username = 'ada'`;
  await using browser = await openBrowser();
  const page = await visit(browser, world, world.admin);
  await page.emulateTimezone("Asia/Tokyo");
  await page.goto(`${world.origin}/users?q=ada`);
  const [text, title] = await page.evaluate(
    `[document.querySelector("td time").textContent, document.querySelector("td time").title]`,
  ) as string[];
  equal(text, "3 hours ago");
  const morphed = `document.querySelector("td time").firstChild.data = "2026"; new Promise(
    (done) => setTimeout(() => done(document.querySelector("td time").textContent)))`;
  equal(await page.evaluate(morphed), "3 hours ago");
  equal(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d GMT\+9$/.test(title!), true, title!);
});
