import { ok, strictEqual as equal } from "node:assert/strict";
import { createNext } from "../../src/pipeline/create/create.ts";
import type { MembersSee } from "../../src/who.ts";
import { never } from "../help/time.ts";
import { startWorld } from "../help/world/world.ts";

const RUNS = `create table runs as select 'run ' || n as run, 1000 + n as area
  from generate_series(1, 3) n`;

/** Ada has a drawn dashboard with a preview; Bob looks at it. */
async function start(members_see: MembersSee) {
  const world = await startWorld({ user: true, members_see });
  await world.run(RUNS);
  await world.found();
  ok(await createNext(world.deps, never));
  const picture = new Uint8Array(3);
  await world.db`update runs set gif = ${picture}, png = ${picture}, thumbnail = ${picture}`;
  await world.db`
    update runs set captured_at = now(), slack_message = '{"text": "", "blocks": []}'`;
  const [row] = await world.db<{ id: number }[]>`select id from dashboards`;
  const bob = await world.addAccount();
  const cookie = await world.signIn(bob.api_key);
  const headers = { cookie, origin: world.origin };
  return Object.assign(world, { id: row!.id, bob, headers });
}
type World = Awaited<ReturnType<typeof start>>;

const MUTING = ["mute", "unmute", "acknowledge"];

/** The answers to each call of the API on the dashboard: `GET /{id}/mapping 200`. */
async function callsOn({ document, call, id, bob }: World) {
  const answers: { name: string; reads: boolean; status: number; code: string }[] = [];
  for (const [path, item] of Object.entries(document.paths)) {
    if (!path.startsWith("/dashboards/{id}")) continue;
    for (const method of Object.keys(item).filter((key) => /^(get|post|put|delete)$/.test(key))) {
      const at = path.replace("{id}", `${id}`);
      const json = method === "put"
        ? { json: {} }
        : method === "post" && path.endsWith("/mute")
        ? { json: { until: null } }
        : {};
      const { status, body } = await call(method.toUpperCase(), at, { key: bob.api_key, ...json });
      answers.push({
        name: `${method} ${path}`,
        reads: method === "get",
        status,
        code: body?.code,
      });
    }
  }
  ok(answers.length >= 12, `${answers.length}`);
  return answers;
}

const listed = async ({ call, bob }: World, query = "") =>
  (await call("GET", `/dashboards${query}`, { key: bob.api_key })).body;

Deno.test("MEMBERS_SEE=own: another's dashboard is not there, by any call, page or board", async () => {
  await using world = await start("own");
  for (const { name, status } of await callsOn(world)) equal(status, 404, name);
  equal((await listed(world)).dashboards.length, 0);
  equal((await listed(world, `?user_id=${world.ada!.id}`)).code, "dashboard_unknown");
  const { id, headers } = world;
  for (const path of [`/dashboards/${id}`, `/dashboards/${id}/message`, `/boards/${id}`]) {
    equal((await world.send("GET", path, { headers })).status, 404, path);
  }
  const query = { headers, json: { panel_id: 1 } };
  equal((await world.send("POST", `/boards/${id}/query`, query)).status, 404);
});

Deno.test("MEMBERS_SEE=all: members read each dashboard, board and preview, and change none", async () => {
  await using world = await start("all");
  for (const { name, reads, status, code } of await callsOn(world)) {
    equal(`${status} ${code ?? ""}`.trim(), reads ? "200" : "403 not_yours", name);
  }
  equal((await listed(world)).dashboards.length, 1);
  equal((await listed(world, `?user_id=${world.ada!.id}`)).dashboards.length, 1);
  const { id, headers } = world;
  const page = await world.send("GET", `/dashboards/${id}`, { headers });
  equal(page.status, 200);
  for (
    const action of ["retry", "capture", "posted", "post", "rewrite", "move", "remove", ...MUTING]
  ) {
    ok(!page.text.includes(`action="/dashboards/${id}/${action}`), action);
    const body = new URLSearchParams({ for: "day" });
    const { status } = await world.send("POST", `/dashboards/${id}/${action}`, { headers, body });
    equal(status, 403, action);
  }
  const [mapping] = /<form[^>]*\/mapping".*?<\/form>/s.exec(page.text)!;
  const fields = mapping.match(/<(?:select|input type="text")[^>]*>/g)!;
  ok(fields.length > 5 && fields.every((field) => / disabled[ =>]/.test(field)), mapping);
  const form = new URLSearchParams({ reset: "true" });
  const posted = await world.send("POST", `/dashboards/${id}/mapping`, { headers, body: form });
  equal(posted.status, 403);
  for (const path of ["/dashboards", `/dashboards/${id}/message`, `/boards/${id}`]) {
    const { status, text } = await world.send("GET", path, { headers });
    equal(status, 200, path);
    ok(text.includes("runs"), path);
  }
  const query = { headers, json: { panel_id: 1 } };
  equal((await world.send("POST", `/boards/${id}/query`, query)).status, 200);
});

Deno.test("MEMBERS_SEE=all: users, credentials and what the scan ignores stay closed", async () => {
  await using world = await start("all");
  const { bob, ada } = world;
  const user = `/users/${ada!.id}`;
  const keys = ["/credentials", "/credentials/TIMING_DATABASE_URL", "/datasources", ""];
  for (const path of keys) {
    const { status } = await world.call("GET", user + path, { key: bob.api_key });
    ok([403, 404].includes(status), `${path} ${status}`);
  }
  equal((await world.call("GET", "/users", { key: bob.api_key })).status, 403);
  equal((await world.send("GET", user, { headers: world.headers })).status, 404);
  await world.db`
    insert into ignored_tables values (${ada!.id}, 'qor', 'public', 'hidden', 'A view.', 'view')`;
  const { body } = await world.call("GET", "/ignored", { key: bob.api_key });
  ok(!JSON.stringify(body).includes("hidden"));
});
