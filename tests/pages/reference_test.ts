import { deepStrictEqual as same, match, ok, strictEqual as equal } from "node:assert/strict";
import { findings } from "../help/previews/axe.ts";
import { openBrowser, visit } from "../help/previews/visit.ts";
import { waitFor } from "../help/service/service.ts";
import { startWorld } from "../help/world/world.ts";

Deno.test("/api is for all who are signed in, and can be read without JavaScript", async () => {
  await using world = await startWorld();
  const ada = await world.addAccount();
  const { status, headers } = await world.send("GET", "/api");
  same([status, headers.get("location")], [303, "/sign-in?next=%2Fapi"]);
  for (const key of [world.admin, ada.api_key]) {
    const cookie = await world.signIn(key);
    const { status, text } = await world.send("GET", "/api", { headers: { cookie } });
    equal(status, 200);
    match(text, /<code class="method">POST<\/code> <code>\/users<\/code>/);
    ok(!text.includes(key));
  }
});

Deno.test('"Try" sends the key as a Bearer token alone, and nothing keeps it', async () => {
  await using world = await startWorld();
  const ada = await world.addAccount();
  await using browser = await openBrowser();
  const page = await visit(browser, world, world.admin, { width: 360 });
  await page.goto(`${world.origin}/api#get-me`);
  const form = "#get-me form";
  await page.type("#api-key", ada.api_key);
  const sent = page.waitForRequest((request) => request.url().endsWith("/api/v1/me"));
  await page.click(`${form} button`);
  const request = await sent;
  equal(request.headers().authorization, `Bearer ${ada.api_key}`);
  equal(request.headers().cookie, undefined);
  const answer = () => page.$eval(`${form} pre`, (shown) => shown.textContent) as Promise<string>;
  await waitFor("the answer", async () => (await answer()).includes(ada.username), 15);
  match(await answer(), /^200\n/);
  const kept = `JSON.stringify([document.cookie, { ...localStorage }, { ...sessionStorage },
    location.href])`;
  ok(!(await page.evaluate(kept) as string).includes(ada.api_key));
  same(await findings(page), []);
  await page.reload();
  equal(await page.$eval("#api-key", (field) => (field as unknown as { value: string }).value), "");
});
