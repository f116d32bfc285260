import { deepStrictEqual as same, match, ok, strictEqual as equal } from "node:assert";
import { insertUser } from "../../src/users/store.ts";
import { seal } from "../../src/credentials/seal.ts";
import { KINDS } from "../../src/workspaces/names.ts";
import { makePassword, passwordAad } from "../../src/workspaces/password.ts";
import { finishRemovals } from "../../src/accounts/remove.ts";
import { finishWorkspaces } from "../../src/accounts/steps.ts";
import { SERVER_STEPS as STEPS } from "../../src/workspaces/steps.ts";
import { passwordsOf, sealLogins } from "../../src/workspaces/logins.ts";
import { findWorkspace, insertWorkspace } from "../../src/workspaces/store.ts";
import { never } from "../help/time.ts";
import { ownServer } from "../help/world/own_server.ts";
import { opened } from "../help/world/postgres.ts";
import { allOf, thereOf } from "../help/world/roles.ts";
import { freshName, startWorld, type World } from "../help/world/world.ts";

const NAMES = [
  "roles",
  "database_timing",
  "database_qor",
  "database_drc",
  "grants",
  "credentials",
];

/** An account as POST /users leaves it when the process dies right after it. */
async function account({ db, deps }: World) {
  const username = freshName();
  const { id } = await insertUser(db, username, "member");
  const sealed = (role: "owner" | "reader") =>
    seal(deps.sealKeys, passwordAad(id, role), makePassword());
  const passwords = {
    owner_password: await sealed("owner"),
    reader_password: await sealed("reader"),
  };
  await insertWorkspace(db, { user_id: id, server: "", ...passwords }, NAMES);
  const workspace = (await findWorkspace(db, id))!;
  const work = {
    deps,
    workspace,
    server: deps.servers.of(""),
    passwords: await passwordsOf(deps, workspace),
  };
  return { id, username, api_key: "", work };
}

async function stateOf({ call }: World, id: number) {
  const { body } = await call("GET", `/users/${id}`);
  return body.workspace as {
    state: string;
    steps: { name: string; state: string; attempts: number; message: string | null }[];
  };
}

/** Ready, each thing once, and the logins work. */
async function complete(
  app: World,
  user: { id: number; username: string; api_key: string },
) {
  const { state, steps } = await stateOf(app, user.id);
  equal(state, "ready", JSON.stringify(steps));
  same(await thereOf(app.db, user.username), allOf(user.username));
  const [row] = await app.db`select ready_at from workspaces where user_id = ${user.id}`;
  ok(row!.ready_at, "ready, and never scanned");
  for (const kind of KINDS) {
    await using owner = await app.loginAs(user, "owner", kind);
    await owner`create table t as select 1 as n`;
    await using reader = await app.loginAs(user, "reader", kind);
    equal((await reader`select n from t`).length, 1);
  }
  const { body } = await app.call("GET", `/users/${user.id}/credentials`);
  same(
    body.credentials.map((one: { key_name: string; version: number }) =>
      `${one.key_name} ${one.version}`
    ),
    ["DRC_DATABASE_URL 1", "QOR_DATABASE_URL 1", "TIMING_DATABASE_URL 1"],
  );
  same((await app.call("POST", `/users/${user.id}/check`)).body, { ok: true, findings: [] });
}

const remove = (app: World, id: number) => app.call("DELETE", `/users/${id}?databases=drop`);

Deno.test("POST /users answers with the workspace's steps; GET /users/:id has the same; admin has none", async () => {
  await using app = await startWorld();
  const user = await app.addUser();
  const { body } = await app.call("GET", `/users/${user.id}`);
  const done = { state: "done", attempts: 1, message: null };
  same(body.workspace, { state: "ready", steps: NAMES.map((name) => ({ name, ...done })) });
  same((user as unknown as typeof body).workspace, body.workspace);
  const databases = Object.fromEntries(KINDS.map((kind) => [kind, `${user.username}_${kind}`]));
  same(body.databases, databases);
  const mine = await app.call("GET", `/users/${user.id}`, { key: user.api_key });
  same(mine.body.workspace, body.workspace);

  const [{ id }] = await app.db`select id from users where username = 'admin'` as [{ id: number }];
  const admin = await app.call("GET", `/users/${id}`);
  same([admin.body.databases, admin.body.workspace], [{}, null]);
  await remove(app, user.id);
  same(await thereOf(app.db, user.username), []);
});

Deno.test("finishWorkspaces() finishes what a process left that was killed between two steps", async () => {
  await using app = await startWorld();
  const killed = async (made: number, noted: boolean) => {
    const user = await account(app);
    for (const [i, step] of STEPS.slice(0, made).entries()) {
      await step.run(user.work);
      if (!noted && i === made - 1) continue;
      await app.db`update workspace_steps set state = 'done', attempts = 1
        where user_id = ${user.id} and name = ${step.name}`;
    }
    return user;
  };
  const users = await Promise.all(
    [0, 1, 2, 3, 4, 5, 6].flatMap((made) => [killed(made, true), killed(made, false)]),
  );
  await finishWorkspaces(app.deps, never);
  await finishWorkspaces(app.deps, never);
  await Promise.all(users.map(async (user) => {
    await complete(app, user);
    const { steps } = await stateOf(app, user.id);
    same(steps.map(({ attempts }) => attempts), NAMES.map(() => 1));
    await remove(app, user.id);
    same(await thereOf(app.db, user.username), []);
  }));
});

Deno.test("finishWorkspaces() finishes a step that a kill left half done", async () => {
  await using app = await startWorld();
  const { db } = app;
  const halves: ((user: Awaited<ReturnType<typeof account>>) => Promise<unknown>)[] = [
    async ({ username }) => await db`drop role ${db(`${username}_reader`)}`,
    async ({ username }) =>
      await db`create database ${db(`${username}_timing`)} owner ${db(`${username}_owner`)}`,
    async ({ username }) =>
      await db`create database ${db(`${username}_drc`)} owner ${db(`${username}_owner`)}`,
  ];
  for (const half of halves) {
    const user = await account(app);
    await STEPS[0]!.run(user.work);
    await half(user);
    await finishWorkspaces(app.deps, never);
    await complete(app, user);
    await remove(app, user.id);
  }
  const user = await account(app);
  for (const step of STEPS) await step.run(user.work);
  await using inside = await app.loginAs(user, "owner", "qor");
  const reader = inside(`${user.username}_reader`);
  await inside`alter default privileges revoke select on tables from ${reader}`;
  await db`delete from credentials where user_id = ${user.id} and key_name like 'QOR%'`;
  await finishWorkspaces(app.deps, never);
  await complete(app, user);
  await remove(app, user.id);
});

Deno.test("POST /users refuses each of the five names that is foreign, and touches nothing", async () => {
  await using app = await startWorld();
  const { db } = app;
  for (const name of ["owner", "reader", "timing", "qor", "drc"]) {
    const username = freshName();
    const full = `${username}_${name}`;
    const isRole = name === "owner" || name === "reader";
    if (isRole) await db`create role ${db(full)} nologin createdb`;
    else await db`create database ${db(full)}`;
    const { status, body } = await app.call("POST", "/users", { json: { username } });
    equal(`${status} ${body.code}`, "409 name_taken");
    ok(body.message.includes(`"${full}"`), body.message);
    same(await thereOf(db, username), [full]);
    const users = await db`select 1 from users where username = ${username}`;
    equal(users.length, 0);
    if (isRole) {
      const [role] =
        await db`select rolcanlogin, rolcreatedb from pg_roles where rolname = ${full}`;
      same({ ...role }, { rolcanlogin: false, rolcreatedb: true });
      await db`drop role ${db(full)}`;
    } else {
      const [found] = await db`select datacl is null as untouched from pg_database
        where datname = ${full}`;
      equal(found!.untouched, true);
      await db`drop database ${db(full)}`;
    }
  }
});

Deno.test("a foreign name between account and step fails the step; repair finishes when it is gone", async () => {
  await using app = await startWorld();
  const { db } = app;
  for (const [name, at] of [["reader", "roles"], ["qor", "database_qor"]] as const) {
    const user = await account(app);
    const full = `${user.username}_${name}`;
    if (name === "reader") await db`create role ${db(full)} nologin createdb`;
    else await db`create database ${db(full)}`;
    await finishWorkspaces(app.deps, never);
    const { state, steps } = await stateOf(app, user.id);
    equal(state, "failed");
    const failed = steps.find(({ state }) => state === "failed")!;
    equal(failed.name, at);
    ok(failed.message!.includes(`"${full}"`), failed.message!);
    await finishWorkspaces(app.deps, never);
    equal((await stateOf(app, user.id)).steps.find(({ name }) => name === at)!.attempts, 1);
    equal((await app.call("POST", `/users/${user.id}/repair`)).body.ok, false);

    if (name === "reader") await db`drop role ${db(full)}`;
    else await db`drop database ${db(full)}`;
    same((await app.call("POST", `/users/${user.id}/repair`)).body, { ok: true, findings: [] });
    await complete(app, user);
    await remove(app, user.id);
  }
});

Deno.test("DELETE /users/:id leaves foreign things of the same names as they are", async () => {
  await using app = await startWorld();
  const { db } = app;
  for (const [name, fate] of [["reader", "drop"], ["qor", "drop"], ["qor", "keep"]] as const) {
    const user = await account(app);
    const full = `${user.username}_${name}`;
    if (name === "reader") await db`create role ${db(full)} login createdb`;
    else await db`create database ${db(full)}`;
    await finishWorkspaces(app.deps, never);
    equal((await app.call("DELETE", `/users/${user.id}?databases=${fate}`)).status, 200);
    await app.db`update retries set due_at = now()`;
    await finishRemovals(app.deps, never);
    for (const { name } of (await app.call("GET", "/orphans")).body.orphans) {
      await app.call("DELETE", `/orphans/${name}`);
    }
    same(await thereOf(db, user.username), [full], fate);
    if (name === "reader") {
      const [role] = await db`select rolcanlogin from pg_roles where rolname = ${full}`;
      equal(role!.rolcanlogin, true);
      await db`drop role ${db(full)}`;
    } else await db`drop database ${db(full)}`;
  }
});

Deno.test("a step that cannot be done now is tried again later, less and less often", async () => {
  await using server = await ownServer();
  await using app = await startWorld({ others: [{ login: server.login, shown: {} }] });
  await app.addUser();
  await server.stop();
  const { status, body } = await app.call("POST", "/users", { json: { username: freshName() } });
  equal(status, 201);
  equal(body.workspace.state, "pending");
  const first = body.workspace.steps[0];
  same([first.state, first.attempts], ["pending", 1]);
  match(first.message, /does not answer/);
  for (let i = 0; i < 3; i++) await finishWorkspaces(app.deps, never);
  equal((await stateOf(app, body.id)).steps[0]!.attempts, 1, "tried again before its time");
  await app.db`update workspace_steps set next_try_at = now() where user_id = ${body.id}`;
  await finishWorkspaces(app.deps, never);
  const [row] = await app.db`select attempts, extract(epoch from next_try_at - now()) as wait
    from workspace_steps where user_id = ${body.id} and name = 'roles'`;
  equal(row!.attempts, 2);
  ok(row!.wait > 8 && row!.wait <= 10, String(row!.wait));
});

Deno.test("POST /users while the master database is away: 503, and nothing begun", async () => {
  await using server = await ownServer();
  {
    await using root = opened(server.login);
    await root`create database dashkeeper`;
  }
  await using app = await startWorld({ master: { ...server.login, database: "dashkeeper" } });
  await server.stop();
  const username = freshName();
  const { status, headers, body } = await app.call("POST", "/users", { json: { username } });
  equal(`${status} ${body.code}`, "503 database_unavailable");
  ok(headers.get("retry-after"));
  await server.start();
  for (let i = 0; i < 100 && !await app.db`select 1`.catch(() => null); i++) {
    await new Promise((done) => setTimeout(done, 100));
  }
  same(await thereOf(app.db, username), []);
  equal((await app.db`select 1 from users where username = ${username}`).length, 0);
  equal((await app.call("POST", "/users", { json: { username } })).body.workspace.state, "ready");
});

Deno.test("sealLogins() leaves a login that somebody adds meanwhile as it is, and makes the others", async () => {
  await using app = await startWorld();
  const { db } = app;
  const { id, username, work: { deps, server, passwords } } = await account(app);
  const workspace = { user_id: id, username };
  let sealing: Promise<void> | undefined;
  await db.begin(async (tx) => {
    await tx`insert into credentials (user_id, key_name, key_value)
      values (${id}, 'QOR_DATABASE_URL', 'theirs')`;
    sealing = sealLogins(deps, workspace, server, passwords);
    sealing.catch(() => {});
    for (let waiting = 0; waiting === 0;) {
      waiting = (await db`select 1 from pg_stat_activity
        where wait_event_type = 'Lock' and datname = current_database()`).length;
    }
  });
  await sealing;
  const theirs = await db<{ key_name: string; theirs: boolean }[]>`
    select key_name, key_value = 'theirs' as theirs from credentials where user_id = ${id}
    order by key_name`;
  same(theirs.map(({ key_name, theirs }) => `${key_name} ${theirs}`), [
    "DRC_DATABASE_URL false",
    "QOR_DATABASE_URL true",
    "TIMING_DATABASE_URL false",
  ]);
});
