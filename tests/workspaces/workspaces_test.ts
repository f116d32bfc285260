import { deepStrictEqual as same, match, ok, rejects, strictEqual as equal } from "node:assert";
import { connect, type Sql } from "../../src/external/postgres/postgres.ts";
import { openServers } from "../../src/workspaces/servers.ts";
import { finishWorkspaces } from "../../src/accounts/steps.ts";
import { workspaceOf } from "../../src/workspaces/workspaces.ts";
import { createUser, showUser } from "../../src/accounts/create.ts";
import { never } from "../help/time.ts";
import { freshDatabase, login, scoped, testServer } from "../help/world/postgres.ts";
import { dropUsers } from "../help/world/roles.ts";
import { freshName, startWorld, type World } from "../help/world/world.ts";

/** SQLSTATE of what PostgreSQL refuses; undefined: it does it. */
async function state(query: PromiseLike<unknown>): Promise<string | undefined> {
  return await Promise.resolve(query).then(() => undefined, (error) => error.code);
}
const DENIED = "42501";

Deno.test("makeWorkspace() gives the owner its three databases to do with as it likes", async () => {
  await using app = await startWorld();
  const ada = await app.addUser();
  const rows = await app.db`
    select datname::text as name, pg_get_userbyid(datdba)::text as owner,
      pg_encoding_to_char(encoding)::text as encoding
    from pg_database where datname::text like ${`${ada.username}%`} order by 1`;
  same(
    rows.map((row) => ({ ...row })),
    ["drc", "qor", "timing"].map((kind) => ({
      name: `${ada.username}_${kind}`,
      owner: `${ada.username}_owner`,
      encoding: "UTF8",
    })),
  );
  await using owner = await app.owner(ada, "timing");
  await owner`create schema signoff`;
  await owner`create table signoff.paths (slack float8)`;
  await owner`create temporary table scratch (a int)`;
  await owner`insert into signoff.paths values (-0.5)`;
  const roles = await app.db`
    select rolname::text as name, rolcanlogin, rolsuper, rolcreatedb, rolcreaterole, rolreplication,
      rolbypassrls from pg_roles where rolname::text like ${`${ada.username}%`}`;
  equal(roles.length, 2);
  for (const { name, rolcanlogin, ...rights } of roles) {
    equal(rolcanlogin, true);
    same(Object.values(rights), [false, false, false, false, false], name);
  }
});

Deno.test("the reader reads what is made later, also in schemas made later, and writes nothing", async () => {
  await using app = await startWorld();
  const ada = await app.addUser();
  await using owner = await app.owner(ada, "qor");
  await using reader = await app.reader(ada, "qor");
  await owner`create table runs (area float8)`;
  await owner`insert into runs values (1.5)`;
  await owner`create schema "later on"`;
  await owner`create table "later on".runs (area float8)`;
  await owner`insert into "later on".runs values (2.5)`;
  same((await reader`select area from public.runs`)[0]!.area, 1.5);
  same((await reader`select area from "later on".runs`)[0]!.area, 2.5);

  // Of the reader's own will, for it is read-only to begin with: what is left are its rights.
  await reader`set default_transaction_read_only = off`;
  for (
    const statement of [
      "insert into public.runs values (1)",
      "update public.runs set area = 0",
      "delete from public.runs",
      "truncate public.runs",
      "drop table public.runs",
      "create table public.mine (a int)",
      'create table "later on".mine (a int)',
      "create schema mine",
      "create temporary table mine (a int)",
      `alter database ${ada.username}_qor set search_path = evil`,
      `set role ${ada.username}_owner`,
      "copy public.runs to program 'true'",
      "select pg_read_file('/etc/passwd')",
    ]
  ) equal(await state(reader.unsafe(statement)), DENIED, statement);
  same((await owner`select area from runs`).map(({ area }) => area), [1.5]);
});

Deno.test("a user's roles enter no database but their own", async () => {
  await using app = await startWorld();
  const [ada, bob] = [await app.addUser(), await app.addUser()];
  for (const kind of ["timing", "qor", "drc"]) {
    const name = `${ada.username}_${kind}`;
    const url = new URL(await app.urlOf(bob, "timing"));
    url.pathname = `/${name}`;
    await using intruder = login(url.href);
    equal(await state(intruder`select 1`), DENIED, name);
  }
  const own = new URL(await app.urlOf(ada, "timing"));
  own.password = "wrong";
  await using guess = login(own.href);
  equal(await state(guess`select 1`), "28P01");
});

Deno.test("the server never sees a password, only its verifier", async () => {
  await using app = await startWorld();
  const ada = await app.addUser();
  const rows = await app.db`
    select rolpassword from pg_authid where rolname::text like ${`${ada.username}%`}`;
  equal(rows.length, 2);
  for (const { rolpassword } of rows) match(rolpassword, /^SCRAM-SHA-256\$4096:/);
  const { password } = new URL(await app.urlOf(ada, "drc"));
  match(password, /^[A-Za-z0-9]{32}$/);
  const sealed = await app.db`
    select owner_password || reader_password as text from workspaces
    union all select key_value from credentials`;
  equal(sealed.length, 4);
  for (const { text } of sealed) ok(!text.includes(password));
});

Deno.test("finishWorkspaces() makes what a crash left undone, and once more does no harm", async () => {
  await using app = await startWorld();
  const ada = await app.addUser();
  await app.write(ada, "timing", "create table kept (a int)", "insert into kept values (7)");
  await app.db`drop database ${app.db(`${ada.username}_drc`)} with (force)`;
  for (let i = 0; i < 2; i++) {
    await undo(app.db, ada.id);
    await finishWorkspaces(app.deps, never);
    const { state } = (await workspaceOf(app.db, ada.id))!;
    equal(state, "ready");
  }
  await using timing = await app.owner(ada, "timing");
  same((await timing`select a from kept`)[0]!.a, 7);
  await app.write(ada, "drc", "create table found (a int)", "insert into found values (8)");
  await using reader = await app.reader(ada, "drc");
  same((await reader`select a from public.found`)[0]!.a, 8);
});

Deno.test("finishWorkspaces() says at the step why it cannot be done yet", async () => {
  await using app = await startWorld();
  const ada = await app.addUser();
  await undo(app.db, ada.id);
  const { host } = await testServer();
  const away = { ...app.deps, servers: await openServers(app.db, { host, port: 1 }, {}, []) };
  await finishWorkspaces(away, never);
  const grants = () =>
    app
      .db`select state, message from workspace_steps where user_id = ${ada.id} and name = 'grants'`;
  same({ ...(await grants())[0] }, {
    state: "pending",
    message: "The database server does not answer.",
  });
  await app.db`update workspace_steps set next_try_at = now()`;
  await finishWorkspaces(app.deps, never);
  same({ ...(await grants())[0] }, { state: "done", message: null });
});

/** Every step is to be done again. */
async function undo(db: Sql, user_id: number) {
  await db`
    update workspace_steps set state = 'pending', next_try_at = now() where user_id = ${user_id}`;
}

/** A service whose master role may create databases and roles, and is no superuser. */
async function startPlainMaster(admin: Sql) {
  const name = freshName();
  await admin.unsafe(`create role ${name} login createdb createrole password 'plain'`);
  const { database } = admin.address;
  await admin.unsafe(`grant all on database ${database} to ${name}`);
  await admin.unsafe(`grant all on all tables in schema public to ${name}`);
  const { host, port } = await testServer();
  const db = connect({ host, port, user: name, password: "plain", database });
  return { name, db: scoped(db) };
}

Deno.test("createUser() works for a master role that is no superuser, twice over", async () => {
  await using app = await startWorld();
  const { name, db } = await startPlainMaster(app.db);
  const username = freshName();
  try {
    await using _end = db;
    const deps = { ...app.deps, db, servers: await openServers(db, await testServer(), {}, []) };
    const who = { user_id: 1, username: "admin", role: "admin", from: "" } as const;
    const { id, workspace } = await createUser(deps, who, {
      username,
      role: "member",
      adopt: false,
    });
    equal(workspace!.state, "ready", JSON.stringify(workspace));
    await undo(db, id);
    await finishWorkspaces(deps, never);
    equal((await workspaceOf(db, id))!.state, "ready");
    await app.write({ id, username, api_key: "" }, "qor", "create table t as select 1 as a");
    await using reader = await app.reader({ id, username, api_key: "" }, "qor");
    same((await reader`select a from public.t`)[0]!.a, 1);
  } finally {
    await dropUsers(app.db, [username]);
    await app.db.unsafe(`drop owned by ${name}`);
    await app.db.unsafe(`drop role ${name}`);
  }
});

Deno.test("showUser() names no databases of the user admin, which has none", async () => {
  await using fresh = await freshDatabase();
  const [row] = await fresh.db`
    insert into users (username, role) values ('admin', 'admin') returning id`;
  const who = { user_id: row!.id, username: "admin", role: "admin", from: "" } as const;
  const { databases } = await showUser({ db: fresh.db } as World["deps"], who, row!.id);
  same(databases, {});
  await rejects(showUser({ db: fresh.db } as World["deps"], who, 999), /no such user/);
});
