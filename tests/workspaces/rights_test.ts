import postgres from "postgres";
import { deepStrictEqual as same, ok, strictEqual as equal } from "node:assert";
import { createNext } from "../../src/pipeline/create/create.ts";
import { finishWorkspaces } from "../../src/accounts/steps.ts";
import { preflight } from "../../src/workspaces/preflight.ts";
import { KINDS } from "../../src/workspaces/names.ts";
import { inspect } from "../../src/workspaces/inspect.ts";
import { passwordsOf } from "../../src/workspaces/logins.ts";
import { ownershipTag } from "../../src/workspaces/provision.ts";
import { findWorkspace } from "../../src/workspaces/store.ts";
import { never } from "../help/time.ts";
import { opened, refusal } from "../help/world/postgres.ts";
import { startWorld, type User, type World } from "../help/world/world.ts";

const DENIED = "42501";

async function removeAll({ call }: World, users: User[]) {
  for (const { id } of users) await call("DELETE", `/users/${id}?databases=drop`);
}

Deno.test("a user's roles reach no database but the user's own three", async () => {
  await using app = await startWorld();
  same(await preflight(app.servers.of("")), []);
  const [a, b] = [await app.addUser(), await app.addUser()];
  const [{ own }] = await app.db`select current_database()::text as own` as [{ own: string }];
  const others = [...KINDS.map((kind) => `${b.username}_${kind}`), own, "postgres", "template1"];
  for (const role of ["owner", "reader"] as const) {
    const login = await app.loginOf(a, role);
    for (const database of others) {
      await using there = opened({ ...login, database });
      equal(await refusal(there`select 1`), DENIED, `${role} of a in ${database}`);
    }
    for (const kind of KINDS) {
      await using home = await app.loginAs(a, role, kind);
      equal(await refusal(home`select 1`), "");
    }
  }
  await removeAll(app, [a, b]);
});

Deno.test("PUBLIC may connect to none of the databases, and nobody is given rights of a role", async () => {
  await using app = await startWorld();
  await preflight(app.servers.of(""));
  const a = await app.addUser();
  const open = await app.db<{ name: string }[]>`
    select datname::text as name from pg_database
    where has_database_privilege('public', oid, 'CONNECT') and datallowconn
      and (datname in ('postgres', 'template1', current_database())
        or datname like ${`${a.username}\\_%`})`;
  same([...open], []);
  const roles = await app.db`
    select rolsuper or rolcreatedb or rolcreaterole or rolreplication or rolbypassrls as strong,
      rolcanlogin, rolconnlimit
    from pg_roles where rolname like ${`${a.username}\\_%`} order by rolname`;
  same(roles.map((role) => ({ ...role })), [
    { strong: false, rolcanlogin: true, rolconnlimit: 20 }, // of the 200 that the server takes
    { strong: false, rolcanlogin: true, rolconnlimit: 24 },
  ]);
  await using owner = await app.loginAs(a, "owner");
  equal(await refusal(owner`create database ${owner(`${a.username}_more`)}`), DENIED);
  equal(await refusal(owner`create role ${owner(`${a.username}_more`)}`), DENIED);
  equal(await refusal(owner`set role postgres`), "22023"); // there is no such role
  const [me] = await app.db<{ me: string }[]>`select current_user::text as me`;
  equal(await refusal(owner`set role ${owner(me!.me)}`), DENIED);
  equal(await refusal(owner`set role ${owner(`${a.username}_reader`)}`), DENIED);
  equal(await refusal(owner`copy (select 1) to program 'true'`), DENIED);
  equal(await refusal(owner`select pg_read_file('PG_VERSION')`), DENIED);
  equal(await refusal(owner`create extension file_fdw`) !== "", true);
  await removeAll(app, [a]);
});

Deno.test("the reader reads what there is and what is made later, and writes nothing", async () => {
  await using app = await startWorld();
  const a = await app.addUser();
  const b = await app.addUser();
  await using owner = await app.loginAs(a, "owner");
  await using reader = await app.loginAs(a, "reader");
  await owner`create table paths as select 1 as slack`;
  await owner`create schema later`;
  await owner`create table later.more as select 2 as slack`;
  await owner`create view later.seen as select * from later.more`;
  await owner`create table parts (n int) partition by list (n)`;
  await owner`create table parts_1 partition of parts for values in (1)`;
  await owner`create sequence numbers`;
  for (const name of ["public.paths", "later.more", "later.seen", "parts"]) {
    equal(await refusal(reader.unsafe(`select * from ${name}`)), "", name);
  }
  const writing = [
    "insert into paths values (2)",
    "update paths set slack = 0",
    "delete from paths",
    "truncate paths",
    "drop table paths",
    "alter table paths add column n int",
    "lock table paths in exclusive mode",
    "create table mine (n int)",
    "create table later.mine (n int)",
    "create schema mine",
    "create temporary table mine (n int)",
    "select nextval('numbers')",
    "create index on paths (slack)",
    "comment on table paths is 'mine'",
    "alter default privileges for role x_owner grant select on tables to public",
    `set role ${a.username}_owner`,
    `set session authorization ${a.username}_owner`,
    `alter role ${a.username}_owner password 'x'`,
    `alter database ${a.username}_timing set search_path = evil`,
    "select lo_create(0)",
    "copy paths to program 'true'",
  ];
  for (const free of [false, true]) {
    // A reader may take the read-only setting off for its session: its rights have to hold then too.
    if (free) await reader`set default_transaction_read_only = off`;
    for (const statement of writing) {
      // Large objects have no right that could be taken away: only the setting keeps them out.
      if (free && statement.includes("lo_create")) continue;
      ok(await refusal(reader.unsafe(statement)) !== "", `free: ${free}: ${statement}`);
    }
  }
  const [{ oid }] = await owner`select lo_from_bytea(0, 'secret'::bytea) as oid` as [
    { oid: number },
  ];
  equal(await refusal(reader`select lo_get(${oid})`), DENIED);
  equal(await refusal(reader`select lo_unlink(${oid})`), DENIED);
  equal((await owner`select 1 from paths`).length, 1);
  await using stranger = await app.loginAs(b, "reader");
  equal(await refusal(stranger`select 1`), "");
  await removeAll(app, [a, b]);
});

Deno.test("the reader's statements end after 30 s, also when it logs in by itself", async () => {
  await using app = await startWorld();
  const a = await app.addUser();
  // As a person's client logs in: ours brings a limit of its own.
  const asPerson = async <T>(work: (reader: postgres.Sql) => Promise<T>) => {
    const reader = postgres({ ...await app.loginOf(a, "reader"), ssl: false, max: 1 });
    return await work(reader).finally(() => reader.end());
  };
  equal(
    await asPerson(async (reader) => (await reader`show statement_timeout`)[0]!.statement_timeout),
    "30s",
  );
  await app.db`alter role ${app.db(`${a.username}_reader`)} set statement_timeout = '200ms'`;
  equal(await asPerson((reader) => refusal(reader`select pg_sleep(5)`)), "57014");
  await removeAll(app, [a]);
});

Deno.test("by the API and by the board one user sees nothing of another's", async () => {
  await using app = await startWorld();
  const [a, b] = [await app.addUser(), await app.addUser()];
  for (
    const [method, path, json] of [
      ["GET", `/users/${b.id}`],
      ["GET", `/users/${b.id}/credentials`],
      ["GET", `/users/${b.id}/credentials/QOR_DATABASE_URL`],
      ["POST", `/users/${b.id}/check`, {}],
      ["POST", `/users/${b.id}/repair`, {}],
      ["POST", `/users/${b.id}/repair`, { recreate: true }],
      ["POST", `/users/${b.id}/database-password`, {}],
      ["PATCH", `/users/${b.id}`, { is_active: false }],
      ["DELETE", `/users/${b.id}?databases=drop`],
    ] as const
  ) {
    equal(
      (await app.call(method, path, { json, key: a.api_key })).status,
      404,
      `${method} ${path}`,
    );
  }
  for (
    const [method, path, json] of [
      ["POST", "/users", { username: "mallory" }],
      ["GET", "/orphans"],
      ["DELETE", `/orphans/${b.username}_qor`],
      ["POST", `/users/${a.id}/repair`, {}],
      ["GET", "/diagnosis"],
    ] as const
  ) {
    equal(
      (await app.call(method, path, { json, key: a.api_key })).status,
      403,
      `${method} ${path}`,
    );
  }
  equal(
    (await app.call("POST", `/users/${a.id}/check`, { json: {}, key: a.api_key })).body.ok,
    true,
  );

  await using owner = await app.loginAs(b, "owner");
  await owner`create table paths as select n as slack from generate_series(1, 9) n`;
  for (let i = 0; i < 100; i++) {
    await app.look();
    if ((await app.db`select 1 from dashboards`).length > 0) break;
    await new Promise((done) => setTimeout(done, 100));
  }
  equal(await createNext(app.deps, never), true);
  const [row] = await app.db<{ id: number; board: { panels: { id: number }[] } }[]>`
    select id, board from dashboards`;
  ok(row?.board, "no board");
  const status = async (key: string, path: string, json?: unknown) => {
    const headers = { origin: "http://dashkeeper.test", cookie: "" };
    const send = async (path: string, body: BodyInit | null) => {
      const method = body === null ? "GET" : "POST";
      const request = new Request(headers.origin + path, { method, body, headers });
      const reply = await app.app.fetch(request, { from: "127.0.0.1" });
      await reply.body?.cancel();
      return reply;
    };
    headers.cookie = await app.signIn(key);
    return (await send(path, json === undefined ? null : JSON.stringify(json))).status;
  };
  const panel = { panel_id: row.board.panels.at(-1)!.id };
  same(await status(b.api_key, `/boards/${row.id}`), 200);
  same(await status(b.api_key, `/boards/${row.id}/query`, panel), 200);
  same(await status(a.api_key, `/boards/${row.id}`), 404);
  same(await status(a.api_key, `/boards/${row.id}/query`, panel), 404);
  equal((await app.call("GET", `/dashboards/${row.id}`, { key: a.api_key })).status, 404);
  await removeAll(app, [a, b]);
});

Deno.test("user databases are opened 8 at a time at the most, whoever opens them", async () => {
  await using app = await startWorld();
  const users = await Promise.all(Array.from({ length: 4 }, () => app.addUser()));
  const server = app.servers.of("");
  let most = 0;
  let done = false;
  const watch = (async () => {
    while (!done) {
      const [row] = await app.db`select count(*) as n from pg_stat_activity
        where usename ~ ${users.map(({ username }) => `^${username}_`).join("|")}`;
      most = Math.max(most, row!.n);
    }
  })();
  const looks = users.map(async ({ id, username }) => {
    const workspace = (await findWorkspace(app.db, id))!;
    const passwords = await passwordsOf(app.deps, workspace);
    const mark = ownershipTag(app.deps.installation, username);
    same(await inspect({ server, username, tag: mark, is_active: true, passwords }), []);
  });
  await app.db`update workspace_steps set state = 'pending' where name = 'grants'`;
  await Promise.all([...looks, app.look(), finishWorkspaces(app.deps, never)]);
  done = true;
  await watch;
  ok(most > 2 && most <= 8, `${most} open at a time`);
  await removeAll(app, users);
});
