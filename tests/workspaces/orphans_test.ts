import { deepStrictEqual as same, match, ok, strictEqual as equal } from "node:assert";
import { KINDS } from "../../src/workspaces/names.ts";
import { finishRemovals } from "../../src/accounts/remove.ts";
import { never } from "../help/time.ts";
import { ownServer } from "../help/world/own_server.ts";
import { opened, refusal } from "../help/world/postgres.ts";
import { allOf, thereOf } from "../help/world/roles.ts";
import { freshName, startWorld, type User, type World } from "../help/world/world.ts";

const fates = (fate: string) => ({ timing: fate, qor: fate, drc: fate });

async function keepRows(app: World, user: User) {
  for (const kind of KINDS) {
    await using owner = await app.loginAs(user, "owner", kind);
    await owner`create table public.kept as select n from generate_series(1, 3) n`;
  }
}

async function kept(app: World): Promise<User> {
  const user = await app.addUser();
  await keepRows(app, user);
  const { status, body } = await app.call("DELETE", `/users/${user.id}?databases=keep`);
  equal(status, 200);
  same(body, { id: user.id, username: user.username, databases: fates("kept") });
  return user;
}

const namesIn = async (app: World): Promise<string[]> =>
  (await app.call("GET", "/orphans")).body.orphans.map(({ name }: { name: string }) => name);

const dropAll = async (app: World) => {
  for (const name of await namesIn(app)) {
    equal((await app.call("DELETE", `/orphans/${name}`)).status, 204);
  }
};

Deno.test("DELETE ?databases=drop ends the connections and leaves nothing", async () => {
  await using app = await startWorld();
  const user = await app.addUser();
  await using inside = await app.loginAs(user, "owner", "qor");
  await inside`select 1`;
  const superuser = opened({
    ...await app.loginOf(user, "owner", "drc"),
    user: app.db.address.user,
    password: app.db.address.password,
  });
  await superuser`select 1`;
  const { status, body } = await app.call("DELETE", `/users/${user.id}?databases=drop`);
  equal(status, 200);
  same(body.databases, fates("dropped"));
  same(await thereOf(app.db, user.username), []);
  same(await namesIn(app), []);
  equal((await app.db`select 1 from retries`).length, 0);
  ok(await refusal(inside`select 1`) !== "");
  await superuser.end({ timeout: 1 });
  const again = await app.addUser({ username: user.username });
  await app.call("DELETE", `/users/${again.id}?databases=drop`);
});

Deno.test("what a server refuses now is dropped later; until then the name is taken", async () => {
  await using server = await ownServer();
  await using app = await startWorld({ others: [{ login: server.login, shown: {} }] });
  await app.addUser();
  const user = await app.addUser(); // on the second server, which has fewer
  equal((await app.loginOf(user, "owner")).port, server.login.port);
  await using root = opened(server.login);
  const owner = root(`${user.username}_owner`);
  // A role that something else depends on cannot be dropped: the databases are gone by then.
  await root`create table held (n int)`;
  await root`grant select on held to ${owner}`;
  const removed = await app.call("DELETE", `/users/${user.id}?databases=drop`);
  same(removed.body.databases, fates("dropping"));
  same(await thereOf(root, user.username), [`${user.username}_owner`, `${user.username}_reader`]);
  const create = () => app.call("POST", "/users", { json: { username: user.username } });
  const taken = await create();
  equal(`${taken.status} ${taken.body.code}`, "409 name_taken");
  await root`revoke select on held from ${owner}`;
  await server.stop();
  await app.db`update retries set due_at = now()`;
  await finishRemovals(app.deps, never);
  const [row] = await app.db`select message as last_error from retries`;
  match(row!.last_error, /does not answer/);
  equal((await create()).body.code, "name_taken");
  await server.start();
  await app.db`update retries set due_at = now()`;
  await finishRemovals(app.deps, never);
  for (let i = 0; i < 20 && (await app.db`select 1 from retries`).length > 0; i++) {
    await app.db`update retries set due_at = now()`;
    await finishRemovals(app.deps, never);
  }
  same(await thereOf(root, user.username), []);
  equal((await create()).status, 201);
});

Deno.test("DELETE ?databases=keep leaves orphans that nobody logs in to and nobody scans", async () => {
  await using app = await startWorld();
  const user = await app.addUser();
  const old = await app.loginOf(user, "owner");
  await using inside = opened(old);
  await inside`create table kept (n int)`;
  await app.call("DELETE", `/users/${user.id}?databases=keep`);
  ok(await refusal(inside`select 1`) !== "");
  {
    await using again = opened(old);
    equal(await refusal(again`select 1`), "28000");
  }
  equal((await app.look()).databases_opened, 0);
  const { body } = await app.call("GET", "/orphans");
  same(
    body.orphans.map(({ created_at, ...orphan }: { created_at: string }) => {
      match(created_at, /^\d{4}-\d\d-\d\dT.*Z$/);
      return orphan;
    }),
    ["drc", "qor", "timing"].map((kind) => ({
      name: `${user.username}_${kind}`,
      username: user.username,
      kind,
    })),
  );
  equal((await app.call("DELETE", "/orphans/nobody_qor")).body.code, "orphan_unknown");
  equal((await app.call("DELETE", "/orphans/postgres")).status, 404);

  const member = await app.addUser();
  const path = `/orphans/${user.username}_qor`;
  equal((await app.call("GET", "/orphans", { key: member.api_key })).status, 403);
  equal((await app.call("DELETE", path, { key: member.api_key })).status, 403);
  equal((await app.call("DELETE", path)).status, 204);
  equal((await app.call("DELETE", path)).status, 404);
  same(
    await thereOf(app.db, user.username),
    allOf(user.username).filter((name) => !name.endsWith("_qor")),
  );
  await dropAll(app);
  same(await thereOf(app.db, user.username), []);
  await app.call("DELETE", `/users/${member.id}?databases=drop`);
  await app.call(
    "DELETE",
    `/users/${(await app.addUser({ username: user.username })).id}?databases=drop`,
  );
});

Deno.test("POST /users over orphans: orphans_exist, name_taken before it, and adopt keeps the rows", async () => {
  await using app = await startWorld();
  const { db } = app;
  const user = await app.addUser();
  await keepRows(app, user);
  const old = await app.loginOf(user, "owner");
  await app.call("DELETE", `/users/${user.id}?databases=keep`);
  const { username } = user;
  const create = (more = {}) => app.call("POST", "/users", { json: { username, ...more } });
  equal((await create()).body.code, "orphans_exist");
  equal((await create({ adopt: false })).status, 409);

  await app.call("DELETE", `/orphans/${username}_drc`);
  await db`create database ${db(`${username}_drc`)}`;
  for (const more of [{}, { adopt: true }]) {
    const { body } = await create(more);
    equal(body.code, "name_taken");
    ok(body.message.includes(`${username}_drc`));
  }
  same((await namesIn(app)).length, 2);
  await db`drop database ${db(`${username}_drc`)}`;

  const adopted = await create({ adopt: true });
  equal(adopted.status, 201);
  equal(adopted.body.workspace.state, "ready");
  same(await namesIn(app), []);
  for (const kind of ["timing", "qor"] as const) {
    await using owner = await app.loginAs(adopted.body, "owner", kind);
    equal((await owner`select 1 from public.kept`).length, 3);
    await using reader = await app.loginAs(adopted.body, "reader", kind);
    equal((await reader`select 1 from public.kept`).length, 3);
  }
  await using dead = opened(old);
  equal(await refusal(dead`select 1`), "28P01");
  const { body } = await app.call("POST", `/users/${adopted.body.id}/check`, { json: {} });
  same(body, { ok: true, findings: [] });
  equal((await app.call("GET", `/users/${adopted.body.id}`)).body.workspace.steps.length, 6);
  await app.call("DELETE", `/users/${adopted.body.id}?databases=drop`);
  same(await thereOf(db, username), []);
});

Deno.test("adopt without orphans is a new user; another's orphans are not touched", async () => {
  await using app = await startWorld();
  const gone = await kept(app);
  const user = await app.addUser({ username: freshName(), adopt: true });
  equal((await namesIn(app)).length, 3);
  await app.call("DELETE", `/users/${user.id}?databases=drop`);
  same(await thereOf(app.db, gone.username), allOf(gone.username));
  await dropAll(app);
  same(await thereOf(app.db, gone.username), []);
});

Deno.test("an orphan on a server that is away is dropped when it is back: 503 until then", async () => {
  await using server = await ownServer();
  await using app = await startWorld({ others: [{ login: server.login, shown: {} }] });
  await app.addUser();
  const user = await app.addUser();
  await app.call("DELETE", `/users/${user.id}?databases=keep`);
  await server.stop();
  const path = `/orphans/${user.username}_qor`;
  const { status, headers } = await app.call("DELETE", path);
  equal(status, 503);
  ok(headers.get("retry-after"));
  const pending = await app.call("POST", "/users", {
    json: { username: user.username, adopt: true },
  });
  equal(`${pending.status} ${pending.body.workspace?.state}`, "201 pending");
});
