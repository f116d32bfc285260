import { deepStrictEqual as same, match, ok, strictEqual as equal } from "node:assert/strict";
import type { MembersSee } from "../../src/who.ts";
import { openBrowser, visit } from "../help/previews/visit.ts";
import { passTo } from "../help/service/passage.ts";
import { waitFor } from "../help/service/service.ts";
import { addDashboard } from "../help/world/rows.ts";
import { startWorld } from "../help/world/world.ts";

/** The stream of a session, read as it comes. */
async function openStream(origin: string, cookie: string) {
  const { body } = await fetch(`${origin}/events`, { headers: { cookie } });
  const reader = body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  const reading = (async () => {
    for (let part = await reader.read(); !part.done; part = await reader.read()) text += part.value;
  })();
  return {
    text: () => text,
    async [Symbol.asyncDispose]() {
      await reader.cancel();
      await reading;
    },
  };
}

for (const [members_see, seen] of [["own", false], ["all", true]] as [MembersSee, boolean][]) {
  Deno.test(`liveEvents() tells a member of others' rows: ${seen}, with MEMBERS_SEE=${members_see}`, async () => {
    await using world = await startWorld({ members_see });
    const [ada, bob] = [await world.addAccount(), await world.addAccount()];
    const id = await addDashboard(world.db, ada.id, { step: "done" });
    const own = await addDashboard(world.db, bob.id, { step: "done" });
    await using bobs = await openStream(world.origin, await world.signIn(bob.api_key));
    await using admins = await openStream(world.origin, await world.signIn(world.admin));
    const moved = (stream: typeof bobs) => stream.text().match(/event: moved/g)?.length ?? 0;
    // Until both streams listen, each of these may be missed; what comes in half a second is one event.
    await waitFor("the streams", async () => {
      await world.db`update dashboards set next_try_at = now() where id = ${own}`;
      return moved(bobs) > 0 && moved(admins) > 0;
    }, 15);
    const [before, admins_before] = [moved(bobs), moved(admins)];
    // An event that was under way.
    await new Promise((done) => setTimeout(done, 1200));
    const [quiet, admins_quiet] = [moved(bobs), moved(admins)];
    ok(quiet >= before && admins_quiet >= admins_before);
    await world.db`update dashboards set next_try_at = now() where id = ${id}`;
    await waitFor("the admin's event", () => moved(admins) > admins_quiet, 15);
    await new Promise((done) => setTimeout(done, 300));
    equal(moved(bobs) > quiet, seen);
    const ids = [...bobs.text().matchAll(/data: ([\d,]+)/g)].flatMap(([, list]) =>
      list!.split(",")
    );
    equal(ids.includes(`${id}`) && !seen, false, "no id of another's row");
    await world.db`
      insert into workspace_steps (user_id, position, name) values (${ada.id}, 1, 'roles')`;
    await world.db`
      insert into scanned_tables
        (user_id, kind, schema_name, table_name, counter, content, changed_at, since, why)
      values (${ada.id}, 'qor', 'public', 'new_runs', 1, '', now(), now(), 'it has no rows yet')`;
    const has = (stream: typeof bobs, name: string) => stream.text().includes(`event: ${name}\n`);
    await waitFor("both", () => has(admins, "steps") && has(admins, "waiting"), 15);
    match(admins.text(), new RegExp(`event: steps\\ndata: ${ada.id}\\n`));
    await new Promise((done) => setTimeout(done, 300));
    equal(has(bobs, "steps"), false, "a member sees no steps of others");
    equal(has(bobs, "waiting"), seen);
  });
}

Deno.test("/ catches up after its stream broke, and after the database's connection did", async () => {
  await using world = await startWorld();
  const ada = await world.addAccount();
  const id = await addDashboard(world.db, ada.id, { table_name: "runs", step: "notify" });
  await using passage = passTo(Number(new URL(world.origin).port));
  await using browser = await openBrowser();
  const { signIn } = world;
  const page = await visit(browser, { origin: passage.origin, signIn }, ada.api_key);
  await page.goto(passage.origin);
  const shows = async (part: string) =>
    (await page.evaluate(`document.getElementById("overview").innerText`) as string).includes(part);
  const stop = (why: string) =>
    world.db`update dashboards set stopped = true, last_error = ${why} where id = ${id}`;
  await page.evaluate("window.opened = 'once'");
  await stop("First.");
  await waitFor("the first", () => shows("First."), 20);
  passage.cut();
  await stop("While the stream was broken.");
  await new Promise((done) => setTimeout(done, 700));
  equal(await shows("While the stream was broken."), false);
  passage.join();
  await waitFor("what was missed", () => shows("While the stream was broken."), 30);
  await world.db.begin(async (tx) => {
    await tx`
      select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and query like 'listen %' and pid <> pg_backend_pid()`;
    await tx`
      update dashboards set last_error = 'While nobody listened.', next_try_at = now()
      where id = ${id}`;
  });
  await waitFor("what nobody heard", () => shows("While nobody listened."), 30);
  same(await page.evaluate("window.opened"), "once");
});

Deno.test("a hidden tab rests, and catches up once it is seen", async () => {
  await using world = await startWorld();
  const ada = await world.addAccount();
  const id = await addDashboard(world.db, ada.id, { table_name: "runs", step: "notify" });
  await using browser = await openBrowser();
  const page = await visit(browser, world, ada.api_key);
  await page.goto(world.origin);
  const shows = async (part: string) =>
    (await page.evaluate(`document.getElementById("overview").innerText`) as string).includes(part);
  const stop = (why: string) =>
    world.db`update dashboards set stopped = true, last_error = ${why} where id = ${id}`;
  const hide = (hidden: boolean) =>
    page.evaluate(
      `Object.defineProperty(document, "hidden", { value: ${hidden}, configurable: true });
      document.dispatchEvent(new Event("visibilitychange"));`,
    );
  await stop("First.");
  await waitFor("the first", () => shows("First."), 20);
  await hide(true);
  await new Promise((done) => setTimeout(done, 1000));
  const asked: string[] = [];
  page.on("request", (request) => asked.push(request.url()));
  await stop("While it was hidden.");
  await new Promise((done) => setTimeout(done, 1500));
  same(asked, []);
  await hide(false);
  await waitFor("what was missed", () => shows("While it was hidden."), 30);
});
