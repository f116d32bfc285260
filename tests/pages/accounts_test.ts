import { deepStrictEqual as same, match, ok, strictEqual as equal } from "node:assert/strict";
import type { Page } from "puppeteer-core";
import { makeSignInLink } from "../../src/users/sign_in.ts";
import { findings } from "../help/previews/axe.ts";
import { openBrowser, visit } from "../help/previews/visit.ts";
import { freshName, startWorld } from "../help/world/world.ts";

const press = (page: Page, button: string) =>
  Promise.all([page.waitForNavigation({ timeout: 20_000 }), page.click(button)]);
const textOf = (page: Page, what: string) => page.$eval(what, (it) => it.textContent);

Deno.test("a person signs in by link and by key, and signs out on the server", async () => {
  await using world = await startWorld();
  await using browser = await openBrowser();
  const page = await visit(browser, world, undefined);
  await page.goto(`${world.origin}/sign-in?link=${await makeSignInLink(world.db, "admin")}`);
  same(await findings(page), []);
  await press(page, "main button");
  equal(await textOf(page, ".own > a"), "admin");
  const cookies = await page.browserContext().cookies();
  const session = cookies.find(({ name }) => name === "dashkeeper_session")!;
  const cookie = `${session.name}=${session.value}`;
  const status = async () => (await world.send("GET", "/users", { headers: { cookie } })).status;
  equal(await status(), 200);
  await press(page, `form[action="/sign-out"] button`);
  equal(await status(), 303, "a copy of the cookie is worth nothing");
  await page.type("[name=api_key]", world.admin);
  await press(page, "main button");
  equal(await textOf(page, ".own > a"), "admin");
});

Deno.test("an admin creates a user, watches a step, and adds, tests, copies and reveals a credential", async () => {
  await using world = await startWorld();
  await using browser = await openBrowser();
  const page = await visit(browser, world, world.admin);
  await page.browserContext().overridePermissions(world.origin, [
    "clipboard-read",
    "clipboard-write",
    "clipboard-sanitized-write",
  ]);
  const username = freshName();
  world.names.add(username);
  await page.goto(`${world.origin}/users`);
  await page.click("details summary");
  await page.type("#new-username", username);
  await press(page, "details[open] button");
  match((await textOf(page, "main"))!, /curl -H "Authorization: Bearer dk_/);
  match((await textOf(page, ".steps"))!, /roles/);
  same(await findings(page), []);

  const [user] = await world.db<
    { id: number }[]
  >`select id from users where username = ${username}`;
  const path = `/users/${user!.id}`;
  await world
    .db`update workspace_steps set state = 'pending', next_try_at = now() + interval '1 hour'
    where user_id = ${user!.id} and position = 1`;
  await page.goto(world.origin + path);
  equal((await page.$$(".steps .busy")).length, 1);
  await page.waitForNetworkIdle({ idleTime: 500, concurrency: 1 });
  const asked: string[] = [];
  page.on("request", (request) => asked.push(new URL(request.url()).pathname));
  await new Promise((done) => setTimeout(done, 1200));
  same(asked, [], "nothing is asked for while nothing moves");
  await world.db`update workspace_steps set state = 'done' where user_id = ${user!.id}`;
  await page.waitForFunction(`!document.querySelector("#steps .busy")`, { timeout: 10_000 });
  same([...new Set(asked)], [`${path}/steps`]);

  await page.click(`details:has([action="${path}/credentials"]) summary`);
  await page.type("#add-key_name", "SLACK_BOT_TOKEN");
  await page.type("#add-key_value", "xoxb-a-secret");
  await press(page, `form[action="${path}/credentials"] button`);
  const own = `${path}/credentials/SLACK_BOT_TOKEN`;
  await page.goto(world.origin + path);
  await page.click(`[data-copy-from="${own}/copy"]`);
  await page.waitForFunction(
    `document.querySelector('[data-copy-from="${own}/copy"]').textContent === "Copied"`,
  );
  equal(await page.evaluate("navigator.clipboard.readText()"), "xoxb-a-secret");
  ok(!(await page.content()).includes("xoxb-a-secret"));
  await press(page, `form[action="${own}/test"] button`);
  match((await textOf(page, ".flash"))!, /It does not work:/);
  // The clock of the page, not ours: 30 seconds pass at once.
  await page.evaluateOnNewDocument(`globalThis.later = [];
    const real = setTimeout;
    globalThis.setTimeout = (work, ms, ...rest) =>
      ms === 30000 ? later.push(work) : real(work, ms, ...rest);`);
  await press(page, `form[action="${own}/reveal"] button`);
  equal(await textOf(page, ".flash .value"), "xoxb-a-secret");
  await page.evaluate("later.forEach((work) => work())");
  match((await textOf(page, ".flash"))!, /^Hidden again\./);
  const reveals = await world.recorded(`&action=credential.reveal&user_id=${user!.id}`);
  same(reveals, Array(2).fill(`admin: credential.reveal ${username}/SLACK_BOT_TOKEN ok`));
});
