import { match, ok, strictEqual as equal } from "node:assert/strict";
import type { MembersSee } from "../../src/who.ts";
import { startWorld } from "../help/world/world.ts";

const HOSTILE = `<img src=x onerror="hit()">`;

async function start(members_see: MembersSee = "own") {
  const world = await startWorld({ user: true, members_see, limits: { settleSeconds: 60 } });
  const bob = await world.addAccount();
  /** What the page says of tables that wait; empty where it says nothing. */
  const section = async (key: string, path: string) => {
    const headers = { cookie: await world.signIn(key) };
    const { text } = await world.send("GET", path, { headers });
    return /Waiting for writes<\/h[23]>(.*?)<\/ul>/s.exec(text)?.[1] ?? "";
  };
  return Object.assign(world, { bob, section });
}

Deno.test("a table that waits for its writes is said on / and /dashboards until it has a row", async () => {
  await using world = await start();
  const { ada, bob, section } = world;
  await world.run(`create table "${HOSTILE.replaceAll('"', '""')}" as select 1 as wns`);
  await world.run("create table empty_yet (wns float)");
  await world.look();
  for (const path of ["/", "/dashboards"]) {
    for (const key of [world.admin, ada.api_key]) {
      const text = await section(key, path);
      ok(text.includes("&lt;img src=x") && !text.includes("<img"), text);
      match(text, /QoR.*waiting for writes to finish \(60 s without a change\), since/s);
      match(text, /empty_yet.*it has no rows yet/s);
      equal(text.includes(ada.username), key === world.admin, "the user, for an admin");
    }
    equal(await section(bob.api_key, path), "");
    equal(await section(bob.api_key, `${path}?x`), "");
  }
  equal(await section(world.admin, "/dashboards?kind=qor"), "", "beside the whole list alone");
  await world.run("drop table empty_yet");
  await world.pass(61);
  equal((await world.found()).length, 1);
  for (const path of ["/", "/dashboards"]) equal(await section(ada.api_key, path), "");
});

Deno.test("a table waits again once its dashboard was archived, not for its second run", async () => {
  await using world = await start();
  const { admin, section } = world;
  await world.run("create table runs as select 1 as wns");
  await world.look();
  await world.pass(61);
  equal((await world.found()).length, 1);
  await world.finishRows();
  await world.run("insert into runs values (2)");
  await world.look();
  equal(await section(admin, "/dashboards"), "", "its row says so itself");
  await world.run("drop table runs");
  await world.look();
  await world.run("create table runs as select 3 as wns");
  await world.look();
  match(await section(admin, "/dashboards"), /runs/);
});

Deno.test("MEMBERS_SEE=all: a member reads of all tables that will be dashboards", async () => {
  await using world = await start("all");
  await world.run("create table runs as select 1 as wns");
  await world.look();
  match(await world.section(world.bob.api_key, "/dashboards"), /runs/);
});
