import { deepStrictEqual as same, match, ok, strictEqual as equal } from "node:assert/strict";
import type { Page } from "puppeteer-core";
import { openBrowser } from "../help/previews/visit.ts";
import { addUser, keyIn, makeHome, QUICK, urlOf } from "../help/service/service.ts";
import { login } from "../help/world/postgres.ts";

const press = (page: Page, button: string) =>
  Promise.all([page.waitForNavigation({ timeout: 30_000 }), page.click(button)]);

/** Waits for text in a part of the page, as a person reads it, without a reload. */
const shows = (page: Page, part: string, text: string) =>
  page.waitForFunction(
    `document.querySelector(${JSON.stringify(part)})?.innerText.includes(${JSON.stringify(text)})`,
    { timeout: 90_000 },
  );

Deno.test("a member signs in, runs the sample, watches its preview come, corrects the mapping and signs out", async () => {
  await using home = await makeHome();
  const service = await home.start(QUICK);
  const key = keyIn(service.log());
  const ada = await addUser(service, key, "ada");
  await using browser = await openBrowser();
  const page = await browser.newPage();
  await page.goto(`http://localhost:${home.PORT}/`);
  await page.type("[name=api_key]", ada.api_key);
  await press(page, "main button");
  match(page.url(), /\/$/);

  const command = await page.$eval("#overview code.value", (code) => code.textContent);
  const sample = /-c "(create table first_runs .*)"$/s.exec(command!)![1]!;
  await page.evaluate("window.opened = 'once'");
  await using flow = login(await urlOf(service, key, ada.id, "TIMING"));
  await flow.unsafe(sample).simple();
  await shows(page, "#overview", "first_runs waiting for writes to finish");
  await page.waitForFunction(
    `document.querySelector("#overview .thumbnails img")?.naturalWidth > 0`,
    { timeout: 90_000 },
  );
  equal(await page.evaluate("window.opened"), "once", "the page was not reloaded");
  equal(await page.$("#overview #first"), null, "the first steps are done");

  await press(page, "#overview .thumbnails a");
  await shows(page, "#row", "Done");
  await shows(page, ".numbers", "Setup TNS");
  same(await page.$$eval(".history .range span", (all) => all.map((it) => it.textContent)), [
    ...["-0.03 ns", "-0.06 ns", "-0.7 ns", "-1.8 ns", "1,036 µm²", "1,024 µm²"],
    ...["-0.03 ns", "-0.06 ns", "-0.7 ns", "-1.8 ns", "1,036 µm²", "1,024 µm²"],
  ]);
  same(
    await page.$$eval(
      ".histories[open] .history:first-of-type .ends span",
      (all) => all.map((it) => it.textContent),
    ),
    ["run 2", "run 3"],
  );
  await page.select(`select[name="column:setup_tns"]`, "");
  await press(page, `form[action$="/mapping"] button[type=submit]`);
  await page.waitForFunction(
    `!document.querySelector(".numbers").innerText.includes("Setup TNS") &&
      document.querySelector("#row").innerText.includes("Done")`,
    { timeout: 90_000 },
  );
  ok((await page.$eval(".numbers", (it) => it.textContent))!.includes("Setup WNS"));

  await press(page, `form[action="/sign-out"] button`);
  await page.goto(`http://localhost:${home.PORT}/`);
  match(page.url(), /\/sign-in/);
});
