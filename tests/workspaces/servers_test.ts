import { deepStrictEqual as same, ok, strictEqual as equal } from "node:assert";
import { startEmbedded } from "../../src/external/postgres/embedded.ts";
import { finishWorkspaces } from "../../src/accounts/steps.ts";
import { preflight } from "../../src/workspaces/preflight.ts";
import { createNext } from "../../src/pipeline/create/create.ts";
import { checkWorkspaces } from "../../src/accounts/maintenance/check.ts";
import { withReader } from "../../src/workspaces/reader.ts";
import { never } from "../help/time.ts";
import { ownServer } from "../help/world/own_server.ts";
import { opened, refusal, testServer } from "../help/world/postgres.ts";
import { allOf, thereOf } from "../help/world/roles.ts";
import { freshName, startWorld } from "../help/world/world.ts";
import { SILENT } from "../../src/external/log/log.ts";

const time = async (work: () => Promise<unknown>) => {
  const started = performance.now();
  await work();
  return performance.now() - started;
};

Deno.test("users go to the emptier server, and all works across the two", async () => {
  await using server = await ownServer();
  await using app = await startWorld({ others: [{ login: server.login, shown: {} }] });
  await using root = opened(server.login, 2);
  same(await preflight(app.servers.of(server.name)), []);
  const users = [];
  for (let i = 0; i < 4; i++) users.push(await app.addUser());
  const [a, b, c, d] = users as [typeof users[0] & object, ...typeof users];
  for (const { username } of [a, c!]) same(await thereOf(app.db, username), allOf(username));
  for (const { username } of [b!, d!]) same(await thereOf(root, username), allOf(username));
  same(await thereOf(app.db, b!.username), []);

  for (const user of users) {
    await using owner = await app.loginAs(user, "owner", "drc");
    await owner`create table violations as select n as count from generate_series(1, 5) n`;
  }
  for (let i = 0; i < 100 && (await app.db`select 1 from dashboards`).length < 4; i++) {
    await app.look();
    await new Promise((done) => setTimeout(done, 100));
  }
  const found = await app.db`select u.username from dashboards d join users u on u.id = d.user_id
    order by u.id`;
  same(found.map(({ username }) => username), users.map(({ username }) => username));
  while (await createNext(app.deps, never));
  equal((await app.db`select 1 from dashboards where board is not null`).length, 4);

  const stranger = await app.loginOf(b!, "owner");
  for (const database of [`${d!.username}_qor`, "postgres", "template1"]) {
    await using there = opened({ ...stranger, database });
    equal(await refusal(there`select 1`), "42501", database);
  }
  for (const user of users) {
    same((await app.call("POST", `/users/${user.id}/check`, { json: {} })).body, {
      ok: true,
      findings: [],
    });
    equal((await app.call("POST", `/users/${user.id}/database-password`)).status, 204);
    const tested = await app.call("POST", `/users/${user.id}/credentials/DRC_DATABASE_URL/test`);
    equal(tested.body.ok, true, tested.body.message);
    const { body } = await app.call("DELETE", `/users/${user.id}?databases=drop`);
    equal(body.databases.qor, "dropped");
    same([...await thereOf(app.db, user.username), ...await thereOf(root, user.username)], []);
  }
});

Deno.test("ten users made while their server is stopped become ready by themselves, and delay nobody", async () => {
  await using server = await ownServer();
  await using app = await startWorld({ others: [{ login: server.login, shown: {} }] });
  const first = await app.addUser();
  const there = await app.addUser();
  const quiet = await time(() => app.look());
  // The default server counts as full, so that the ten go to the other one.
  const full = app.servers.all.toSpliced(0, 1);
  await server.stop();
  const all = app.servers.all.splice(0, 2, ...full);
  const made = await Promise.all(
    Array.from(
      { length: 10 },
      () => app.call("POST", "/users", { json: { username: freshName() } }),
    ),
  );
  app.servers.all.splice(0, 1, ...all);
  same(
    made.map(({ status, body }) => `${status} ${body.workspace?.state}`),
    Array(10).fill("201 pending"),
  );

  await app.db`update workspace_steps set next_try_at = now()`;
  const [tick, own, make, away] = await Promise.all([
    time(() => app.look()),
    time(() => app.call("POST", `/users/${first.id}/check`, { json: {} })),
    time(() => app.addUser()),
    app.call("POST", `/users/${there.id}/check`, { json: {} }),
    finishWorkspaces(app.deps, never),
    checkWorkspaces(app.deps, never),
  ]);
  ok(tick < quiet + 1500, `a tick of ${tick} ms, ${quiet} ms before`);
  ok(own < 4000 && make < 4000, `others wait: ${own} ms, ${make} ms`);
  equal(`${away.status} ${away.headers.get("retry-after")}`, "503 5");
  const seen = await app.db`select user_id from workspaces where checked_at is not null`;
  ok(seen.some(({ user_id }) => user_id === first.id));

  await server.start();
  const ready = async () => {
    const [row] = await app.db`select count(*) as n from workspaces where ready_at is null`;
    return row!.n === 0;
  };
  for (let i = 0; i < 60 && !await ready(); i++) {
    await app.db`update workspace_steps set next_try_at = now()`;
    await finishWorkspaces(app.deps, never);
    await new Promise((done) => setTimeout(done, 200));
  }
  await using root = opened(server.login, 2);
  for (const { body } of made) {
    const { workspace } = (await app.call("GET", `/users/${body.id}`)).body;
    equal(workspace.state, "ready", JSON.stringify(workspace));
    same(await thereOf(root, body.username), allOf(body.username));
    equal((await app.credential(body, "QOR_DATABASE_URL")).version, 1);
  }
  for (
    const { id } of await app.db<{ id: number }[]>`select id from users where username <> 'admin'`
  ) {
    await app.call("DELETE", `/users/${id}?databases=drop`);
  }
});

Deno.test("a server that is not configured any more is named, and the others go on", async () => {
  await using server = await ownServer();
  await using app = await startWorld({ others: [{ login: server.login, shown: {} }] });
  const [a, b] = [await app.addUser(), await app.addUser()];
  app.servers.all.pop();
  const { status, body } = await app.call("POST", `/users/${b.id}/check`, { json: {} });
  equal(status, 503);
  ok(body.message.includes(server.name), body.message);
  equal((await app.look()).waiting.length, 0);
  equal((await app.call("POST", `/users/${a.id}/check`, { json: {} })).body.ok, true);
  await app.call("DELETE", `/users/${a.id}?databases=drop`);
});

Deno.test("URLs name the public address; a credential is tried at our own", async () => {
  const shown = { host: "db.example.org", port: 6543 };
  await using app = await startWorld({ shown });
  const user = await app.addUser();
  const { key_value } = await app.credential(user, "TIMING_DATABASE_URL");
  const url = new URL(key_value);
  equal(
    `${url.hostname}:${url.port}${url.pathname}`,
    `db.example.org:6543/${user.username}_timing`,
  );
  const path = `/users/${user.id}/credentials/TIMING_DATABASE_URL/test`;
  same((await app.call("POST", path)).body.ok, true);
  equal((await app.call("POST", `/users/${user.id}/database-password`)).status, 204);
  const changed = new URL((await app.credential(user, "TIMING_DATABASE_URL")).key_value);
  equal(changed.host, "db.example.org:6543");
  await app.call("DELETE", `/users/${user.id}?databases=drop`);

  await using portOnly = await startWorld({ shown: { port: 6543 } });
  const other = await portOnly.addUser();
  const own = new URL((await portOnly.credential(other, "QOR_DATABASE_URL")).key_value);
  equal(own.host, `${(await testServer()).host}:6543`);
  await portOnly.call("DELETE", `/users/${other.id}?databases=drop`);
});

Deno.test("withReader() opens 8 databases of a server at a time at the most", async () => {
  await using server = await ownServer();
  await using app = await startWorld({ others: [{ login: server.login, shown: {} }] });
  const [user] = [await app.addUser()];
  let open = 0;
  let most = 0;
  await Promise.all(
    Array.from({ length: 20 }, () =>
      withReader(app.deps, user.id, "qor", async (reader) => {
        most = Math.max(most, ++open);
        await reader`select pg_sleep(0.05)`;
        open--;
      })),
  );
  equal(most, 8);
  await app.call("DELETE", `/users/${user.id}?databases=drop`);
});

/** How 127.0.0.2 answers, with the right password and a wrong one, for each place to listen at in turn. */
async function answers(places: (string | undefined)[]) {
  const dataDir = await Deno.makeTempDir({ prefix: "dashkeeper-listen-" });
  const options = { dataDir, log: SILENT, fsync: false };
  const all: string[][] = [];
  try {
    for (const listen of places) {
      const { stop, ...address } = await startEmbedded({
        ...options,
        ...(listen ? { listen } : {}),
      });
      const login = { ...address, host: "127.0.0.2", database: "postgres" };
      const one = async (login: Parameters<typeof opened>[0]) => {
        await using db = opened(login);
        return await refusal(db`select 1`);
      };
      try {
        equal(await one({ ...login, host: address.host }), "");
        all.push([await one(login), await one({ ...login, password: "x" })]);
      } finally {
        await stop();
      }
    }
  } finally {
    await Deno.remove(dataDir, { recursive: true });
  }
  return all;
}
const CLOSED = ["ECONNREFUSED", "ECONNREFUSED"];
const BY_PASSWORD = ["", "28P01"];

Deno.test("EMBEDDED_DB_LISTEN lets others in at that address, by password only; without it none", async () => {
  same(await answers([undefined, "127.0.0.2", undefined]), [CLOSED, BY_PASSWORD, CLOSED]);
});

Deno.test("EMBEDDED_DB_LISTEN may name all addresses at once", async () => {
  same(await answers(["0.0.0.0", "*"]), [BY_PASSWORD, BY_PASSWORD]);
});
