import { deepStrictEqual as same, ok, strictEqual as equal } from "node:assert";
import { checkWorkspaces } from "../../src/accounts/maintenance/check.ts";
import { finishPasswords } from "../../src/accounts/database_password.ts";
import { applyLogins } from "../../src/accounts/change.ts";
import { KINDS, urlCredential } from "../../src/workspaces/names.ts";
import { makePassword, passwordAad } from "../../src/workspaces/password.ts";
import { keepNextPasswords } from "../../src/workspaces/store.ts";
import { seal } from "../../src/credentials/seal.ts";
import { ownershipTag } from "../../src/workspaces/provision.ts";
import { never } from "../help/time.ts";
import { opened, refusal, testServer } from "../help/world/postgres.ts";
import { startWorld, type User, type World } from "../help/world/world.ts";
import { connectToUserDatabase, type Sql } from "../../src/external/postgres/postgres.ts";

type Drift = {
  name: string;
  plant: (root: Sql, user: string, inside: (kind: string) => Promise<Opened>) => Promise<unknown>;
  /** One finding, as `what: expected / found`; `$` stands for the username. */
  finding: string;
};
type Opened = Sql & AsyncDisposable;

const DRIFTS: Drift[] = [
  {
    name: "login taken away",
    plant: (root, user) => root`alter role ${root(`${user}_reader`)} nologin`,
    finding: "role $_reader: may log in / may not log in",
  },
  {
    name: "rights given",
    plant: (root, user) => root`alter role ${root(`${user}_owner`)} superuser createdb`,
    finding: "role $_owner: no rights of its own / SUPERUSER, CREATEDB",
  },
  {
    name: "membership given",
    plant: (root, user) => root`grant pg_read_all_data to ${root(`${user}_reader`)}`,
    finding: "role $_reader: member of no role / member of pg_read_all_data",
  },
  {
    name: "the owner's rights given to another role",
    plant: (root, user) => root`grant ${root(`${user}_owner`)} to pg_monitor`,
    finding: "role $_owner: granted to nobody / granted to pg_monitor",
  },
  {
    name: "statement_timeout taken away",
    plant: (root, user) => root`alter role ${root(`${user}_reader`)} reset statement_timeout`,
    finding: "role $_reader: a statement_timeout / none",
  },
  {
    name: "owner changed",
    plant: async (root, user) => {
      const [me] = await root<{ me: string }[]>`select current_user::text as me`;
      await root`alter database ${root(`${user}_qor`)} owner to ${root(me!.me)}`;
    },
    finding: "database $_qor: owned by $_owner / owned by dashkeeper",
  },
  {
    name: "PUBLIC may connect",
    plant: (root, user) => root`grant connect on database ${root(`${user}_drc`)} to public`,
    finding: "database $_drc: granted to $_owner and $_reader alone / also to PUBLIC",
  },
  {
    name: "another role may connect",
    plant: (root, user) => root`grant connect on database ${root(`${user}_drc`)} to pg_monitor`,
    finding: "database $_drc: granted to $_owner and $_reader alone / also to pg_monitor",
  },
  {
    name: "the reader may not connect",
    plant: (root, user) =>
      root`revoke connect on database ${root(`${user}_drc`)} from ${root(`${user}_reader`)}`,
    finding: "database $_drc: $_reader may connect / $_reader may not connect",
  },
  {
    name: "the owner may not connect",
    plant: (root, user) =>
      root`revoke all on database ${root(`${user}_drc`)} from ${root(`${user}_owner`)}`,
    finding: "role $_owner: logs in to $_drc / is refused",
  },
  {
    name: "a table hidden",
    plant: async (_root, user, inside) => {
      await using owner = await inside("timing");
      await owner`revoke select on kept from ${owner(`${user}_reader`)}`;
    },
    finding: "database $_timing: $_reader reads everything / not public.kept",
  },
  {
    name: "a schema hidden",
    plant: async (_root, user, inside) => {
      await using owner = await inside("qor");
      await owner`create schema s`;
      await owner`create table s.t (n int)`;
      await owner`revoke usage on schema s from ${owner(`${user}_reader`)}`;
    },
    finding: "database $_qor: $_reader reads everything / not s.t",
  },
  {
    name: "default privileges taken away",
    plant: async (_root, user, inside) => {
      await using owner = await inside("qor");
      const reader = owner(`${user}_reader`);
      await owner`alter default privileges revoke select on tables from ${reader}`;
    },
    finding:
      "database $_qor: $_reader reads everything / not what will be made later: default privileges are missing",
  },
  {
    name: "password changed",
    plant: (root, user) => root`alter role ${root(`${user}_owner`)} password 'other'`,
    finding: "role $_owner: logs in to $_timing / is refused",
  },
  {
    name: "connections forbidden",
    plant: (root, user) => root`alter database ${root(`${user}_qor`)} with allow_connections false`,
    finding: "database $_qor: takes connections / takes none",
  },
  {
    name: "the reader dropped",
    plant: async (root, user, inside) => {
      for (const kind of KINDS) {
        await using owner = await inside(kind);
        const reader = owner(`${user}_reader`);
        await owner`revoke all on all tables in schema public from ${reader}`;
        await owner`revoke all on schema public from ${reader}`;
        await owner`alter default privileges revoke all on tables from ${reader}`;
        await owner`alter default privileges revoke all on schemas from ${reader}`;
        await root`revoke all on database ${root(`${user}_${kind}`)} from ${
          root(`${user}_reader`)
        }`;
        if (kind === "qor") {
          await owner`drop schema if exists s cascade`;
        }
      }
      await root`drop role ${root(`${user}_reader`)}`;
    },
    finding: "role $_reader: there / missing",
  },
];

/** The user's database as the superuser of the test server. */
async function rootIn(user: User, kind: string): Promise<Opened> {
  const address = { ...await testServer(), database: `${user.username}_${kind}` };
  const db = connectToUserDatabase(address);
  return Object.assign(db, { [Symbol.asyncDispose]: () => db.end({ timeout: 1 }) });
}

const check = async (app: World, { id }: User) =>
  (await app.call("POST", `/users/${id}/check`, { json: {} })).body;
const repair = async (app: World, { id }: User, json = {}) =>
  (await app.call("POST", `/users/${id}/repair`, { json })).body;
const fine = { ok: true, findings: [] };

async function keepRows(app: World, user: User) {
  for (const kind of KINDS) {
    await using owner = await app.loginAs(user, "owner", kind);
    await owner`create table public.kept as select n from generate_series(1, 3) n`;
  }
}

async function rowsKept(app: World, user: User) {
  for (const kind of KINDS) {
    await using owner = await app.loginAs(user, "owner", kind);
    equal((await owner`select 1 from public.kept`).length, 3, kind);
    await using reader = await app.loginAs(user, "reader", kind);
    equal((await reader`select 1 from public.kept`).length, 3, kind);
  }
}

Deno.test("check finds each kind of drift, and repair repairs it without loss", async () => {
  await using app = await startWorld();
  const user = await app.addUser();
  await keepRows(app, user);
  same(await check(app, user), fine);
  for (const { name, plant, finding } of DRIFTS) {
    const inside = (kind: string) => app.loginAs(user, "owner", kind as "qor");
    await plant(app.db, user.username, inside);
    const found = await check(app, user);
    equal(found.ok, false, name);
    const said: string[] = found.findings.map((
      { what, expected, found }: Record<string, string>,
    ) => `${what}: ${expected} / ${found}`);
    ok(said.includes(finding.replaceAll("$", user.username)), `${name}: ${said.join("\n")}`);
    same(await repair(app, user), fine, name);
    same(await check(app, user), fine, name);
  }
  await rowsKept(app, user);
  const { body } = await app.call("GET", `/users/${user.id}`);
  equal(body.workspace.state, "ready");
  await app.call("DELETE", `/users/${user.id}?databases=drop`);
});

Deno.test("a database that vanished is made anew only with recreate", async () => {
  await using app = await startWorld();
  const user = await app.addUser();
  await keepRows(app, user);
  await app.db`drop database ${app.db(`${user.username}_qor`)} with (force)`;
  const missing = { what: `database ${user.username}_qor`, expected: "there", found: "missing" };
  same(await check(app, user), { ok: false, findings: [missing] });
  same(await repair(app, user), { ok: false, findings: [missing] });
  same(await repair(app, user, { recreate: false }), { ok: false, findings: [missing] });
  same(await repair(app, user, { recreate: true }), fine);
  await using owner = await app.loginAs(user, "owner", "qor");
  equal(await refusal(owner`select 1 from public.kept`), "42P01");
  await using timing = await app.loginAs(user, "owner", "timing");
  equal((await timing`select 1 from public.kept`).length, 3);
  await app.call("DELETE", `/users/${user.id}?databases=drop`);
});

Deno.test("repair passes over what a superuser made inside, and leaves an inactive user outside", async () => {
  await using app = await startWorld();
  const user = await app.addUser();
  {
    await using root = await rootIn(user, "timing");
    await root`create table public.theirs (n int)`;
  }
  same(await repair(app, user), fine);
  equal((await app.call("GET", `/users/${user.id}`)).body.workspace.state, "ready");
  await app.call("PATCH", `/users/${user.id}`, { json: { is_active: false } });
  same(await check(app, user), fine);
  same(await repair(app, user), fine);
  const login = await app.loginOf(user, "owner");
  {
    await using owner = opened(login);
    equal(await refusal(owner`select 1`), "28000");
  }
  await app.db`alter role ${app.db(`${user.username}_owner`)} login`;
  equal((await check(app, user)).findings[0].found, "may log in");
  same(await repair(app, user), fine);
  await app.call("PATCH", `/users/${user.id}`, { json: { is_active: true } });
  await applyLogins(app.deps, never);
  await using owner = opened(login);
  equal(await refusal(owner`select 1`), "");
  await app.call("DELETE", `/users/${user.id}?databases=drop`);
});

Deno.test("checkWorkspaces() looks once a day and writes its findings down", async () => {
  await using app = await startWorld();
  const [good, bad] = [await app.addUser(), await app.addUser()];
  await app.db`alter role ${app.db(`${bad.username}_reader`)} nologin`;
  await checkWorkspaces(app.deps, never);
  const rows = await app.db`select user_id, jsonb_array_length(findings) as found, checked_at
    from workspaces order by user_id`;
  same(rows.map(({ found }) => found), [0, 1]);
  ok(
    app.lines.some((line) => line.includes(`"username":"${bad.username}","findings":1`)),
    app.lines.join("\n"),
  );
  await checkWorkspaces(app.deps, never);
  const again = await app.db`select checked_at from workspaces order by user_id`;
  same(again.map(({ checked_at }) => checked_at), rows.map(({ checked_at }) => checked_at));
  for (const { id } of [good, bad]) await app.call("DELETE", `/users/${id}?databases=drop`);
});

Deno.test("POST /users/:id/database-password ends what the old passwords opened", async () => {
  await using app = await startWorld();
  const [user, other] = [await app.addUser(), await app.addUser()];
  await keepRows(app, user);
  await app.look();
  await using owner = await app.loginAs(user, "owner");
  await owner`select 1`;
  const old = await app.loginOf(user, "owner");
  const rotate = (id: number, key?: string) =>
    app.call("POST", `/users/${id}/database-password`, { key: key });
  equal((await rotate(other.id, user.api_key)).status, 404);
  equal((await rotate(user.id, user.api_key)).status, 204);
  ok(await refusal(owner`select 1`) !== "", "an old session lives on");
  {
    await using dead = opened(old);
    equal(await refusal(dead`select 1`), "28P01");
  }
  for (const kind of KINDS) {
    const { key_value, version } = await app.credential(user, urlCredential(kind));
    equal(version, 2);
    const now = await app.loginOf(user, "owner", kind);
    equal(decodeURIComponent(new URL(key_value).password), now.password);
    const tested = await app.call(
      "POST",
      `/users/${user.id}/credentials/${urlCredential(kind)}/test`,
    );
    equal(tested.body.ok, true);
  }
  await rowsKept(app, user);
  const before = app.lines.length;
  await app.db`update scanned_databases set counter = -1`;
  equal((await app.look()).databases_opened >= 3, true);
  same(app.lines.slice(before).filter((line) => line.includes("scanned")), []);
  same(await check(app, user), fine);
  for (const { id } of [user, other]) await app.call("DELETE", `/users/${id}?databases=drop`);
});

Deno.test("finishPasswords() finishes a rotation that a kill left", async () => {
  await using app = await startWorld();
  const { db, deps } = app;
  for (const changed of [false, true]) {
    const user = await app.addUser();
    await using owner = await app.loginAs(user, "owner");
    await owner`select 1`;
    const passwords = { owner: makePassword(), reader: makePassword() };
    const sealed = (role: "owner" | "reader") =>
      seal(deps.sealKeys, passwordAad(user.id, role), passwords[role]);
    await keepNextPasswords(db, user.id, await sealed("owner"), await sealed("reader"));
    if (changed) {
      const name = `${user.username}_owner`;
      await db`alter role ${db(name)} password ${db.unsafe(`'${passwords.owner}'`)}`;
      equal(ownershipTag(deps.installation, user.username).includes(user.username), true);
    }
    await finishPasswords(deps, never);
    equal((await app.loginOf(user, "owner")).password, passwords.owner);
    ok(await refusal(owner`select 1`) !== "", "an old session lives on");
    same(await check(app, user), fine);
    equal((await app.credential(user, "QOR_DATABASE_URL")).version, 2);
    await finishPasswords(deps, never);
    equal((await app.credential(user, "QOR_DATABASE_URL")).version, 2);
    await app.call("DELETE", `/users/${user.id}?databases=drop`);
  }
});
