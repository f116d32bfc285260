import { deepStrictEqual as same, match, strictEqual as equal } from "node:assert/strict";
import type { Sql } from "../../../src/external/postgres/postgres.ts";
import { checkWorkspaces } from "../../../src/accounts/maintenance/check.ts";
import { uses } from "../../help/service/clients.ts";
import { startFaultyServer } from "../../help/service/faults.ts";
import { addUser, keyIn, makeHome, urlOf, waitFor } from "../../help/service/service.ts";
import { never } from "../../help/time.ts";
import { login } from "../../help/world/postgres.ts";
import { startWorld } from "../../help/world/world.ts";

/** Opens connections until the server goes on refusing one, at most `most`; ends them by their pools. */
async function openMany(open: () => Sql, most: number) {
  const pools: Sql[] = [];
  let refused = "";
  // A connection that has just ended counts until its process is gone.
  for (let tries = 0; pools.length < most && tries < 20;) {
    const db = open();
    const error = await db`select 1`.then(() => undefined, (error) => error);
    if (!error) {
      pools.push(db);
      continue;
    }
    refused = error.message;
    tries++;
    await db.end({ timeout: 1 });
    await new Promise((done) => setTimeout(done, 50));
  }
  const end = () => Promise.all(pools.map((db) => db.end({ timeout: 1 })));
  return { held: pools.length, refused, end };
}

Deno.test("roles are made with a connection limit, which the drift check keeps", async () => {
  await using api = await startWorld();
  const { id, username } = await api.addUser();
  const limits = async () => {
    const rows = await api.db`
      select rolname::text as name, rolconnlimit as most from pg_roles
      where rolname like ${`${username}\\_%`} order by 1`;
    return rows.map(({ name, most }) => [name.slice(username.length + 1), most]);
  };
  const [row] = await api.db<
    { most: number }[]
  >`select current_setting('max_connections')::int as most`;
  const owner = Math.min(40, Math.max(5, Math.floor(row!.most / 10)));
  same(await limits(), [["owner", owner], ["reader", 24]]);
  same((await api.call("POST", `/users/${id}/check`, { json: {} })).body.ok, true);

  await api.db.unsafe(`alter role ${username}_owner connection limit -1`);
  const { body } = await api.call("POST", `/users/${id}/check`, { json: {} });
  same(body.findings, [{
    what: `role ${username}_owner`,
    expected: `at most ${owner} connections`,
    found: "no limit",
  }]);
  await api.db`update workspaces set checked_at = null, ready_at = now()`;
  await checkWorkspaces(api.deps, never);
  same(await limits(), [["owner", owner], ["reader", 24]]);
  await api.db.unsafe(`alter role ${username}_reader connection limit 3`);
  equal((await api.call("POST", `/users/${id}/repair`, { json: {} })).body.ok, true);
  same(await limits(), [["owner", owner], ["reader", 24]]);
});

Deno.test("a designer at the limit is checked all the same, and delays no other", async () => {
  await using api = await startWorld();
  const user = await api.addUser();
  const { body } = await api.call("GET", `/users/${user.id}/credentials/QOR_DATABASE_URL`);
  const held = await openMany(() => login(body.key_value), 60);
  match(held.refused, /too many connections for role/);
  const check = await api.call("POST", `/users/${user.id}/check`, { json: {} });
  equal(check.status, 503);
  match(check.body.message, /role has all the connections that it may have/);
  await held.end();
  equal((await api.call("POST", `/users/${user.id}/check`, { json: {} })).status, 200);
});

Deno.test("five designers at their limit leave room for a sixth and for the service", async () => {
  await using server = await startFaultyServer({ settings: { max_connections: 100 } });
  await using home = await makeHome();
  const service = await home.start(uses(server));
  const key = keyIn(service.log());
  const many = [];
  for (const name of ["ann", "ben", "cat", "dan", "eve"]) {
    const { id } = await addUser(service, key, name);
    const url = await urlOf(service, key, id, "TIMING");
    many.push(await openMany(() => login(url), 60));
  }
  same(many.map(({ held }) => held), [10, 10, 10, 10, 10]);
  const sixth = await addUser(service, key, "fay");
  await using own = login(await urlOf(service, key, sixth.id, "TIMING"));
  await own`create table t (a int)`;
  const calls = Array.from(
    { length: 20 },
    () => service.call("GET", "/api/v1/dashboards", { key }),
  );
  same(new Set((await Promise.all(calls)).map(({ status }) => status)), new Set([200]));
  const diagnosis = async () => {
    const { body } = await service.call("GET", "/api/v1/diagnosis", { key });
    return body.findings.filter(({ message }: { message: string }) => /connections/.test(message));
  };
  await waitFor("no finding", async () => (await diagnosis()).length === 0);
  const more = await openMany(() => server.open(), 30);
  const { what, message } = await waitFor("a finding", async () => (await diagnosis())[0]);
  equal(what, "the default server");
  match(
    message,
    /^\d+ of 100 connections are in use \((dashkeeper|postgres) \d+, ann_owner 10, ben_owner 10, /,
  );
  for (const { end } of [...many, more]) await end();
});
