import { deepStrictEqual as same, match, ok, rejects, strictEqual as equal } from "node:assert";
import { revealCredential } from "../../src/credentials/credentials.ts";
import { importSealKey } from "../../src/credentials/seal.ts";
import { migrate } from "../../src/external/postgres/migrate.ts";
import { connect, type Sql } from "../../src/external/postgres/postgres.ts";
import { hashKey } from "../../src/users/key.ts";
import { findUserByName } from "../../src/users/store.ts";
import {
  adopt,
  openRefused,
  planAdoption,
  refuseOldInstallation,
} from "../../src/adoption/adopt.ts";
import { describePlan } from "../../src/adoption/report.ts";
import { evaluate } from "../../src/adoption/evaluate.ts";
import { evaluateKeys } from "../../src/adoption/keys.ts";
import { openServers } from "../../src/workspaces/servers.ts";
import { testServer } from "../help/world/postgres.ts";
import { SILENT } from "../../src/external/log/log.ts";

const admin = { user_id: 0, username: "admin", role: "admin", from: "" } as const;
const SEAL_KEY = new Uint8Array(32).fill(7);
const VIEWS = ["dashboardtiming", "dashboardqor", "dashboarddrc"];
const suffix = crypto.getRandomValues(new Uint8Array(4)).toHex();
const name = (text: string) => `${text}_${suffix}`;
const [ADA, BOB, CAROL] = [name("ada"), name("bob"), name("carol")];

const SECRETS = {
  ada: "adas-plain-api-key-0123456789abcdef",
  bob: "b0b0b0b0-1111-2222-3333-444444444444",
  bad: "key-of-the-refused-user-0987654321",
  token: "xoxb-secret-token-of-ada",
  url: "postgresql://ada:hunter2hunter2@elsewhere/timing",
  empty: "value-of-a-bad-name-11223344",
  extra: "a-password-in-an-extra-column",
};

/** An empty database, with the tables of an older installation; `refusals`: also with rows against our rules. */
async function oldDatabase({ refusals = false } = {}) {
  const server = await testServer();
  const database = `test_${crypto.randomUUID().replaceAll("-", "")}`;
  const root = connect({ ...server, database: "postgres" }, 1);
  await root`create database ${root(database)}`;
  const db = connect({ ...server, database });
  await makeOldTables(db);
  if (refusals) await addRefusals(db);
  const sealKeys = { current: await importSealKey(SEAL_KEY) };
  const { host, port } = server;
  const servers = await openServers(db, { host, port }, {}, []);
  return {
    db,
    database,
    server,
    deps: { db, sealKeys, servers, log: SILENT },
    async [Symbol.asyncDispose]() {
      await db.end({ timeout: 1 });
      await root`drop database ${root(database)} with (force)`;
      for (const name of [ADA, BOB, CAROL]) {
        await root`drop database if exists ${root(`${name}_timing`)} with (force)`;
        await root`drop database if exists ${root(`${name}_qor`)} with (force)`;
        await root`drop database if exists ${root(`${name}_drc`)} with (force)`;
        await root`drop role if exists ${root(`${name}_owner`)}`;
        await root`drop role if exists ${root(`${name}_reader`)}`;
      }
      await root.end({ timeout: 1 });
    },
  };
}

async function makeOldTables(db: Sql) {
  await db.unsafe(`
    create table users (id serial primary key, username varchar(255) unique not null,
      email text, api_key_plain text, api_key_hash text, is_active boolean default true,
      created_at timestamp default now());
    create table credentials (id serial primary key, user_id int references users on delete cascade,
      key_name text not null, key_value text, created_at timestamptz default now())`).simple();
  for (const view of VIEWS) {
    await db.unsafe(`create table ${view} (id serial primary key, user_id int references users,
      username text, table_name text, dashboard_url text, local_snapshot_url text, source text,
      created_at timestamptz default now(), app_user_id int, app_username text,
      slack_sent_at timestamptz)`);
  }
  const sha256 = async (text: string) => (await hashKey(text)).toHex();
  await db`insert into users (id, username, email, api_key_plain, api_key_hash, is_active, created_at)
    values (3, ${ADA}, ${SECRETS.extra}, ${SECRETS.ada}, ${await sha256(SECRETS.ada)}, true,
        '2024-01-02 03:04:05.678901'),
      (7, ${BOB}, null, null, ${await sha256(SECRETS.bob)}, true, now()),
      (9, ${CAROL}, null, null, null, false, now())`;
  await db`insert into credentials (user_id, key_name, key_value, created_at) values
    (3, 'SLACK_BOT_TOKEN', ${SECRETS.token}, '2023-05-06 07:08:09+00'),
    (3, 'TIMING_DATABASE_URL', ${SECRETS.url}, now()), (7, 'slack_bot_token', 'lower', now())`;
  for (const view of VIEWS) {
    await db`insert into ${db(view)} (user_id, username, table_name, dashboard_url,
        local_snapshot_url, source, created_at, app_user_id, app_username, slack_sent_at)
      select u.id, u.username, 'run_' || n, 'https://grafana.example/d/' || u.id || n,
        '/snapshots/' || n || '.gif', case n when 1 then 'auto' else 'grafana' end,
        '2024-03-01 00:00:00.123456+00'::timestamptz + n * interval '1 hour', u.id, u.username,
        case n when 1 then null else '2024-03-02 01:02:03.456789+00'::timestamptz end
      from users u, generate_series(1, 3) n where u.id in (3, 7)`;
  }
}

async function addRefusals(db: Sql) {
  await db`insert into users (id, username, api_key_plain) values
    (20, 'Bad Name', ${SECRETS.bad}), (21, ${ADA.toUpperCase()}, null), (22, 'postgres', null)`;
  await db`insert into credentials (user_id, key_name, key_value) values
    (3, 'bad name', ${SECRETS.empty}), (3, 'EMPTY', ''), (3, 'LONG', ${"x".repeat(65_537)}),
    (7, 'TWICE', 'a-first-value'), (7, 'TWICE', 'a-second-value'), (20, 'FINE', 'but-no-user'),
    (null, 'NOBODY', 'nobodys')`;
  await db`insert into dashboardqor (user_id, username, table_name, app_user_id) values
    (3, ${ADA}, 'run_1', 3), (3, ${BOB}, 'whose', 7), (22, 'postgres', 'x', 22)`;
}

/** Every row of every table, as text. */
async function dump(db: Sql): Promise<Record<string, string[]>> {
  const tables = await db<{ name: string }[]>`
    select c.oid::regclass::text as name from pg_class c
    where relkind in ('r', 'm') and relnamespace in (
      select oid from pg_namespace where nspname !~ '^pg_' and nspname <> 'information_schema')
    order by 1`;
  const all: Record<string, string[]> = {};
  for (const { name } of tables) {
    const rows = await db.unsafe<{ t: string }[]>(`select t::text as t from ${name} t order by 1`);
    all[name] = rows.map(({ t }) => t);
  }
  return all;
}

const viewRows = async (db: Sql) =>
  await Promise.all(
    VIEWS.map(async (view) => [
      ...await db.unsafe(`select id, user_id, username, table_name, dashboard_url,
        local_snapshot_url, source, created_at::text, app_user_id, app_username,
        slack_sent_at::text from ${view} order by id`),
    ]),
  );

function hasNoSecret(text: string) {
  for (const [name, secret] of Object.entries(SECRETS)) ok(!text.includes(secret), name);
}

Deno.test("planAdoption() tells what adopt() does, and changes nothing", async () => {
  await using old = await oldDatabase({ refusals: true });
  const before = await dump(old.db);
  const plan = (await planAdoption(old.db))!;
  same(await dump(old.db), before);
  const said = describePlan(plan).join("\n");
  hasNoSecret(said);
  same(plan.obstacles, []);
  match(said, new RegExp(`^Users: 3: ${ADA}, ${BOB}, ${CAROL}$`, "m"));
  match(said, new RegExp(`^Keys that go on working: 2: ${ADA}, ${BOB}$`, "m"));
  match(said, new RegExp(`^  ${CAROL} needs a new key: it has no key$`, "m"));
  match(said, new RegExp(`^dashboardqor, as done: 6: `, "m"));
  match(said, /^Columns without a place here, .*: users\.email$/m);
  same(
    plan.refused.map(({ table, name, why }) => `${table}: ${name}: ${why}`),
    [
      'users: "Bad Name": A username has 2 to 32 of a-z, 0-9, _ and -, and begins with a letter.',
      `users: ${ADA.toUpperCase()}: A username has 2 to 32 of a-z, 0-9, _ and -, and begins with a letter. Another user's name differs by case alone.`,
      "users: postgres: This name is reserved.",
      `credentials: ${ADA}/"bad name": A key name has 1 to 255 of A-Z, a-z, 0-9, _, . and -, and is not . or ..`,
      `credentials: ${ADA}/EMPTY: its value must not be empty`,
      `credentials: ${ADA}/LONG: its value may have at most 64 KiB`,
      `credentials: ${BOB}/TWICE: 2 credentials have this name`,
      `credentials: ${BOB}/TWICE: 2 credentials have this name`,
      'credentials: "Bad Name"/FINE: its user "Bad Name" is refused',
      'credentials: ?/NOBODY: there is no user ""',
      `dashboardqor: ${ADA}/run_1: a newer row is of this table`,
      `dashboardqor: ${BOB}/whose: its columns name two users`,
      "dashboardqor: postgres/x: its user postgres is refused",
    ],
  );
  const { done } = (await adopt(old.deps, { skipRefused: false }))!;
  equal(done, false);
  same(await dump(old.db), before);
});

Deno.test("adopt() takes everything over: the views as before, secrets nowhere in plain", async () => {
  await using old = await oldDatabase();
  const { db, deps } = old;
  await rejects(
    refuseOldInstallation(db),
    /older installation \(users, credentials, .*deno task adopt/,
  );
  const before = await viewRows(db);
  equal((await adopt(deps, { skipRefused: false }))!.done, true);
  same(await viewRows(db), before);
  hasNoSecret(JSON.stringify(await dump(db)));
  await refuseOldInstallation(db);
  await migrate(db);
  equal(await planAdoption(db), undefined);

  const ada = (await findUserByName(db, ADA))!;
  equal(ada.id, 3);
  const reveal = async (key_name: string) =>
    (await revealCredential(deps, admin, ada.id, key_name)).key_value;
  equal(await reveal("SLACK_BOT_TOKEN"), SECRETS.token);
  equal(await reveal("TIMING_DATABASE_URL"), SECRETS.url);
  match(await reveal("QOR_DATABASE_URL"), new RegExp(`//${ADA}_owner:`));
  const [row] = await db`
    select version, (select count(*) from credential_versions v where v.credential_id = c.id) as older
    from credentials c where user_id = 3 and key_name = 'TIMING_DATABASE_URL'`;
  same({ ...row }, { version: 2, older: 1 });
  same(
    [...await db`select step, run, count(*) as n from dashboards group by 1, 2`],
    [{ step: "done", run: 1, n: 18 }],
  );
  same(
    [...await db`select user_id from workspaces order by 1`],
    [3, 7, 9].map((user_id) => ({ user_id })),
  );
  const [next] = await db`insert into users (username, role) values ('zoe', 'member') returning id`;
  equal(next!.id, 10);
  const [{ n }] = await db`select count(*) as n from audit where actor = 'system'` as [
    { n: number },
  ];
  equal(n, 3 + 11);
  const [url] = await db`select dashboard_url, source from listed_dashboards
    where user_id = 3 and kind = 'qor' and table_name = 'run_1'`;
  same({ ...url }, { dashboard_url: "https://grafana.example/d/31", source: "grafana" });
  await db`update dashboards set run = 2 where user_id = 3 and kind = 'qor' and table_name = 'run_1'`;
  const [newer] = await db`
    select id, source, dashboard_url from dashboardqor where user_id = 3 and table_name = 'run_1'`;
  equal(newer!.id, before[1]!.find((row) => row.user_id === 3 && row.table_name === "run_1")!.id);
  equal(newer!.source, "built-in");
  match(newer!.dashboard_url, /\/boards\/\d+$/);
});

Deno.test("adopt() leaves refused rows aside, sealed, and touches no database that is there", async () => {
  await using old = await oldDatabase({ refusals: true });
  const { db, deps } = old;
  const taken = `${BOB}_timing`;
  await db`create database ${db(taken)}`;
  equal((await adopt(deps, { skipRefused: true }))!.done, true);
  hasNoSecret(JSON.stringify(await dump(db)));
  same([...await db`select user_id from workspaces order by 1`], [{ user_id: 3 }, { user_id: 9 }]);
  const refused = await openRefused(db, deps.sealKeys);
  equal(refused.length, 13 + 1);
  equal(refused[0]!.row.api_key_plain, SECRETS.bad);
  same(refused.at(-1), {
    table_name: "users",
    name: ADA,
    why: "no place for email",
    row: { email: SECRETS.extra },
  });
});

Deno.test("adopt() is all or nothing, and says what is in the way", async () => {
  await using old = await oldDatabase();
  const { db, deps } = old;
  await db`create table sessions (id int)`;
  await db`create view emails as select email from users`;
  const before = await dump(db);
  const message = /^emails depends on .*\nsessions has a name/;
  await rejects(adopt(deps, { skipRefused: false }), { code: "adoption_blocked", message });
  await db`drop view emails`;
  await db`drop table sessions`;
  delete before.sessions;
  // The last thing that it does fails.
  await db`create function no() returns event_trigger language plpgsql as $$
    begin if tg_tag = 'CREATE VIEW' then raise 'no'; end if; end $$`;
  await db`create event trigger no on ddl_command_end execute function no()`;
  await rejects(adopt(deps, { skipRefused: false }), { message: "no" });
  await db`drop event trigger no`;
  same(await dump(db), before);
  await rejects(refuseOldInstallation(db));
});

Deno.test("evaluateKeys() believes a hash only where it is shown to be SHA-256", async () => {
  const sha256 = async (text: string) => (await hashKey(text)).toHex();
  const rows = [
    { id: 1, username: "ada", api_key_plain: "k".repeat(40), api_key_hash: "$2b$10$something" },
    { id: 2, username: "bob", api_key_plain: null, api_key_hash: await sha256("bobs") },
    { id: 3, username: "eve", api_key_plain: "two words", api_key_hash: null },
    { id: 4, username: "kim", api_key_plain: "same", api_key_hash: null },
    { id: 5, username: "lea", api_key_plain: "same", api_key_hash: null },
    { id: 6, username: "max", api_key_plain: "short", api_key_hash: null },
  ];
  const { users } = evaluate({ users: rows, credentials: [], dashboards: [] });
  const keys = await evaluateKeys(rows, users);
  same(keys.hashes.map(({ user }) => user), ["ada", "max"]);
  same(keys.short_for, ["max"]);
  same(keys.new_key_for.map(({ user }) => user), ["bob", "eve", "kim", "lea"]);
});

Deno.test("evaluate() takes other columns and kinds of ids", () => {
  const { users, credentials, dashboards, refused } = evaluate({
    users: [
      { id: "8f14e45f-ceea-467a-9575-6f3a3c4b0d11", username: "ada", is_admin: true, team: "x" },
      { id: "b", username: "bob", role: "viewer", is_active: null },
    ],
    credentials: [{ user_id: "b", key_name: "T", key_value: "v", expires_at: "2030-01-01" }],
    dashboards: [{
      table: "dashboardqor",
      kind: "qor",
      row: { app_user_id: "b", table_name: "t" },
    }],
  });
  same(refused, []);
  same(users.map(({ role, is_active, extra }) => ({ role, is_active, extra })), [
    { role: "admin", is_active: true, extra: { team: "x" } },
    { role: "member", is_active: true, extra: {} },
  ]);
  equal(credentials[0]!.expires_at, "2030-01-01");
  equal(dashboards[0]!.old_id, null);
});

Deno.test("the service refuses an older installation until `deno task adopt --do` took it over", async () => {
  await using old = await oldDatabase();
  const env = {
    MASTER_DB_HOST: old.server.host,
    MASTER_DB_PORT: String(old.server.port),
    MASTER_DB_USER: old.server.user,
    MASTER_DB_PASS: old.server.password,
    MASTER_DB_NAME: old.database,
    MASTER_DB_SSLMODE: "disable",
    SEAL_KEY: SEAL_KEY.toBase64(),
    HOST: "127.0.0.1",
    ...{ BROWSER_INSTALL: "no", LOG_FILE: "none" },
    PORT: freePort(),
  };
  const before = await dump(old.db);
  const refused = await run(["run", "-A", "main.ts"], env);
  equal(refused.code, 1);
  match(
    refused.said,
    /This database holds the tables of an older installation .*deno task adopt/m,
  );
  const shown = await run(["task", "-q", "adopt"], env);
  equal(shown.code, 0, shown.said);
  match(shown.said, /Nothing is changed/);
  same(await dump(old.db), before);
  const done = await run(["task", "-q", "adopt", "--do"], env);
  equal(done.code, 0, done.said);
  match(done.said, /Older backups, WAL archives and replicas still do/);
  hasNoSecret(refused.said + shown.said + done.said);

  const service = start(["run", "-A", "main.ts"], env);
  try {
    while (!service.log().includes("Dashkeeper is at ")) {
      ok(!service.ended(), service.log());
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    const me = async (key: string) => {
      const headers = { authorization: `Bearer ${key}` };
      const response = await fetch(`http://127.0.0.1:${env.PORT}/api/v1/me`, { headers });
      const { username, code } = await response.json();
      return username ?? code;
    };
    equal(await me(SECRETS.ada), ADA);
    equal(await me(SECRETS.bob), BOB);
    equal(await me("adas-plain-api-key-0123456789abcdeX"), "key_malformed");
    for (let ready = 0; ready < 2;) {
      const [row] = await old.db`select count(ready_at) as n from workspaces`;
      ready = row!.n;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    same([...await old.db`select from dashboards where step <> 'done'`], []);
  } finally {
    await service.stop();
  }
  hasNoSecret(service.log());
});

function freePort(): string {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return String(listener.addr.port);
}

function start(args: string[], env: Record<string, string>) {
  const child = new Deno.Command(Deno.execPath(), {
    args,
    cwd: new URL("../..", import.meta.url).pathname,
    env,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  let log = "";
  let code: number | undefined;
  const read = Promise.all([child.stdout, child.stderr].map(async (stream) => {
    for await (const text of stream.pipeThrough(new TextDecoderStream())) log += text;
  }));
  const over = Promise.all([child.status, read]).then(([status]) => code = status.code);
  return {
    log: () => log,
    ended: () => code !== undefined,
    over,
    async stop() {
      if (code === undefined) child.kill("SIGTERM");
      await over;
    },
  };
}

async function run(args: string[], env: Record<string, string>) {
  const process = start(args, env);
  const code = await process.over;
  return { code, said: process.log() };
}
