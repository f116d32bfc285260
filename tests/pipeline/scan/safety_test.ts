import { deepStrictEqual as same, match, ok, strictEqual as equal } from "node:assert";
import type { Dashboard } from "../../../src/boards/compose.ts";
import { queriedPanels } from "../../help/boards/queried.ts";
import { queryBoard } from "../../../src/dashboards/board/board.ts";
import { createNext } from "../../../src/pipeline/create/create.ts";
import { finishWorkspaces } from "../../../src/accounts/steps.ts";
import { never } from "../../help/time.ts";
import { login } from "../../help/world/postgres.ts";
import { startWorld } from "../../help/world/world.ts";

type Scans = Awaited<ReturnType<typeof startWorld>>;

/** Notes who runs it and with which rights, and takes what it can get. Anybody may run it. */
const SPY = (owner: string) => [
  "create schema evil",
  `create table evil.log (what text, current text default current_user,
     session text default session_user, super text default current_setting('is_superuser'))`,
  `create function evil.spy(what text) returns boolean language plpgsql as $$
   begin
     insert into evil.log (what) values (spy.what);
     begin
       execute 'alter role ${owner} superuser createrole';
       exception when others then null;
     end;
     return true;
   end $$`,
  "grant all on all tables in schema evil to public",
  "grant all on schema evil to public",
];

/** Functions, aggregates, operators and tables that stand where PostgreSQL's own are expected. */
const NAMESAKES = [
  `create function evil.now() returns timestamptz language plpgsql as $$
   begin perform evil.spy('now'); return pg_catalog.now(); end $$`,
  `create function evil.md5(text) returns text language plpgsql as $$
   begin perform evil.spy('md5'); return pg_catalog.md5($1); end $$`,
  `create function evil.current_database() returns name language plpgsql as $$
   begin perform evil.spy('current_database'); return pg_catalog.current_database(); end $$`,
  `create function evil.has_table_privilege(oid, text) returns boolean language plpgsql as $$
   begin return evil.spy('has_table_privilege'); end $$`,
  `create function evil.pg_relation_size(oid) returns bigint language plpgsql as $$
   begin perform evil.spy('pg_relation_size'); return 1; end $$`,
  `create function evil.step(bigint) returns bigint language plpgsql as $$
   begin perform evil.spy('count'); return $1 + 1; end $$`,
  "create aggregate evil.count(*) (sfunc = evil.step, stype = bigint, initcond = '0')",
  `create function evil.add(bigint, bigint) returns bigint language plpgsql as $$
   begin perform evil.spy('sum'); return $1; end $$`,
  "create aggregate evil.sum(bigint) (sfunc = evil.add, stype = bigint, initcond = '0')",
  `create function evil.same(text, text) returns boolean language plpgsql as $$
   begin perform evil.spy('='); return $1 operator(pg_catalog.=) $2; end $$`,
  "create operator evil.= (leftarg = text, rightarg = text, function = evil.same)",
  `create function evil.other(name, text) returns boolean language plpgsql as $$
   begin return evil.spy('<>'); end $$`,
  "create operator evil.<> (leftarg = name, rightarg = text, function = evil.other)",
  "create view evil.pg_class as select c.*, evil.spy('pg_class') from pg_catalog.pg_class c",
];

/** What a table itself may make its reader run. */
const TABLES = [
  "create type evil.mood as (word text)",
  `create function evil.words(evil.mood) returns text language plpgsql as $$
   begin perform evil.spy('cast'); return $1.word; end $$`,
  "create cast (evil.mood as text) with function evil.words(evil.mood) as implicit",
  `create table public.runs (run_ts timestamptz default pg_catalog.now(), design text, area float8,
     mood evil.mood)`,
  `insert into public.runs (design, area, mood)
     select 'd' || (n % 3), n, row('fine')::evil.mood from generate_series(1, 30) n`,
  "alter table public.runs enable row level security",
  "create policy watched on public.runs using (evil.spy('policy'))",
  "create view public.shown as select evil.spy('view') as seen",
];

async function plant(test: Scans) {
  const { username } = test.ada;
  await test.run(
    ...SPY(`${username}_owner`),
    ...NAMESAKES,
    ...TABLES,
    `alter database ${username}_qor set search_path = evil, pg_catalog, public`,
    `alter role ${username}_owner set search_path = evil, pg_catalog, public`,
    "delete from evil.log",
  );
}

/** Every way by which the service comes into a user's database. */
async function work(test: Scans) {
  const { ada, deps, db } = test;
  ok((await test.found()).includes("runs 1"));
  while (await createNext(deps, never)) continue;
  const stopped = await db`select last_error from dashboards where last_error is not null`;
  same([...stopped], []);
  const [row] = await db`select id, board from dashboards where table_name = 'runs'`;
  const who = { user_id: ada.id, username: ada.username, role: "member", from: "" } as const;
  const panels = queriedPanels(row!.board as Dashboard);
  ok(panels.length >= 3, `${panels.length} panels`);
  for (const panel of panels) {
    const { status, body } = await queryBoard(deps, row!.id, { who }, panel, never);
    equal(status, 200, JSON.stringify(body));
  }
  await test.run("insert into public.runs (area) values (4)");
  await test.db`update workspace_steps set state = 'pending', next_try_at = now()`;
  await finishWorkspaces(deps, never);
  await letSpyWrite(test);
  await test.finishRows();
  ok((await test.found()).includes("runs 2"));
}

/** The reader is read-only to begin with, and then no spy could note that it was run. */
async function letSpyWrite({ db, ada }: Scans) {
  await db`alter role ${db(`${ada.username}_reader`)} reset default_transaction_read_only`;
}

type Noted = { what: string; current: string; session: string; super: string };

Deno.test("the traps spring for whoever comes without the service's care", async () => {
  await using test = await startWorld({ user: true });
  await plant(test);
  await using careless = login(await test.urlOf(test.ada, "qor"));
  await careless`select now(), count(*) from pg_class where relname::text = 'runs'`;
  const noted = await careless<Noted[]>`select distinct what from evil.log order by 1`;
  same(noted.map(({ what }) => what), ["=", "count", "now", "pg_class"]);
});

Deno.test("scan, boards and panels run a user's code with the reader's rights alone", async () => {
  await using test = await startWorld({ user: true });
  const { username } = test.ada;
  await letSpyWrite(test);
  await plant(test);
  await work(test);
  await using reader = await test.reader(test.ada, "qor");
  const noted = await reader<Noted[]>`
    select what, current, session, super from evil.log group by 1, 2, 3, 4 order by 1`;
  const mine = { current: `${username}_reader`, session: `${username}_reader`, super: "off" };
  const ours = noted.filter(({ session }) => session !== `${username}_owner`);
  same(ours.map((row) => ({ ...row })), [
    { what: "cast", ...mine },
    { what: "policy", ...mine },
  ], "the reader's own look at the rows, and nothing that poses as PostgreSQL's");
  // As the owner, who may do anything here, only what the test itself wrote past its own policy.
  const others = noted.filter(({ session }) => session === `${username}_owner`);
  same(others.map((row) => ({ ...row })), []);

  const roles = await test.db`
    select rolname::text as name from pg_roles
    where rolname::text like ${`${username}%`} and (rolsuper or rolcreaterole or rolcreatedb)`;
  same([...roles].length, 0);
});

Deno.test("scan and boards read right whatever an owner's database settings are", async () => {
  await using test = await startWorld({ user: true });
  const { username } = test.ada;
  await test.run(
    "create table runs (run_ts timestamptz, design text, area float8)",
    `insert into runs select '2026-01-31 10:00Z'::timestamptz + n * interval '1 day', 'd', n
       from generate_series(1, 5) n`,
    ...[
      "datestyle = 'German'",
      "intervalstyle = 'sql_standard'",
      "timezone = 'Asia/Kolkata'",
      "standard_conforming_strings = off",
      "statement_timeout = 1",
      "default_transaction_read_only = on",
      "extra_float_digits = -15",
      "bytea_output = 'escape'",
      "client_encoding = 'LATIN1'",
    ].map((setting) => `alter database ${username}_qor set ${setting}`),
  );
  same(await test.found(), ["runs 1"]);
  while (await createNext(test.deps, never)) continue;
  const [row] = await test.db`select id, board, last_error from dashboards`;
  equal(row!.last_error, null);
  const board = row!.board as Dashboard;
  match(board.time!.from!, /^2026-0[12]-/);
  const who = { user_id: test.ada.id, username, role: "member", from: "" } as const;
  for (const panel of queriedPanels(board)) {
    const { status, body } = await queryBoard(test.deps, row!.id, { who }, panel, never);
    equal(status, 200, JSON.stringify(body));
    ok(JSON.stringify(body).length > 50);
  }
});
