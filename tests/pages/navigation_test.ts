import { deepStrictEqual as same, strictEqual as equal } from "node:assert/strict";
import { openBrowser, visit } from "../help/previews/visit.ts";
import { startWorld } from "../help/world/world.ts";

const ALL = [
  "/",
  "/dashboards",
  "/imports",
  "/users",
  "/templates",
  "/audit",
  "/diagnosis",
  "/api",
];
const OF_ADMINS = ["/users", "/audit", "/diagnosis"];

Deno.test("Navigation() names the pages that are there, to those who may see them", async () => {
  await using world = await startWorld();
  const ada = await world.addAccount();
  const linked = async (key: string) => {
    const headers = { cookie: await world.signIn(key) };
    const { text } = await world.send("GET", "/templates", { headers });
    const nav = /<nav aria-label="Pages of Dashkeeper">(.*?)<\/nav>/.exec(text)![1]!;
    equal(nav.includes('href="/templates" aria-current="page"'), true);
    return [...nav.matchAll(/href="([^"]+)"/g)].map(([, path]) => path!);
  };
  const mounted = world.app.routes.filter(({ method }) => method === "GET").map(({ path }) => path);
  const known = ALL.filter((path) => mounted.includes(path));
  same(await linked(world.admin), known);
  same(await linked(ada.api_key), known.filter((path) => !OF_ADMINS.includes(path)));
});

Deno.test("htmx's requests carry the token of their page", async () => {
  await using world = await startWorld();
  await using browser = await openBrowser();
  const page = await visit(browser, world, world.admin);
  await page.goto(`${world.origin}/templates`);
  const sent = page.waitForResponse((reply) => reply.url().endsWith("/theme"));
  await page.evaluate(`(() => {
    const button = document.createElement("button");
    button.setAttribute("hx-post", "/theme");
    button.setAttribute("hx-swap", "none");
    button.id = "probe";
    document.querySelector("main").append(button);
    htmx.process(button);
    button.click();
  })()`);
  const reply = await sent;
  equal(reply.request().headers()["x-form-token"]?.split(".").length, 2);
  equal(reply.status(), 422, "the token was taken, the missing choice was not");
});
