import {
  deepStrictEqual as same,
  doesNotMatch,
  match,
  ok,
  strictEqual as equal,
} from "node:assert/strict";
import { refused } from "../help/world/calls.ts";
import { addDashboard } from "../help/world/rows.ts";
import { startWorld } from "../help/world/world.ts";

Deno.test("GET /api/v1/diagnosis answers the checks to an admin, and 403 to a member", async () => {
  await using world = await startWorld();
  const { status, body } = await world.call("GET", "/diagnosis");
  equal(status, 200);
  same(Object.keys(body), ["ok", "checks", "findings", "grafana", "slack"]);
  equal(body.ok, true);
  for (const check of body.checks) {
    same(Object.keys(check), ["name", "group", "state", "message", "fix", "docs"]);
    match(check.docs, /^docs\/troubleshooting\.md#[a-z-]+$/);
  }
  await world.db`delete from ticks`;
  const broken = (await world.call("GET", "/diagnosis")).body;
  equal(broken.ok, false);
  same(
    broken.checks.filter(({ state }: { state: string }) => state === "failed")
      .map(({ name }: { name: string }) => name),
    ["Jobs"],
  );
  const ada = await world.addAccount({ username: "ada" });
  refused(await world.call("GET", "/diagnosis", { key: ada.api_key }), 403, "admin_only");
  refused(await world.call("GET", "/diagnosis", { key: null }), 401, "key_missing");
});

Deno.test("the page /diagnosis shows each check with its fix; one runs again, with and without a script", async () => {
  await using world = await startWorld();
  const ada = await world.addAccount({ username: "ada" });
  const row = await addDashboard(world.db, ada.id, { step: "capture" });
  await world.db`update dashboards set stopped = true, stop_code = 'gone',
    last_error = ${"<script>alert(1)</script> \`x\`"} where id = ${row}`;
  const cookie = await world.signIn(world.admin);
  const get = (path: string, headers: Record<string, string> = {}) =>
    world.send("GET", path, { headers: { cookie, ...headers } });
  const page = await get("/diagnosis");
  equal(page.status, 200);
  equal(page.headers.get("cache-control"), "no-store");
  match(page.text, /<a href="\/diagnosis" aria-current="page">Diagnosis<\/a>/);
  match(page.text, /<span class="state warn">Warning<\/span>/);
  match(page.text, /0 failed, \d+ warnings?, \d+ OK\./);
  match(page.text, /href="\/docs\/troubleshooting#stopped-rows"/);
  match(page.text, /Press &quot;Rewrite&quot; on the row/);
  doesNotMatch(page.text, /<script>alert/);

  const name = encodeURIComponent("Stopped rows: gone at capture");
  const again = await get(`/diagnosis/check?name=${name}`);
  match(again.text, /^<!doctype html>/);
  match(again.text, /One check was run\./);
  equal(again.text.match(/<tbody>/g)!.length, 1);
  const fragment = await get(`/diagnosis/check?name=${name}`, { "hx-request": "true" });
  match(fragment.text, /^<tr><th scope="row">Stopped rows: gone at capture<\/th>/);
  await world.db`update dashboards set stopped = false, step = 'done'`;
  equal((await get(`/diagnosis/check?name=${name}`, { "hx-request": "true" })).text, "");
  equal((await get(`/diagnosis/check?name=${name}`)).status, 404);

  const docs = await get("/docs/troubleshooting");
  match(docs.text, /<h2 id="slack-token">Slack token<\/h2>/);
  ok(!docs.text.includes("```"));
});

Deno.test("members and strangers see neither the page nor a check of it", async () => {
  await using world = await startWorld();
  const ada = await world.addAccount({ username: "ada" });
  const cookie = await world.signIn(ada.api_key);
  for (const path of ["/diagnosis", "/diagnosis/check?name=Database"]) {
    equal((await world.send("GET", path, { headers: { cookie } })).status, 403, path);
    const stranger = await world.send("GET", path);
    equal(stranger.status, 303, path);
    match(stranger.headers.get("location")!, /^\/sign-in/);
  }
  const { text } = await world.send("GET", "/dashboards", { headers: { cookie } });
  doesNotMatch(text, /href="\/diagnosis"/);
  equal((await world.send("GET", "/docs/troubleshooting")).status, 303);
});
