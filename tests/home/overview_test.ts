import { deepStrictEqual as same, match, ok, strictEqual as equal } from "node:assert/strict";
import type { KeyNumber } from "../../src/measures/number.ts";
import { addDashboard } from "../help/world/rows.ts";
import { startWorld, type World } from "../help/world/world.ts";

const HOSTILE = `"><script>x</script>`;

async function pageOf(world: World, key: string, path = "/") {
  const headers = { cookie: await world.signIn(key) };
  const { status, text } = await world.send("GET", path, { headers });
  equal(status, 200, text);
  return text;
}

const number = (more: Partial<KeyNumber>): KeyNumber => ({
  ...{ name: "setup_wns", group: "cpu", value: -0.2, unit: "ns", before: -0.1, change: -0.1 },
  ...{ better: false },
  ...more,
});

const saveNumbers = (world: World, id: number, numbers: KeyNumber[], hours = 1) =>
  world.db`
    update runs set numbers = ${JSON.stringify(numbers)}::text::jsonb,
      numbers_at = now() - make_interval(hours => ${hours})
    where dashboard_id = ${id}`;

Deno.test("showOverview() shows an admin all rows, a member the own ones alone", async () => {
  await using world = await startWorld();
  const [ada, bob] = [await world.addAccount(), await world.addAccount()];
  for (const { id, username } of [ada, bob]) {
    const row = await addDashboard(world.db, id, { table_name: `t_${username}`, step: "notify" });
    await world.db`
      update dashboards set stopped = true, last_error = ${`Refused for ${username}.`}
      where id = ${row}`;
    await saveNumbers(world, row, [number({ group: `of ${username}` })]);
    await addDashboard(world.db, id, { table_name: `w_${username}`, step: "capture" });
  }
  const parts = ({ username }: { username: string }) => [
    ...[`>t_${username}<`, `>w_${username}<`, `Refused for ${username}.`, `of ${username} `],
  ];
  const admin = await pageOf(world, world.admin);
  for (const part of [...parts(ada), ...parts(bob)]) ok(admin.includes(part), part);
  match(admin, />4<\/strong> tables with new runs since/);
  const own = await pageOf(world, ada.api_key);
  for (const part of parts(ada)) ok(own.includes(part), part);
  for (const part of parts(bob)) ok(!own.includes(part), part);
  ok(!own.includes(bob.username));
  match(own, />2<\/strong> tables with new runs since/);
});

Deno.test("showOverview() names what got worse by more than noise, surely, in the last 24 hours", async () => {
  await using world = await startWorld();
  const { id: user_id } = await world.addAccount();
  const tables: [name: string, more: Partial<KeyNumber>, hours?: number][] = [
    ["went_down", {}],
    ["better", { better: true, change: 0.1 }],
    ["noise", { name: "area", value: 1001, before: 1000, change: 1, unit: null }],
    ["unsure", { sure: false, doubt: "two columns" }],
    ["yesterday", {}, 25],
    ["archived", {}],
  ];
  for (const [table_name, more, hours] of tables) {
    const id = await addDashboard(world.db, user_id, { table_name, step: "done" });
    await saveNumbers(world, id, [number(more)], hours);
  }
  await world.db`
    update dashboards set archived_at = now() where table_name = 'archived'`;
  const text = await pageOf(world, world.admin);
  const worse = /aria-labelledby="worse"(.*?)<\/section>/s.exec(text)![1]!;
  same([...worse.matchAll(/dir="auto">(\w+)<\/a>/g)].map(([, name]) => name), ["went_down"]);
  match(worse, /Setup WNS .*-0\.2 ns.*-0\.1 ns, worse/s);
});

Deno.test("showOverview() joins rows that stopped for one reason, with the button that helps", async () => {
  await using world = await startWorld();
  const { id: user_id } = await world.addAccount();
  const stop = async (code: string, why: string) => {
    const id = await addDashboard(world.db, user_id, { step: "notify" });
    await world.db`
      update dashboards set stopped = true, stop_code = ${code}, last_error = ${why}
      where id = ${id}`;
    return id;
  };
  for (let i = 0; i < 3; i++) await stop("key_refused", `Slack refused ${HOSTILE}`);
  const unclear = await stop("post_unclear", "It may be in the channel.");
  const text = await pageOf(world, world.admin);
  ok(!text.includes(HOSTILE) && text.includes("Slack refused &quot;&gt;&lt;script&gt;"));
  equal(text.match(/Slack refused/g)?.length, 1);
  match(text, /2 more rows for the same reason/);
  match(text, new RegExp(`action="/dashboards/${unclear}/posted\\?from=row"`));
  ok(!text.includes(`action="/dashboards/${unclear}/retry`));
  match(text, /\/retry\?from=row/);
});

Deno.test("showOverview() names workspaces with failed steps, to the admin and to their user", async () => {
  await using world = await startWorld();
  const [ada, bob] = [await world.addAccount(), await world.addAccount()];
  await world.db`
    insert into workspaces (user_id, username, owner_password, reader_password)
    values (${ada.id}, ${ada.username}, '', '')`;
  await world.db`
    insert into workspace_steps (user_id, position, name, state, message)
    values (${ada.id}, 1, 'roles', 'failed', 'The server is full.')`;
  const admin = await pageOf(world, world.admin);
  ok(admin.includes("The server is full.") && admin.includes(`/users/${ada.id}/repair`));
  const own = await pageOf(world, ada.api_key);
  ok(own.includes("The server is full.") && !own.includes("/repair"));
  ok(!(await pageOf(world, bob.api_key)).includes("The server is full."));
});

Deno.test("the first page of a member says how to connect, without a password, and what to try", async () => {
  await using world = await startWorld({ user: true });
  const ada = world.ada!;
  const text = await pageOf(world, ada.api_key);
  for (const kind of ["timing", "qor", "drc"] as const) {
    const password = new URL(await world.urlOf(ada, kind)).password;
    ok(!text.includes(password), kind);
    match(
      text,
      new RegExp(`psql -h \\S+ -p \\d+ -U ${ada.username}_owner ${ada.username}_${kind}<`),
    );
    const page = `/users/${ada.id}/credentials/${kind.toUpperCase()}_DATABASE_URL`;
    ok(text.includes(`href="${page}"`), page);
    ok((await pageOf(world, ada.api_key, page)).includes("DATABASE_URL"));
  }
  const sample = /-c &quot;(create table .*?)&quot;/.exec(text)![1]!.replaceAll("&#39;", "'");
  await world.write(ada, "timing", sample);
  await world.found();
  const after = await pageOf(world, ada.api_key);
  ok(after.includes(">first_runs<") && !after.includes("Your first dashboard"));
});

Deno.test("the first page of an admin without users says to create one", async () => {
  await using world = await startWorld();
  match(await pageOf(world, world.admin), /<a href="\/users">Create a user<\/a>/);
});

Deno.test("/ and /systems are for those who are signed in", async () => {
  await using world = await startWorld();
  for (const path of ["/", "/systems"]) {
    const { status, headers } = await world.send("GET", path);
    const to = `/sign-in?next=${encodeURIComponent(path)}`;
    same([status, headers.get("location")], [303, to]);
  }
});
