import { deepStrictEqual as same, match, ok, strictEqual as equal } from "node:assert";
import { join } from "node:path";
import { startEmbedded } from "../../src/external/postgres/embedded.ts";
import { chooseAccount, run } from "../../src/external/postgres/binaries.ts";
import { connectMaster } from "../../src/external/postgres/master.ts";
import type { ServerAddress } from "../../src/external/postgres/cluster.ts";
import { preflight } from "../../src/workspaces/preflight.ts";
import { KINDS } from "../../src/workspaces/names.ts";
import { finishRemovals } from "../../src/accounts/remove.ts";
import { never } from "../help/time.ts";
import { opened, refusal } from "../help/world/postgres.ts";
import { thereOf } from "../help/world/roles.ts";
import { freshName, startWorld, type User, type World } from "../help/world/world.ts";
import { SILENT } from "../../src/external/log/log.ts";

const PASSWORD = "a password of the tests";
const BIN_15 = "/usr/lib/postgresql/15/bin";
const has15 = await Deno.stat(`${BIN_15}/postgres`).then(() => true, () => false);
type Root = Awaited<ReturnType<typeof opened>>;

/** A server of that version, as its superuser; a data folder keeps the version that made it. */
async function serverOf(version: 15 | 18) {
  const dataDir = await Deno.makeTempDir({ prefix: "dashkeeper-nonsuper-" });
  const user = "dashkeeper";
  if (version === 15) {
    const account = await chooseAccount(undefined);
    const passwordFile = join(dataDir, "password");
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = listener.addr as Deno.NetAddr;
    listener.close();
    await Deno.writeTextFile(passwordFile, PASSWORD);
    const made = await run(account, [
      ...[join(BIN_15, "initdb"), "-D", join(dataDir, "postgres"), "-U", user, "-E", "UTF8"],
      ...["-A", "scram-sha-256", `--pwfile=${passwordFile}`, "--no-sync", "--locale=C"],
    ], { seconds: 60 });
    ok(made.ok, made.err);
    const address = JSON.stringify({ port, password: PASSWORD });
    await Deno.writeTextFile(join(dataDir, "postgres.json"), address);
  }
  const server = await startEmbedded({ dataDir, log: SILENT, fsync: false });
  const { stop, ...address } = server;
  return {
    address: address as ServerAddress,
    async [Symbol.asyncDispose]() {
      await stop();
      await Deno.remove(dataDir, { recursive: true });
    },
  };
}

/** The master role, no superuser, over a database that it made itself. */
async function makeMaster(address: ServerAddress, root: Root, rights = "createdb createrole") {
  const user = freshName();
  await root.unsafe(`create role ${user} login nosuperuser ${rights} password '${PASSWORD}'`);
  const master = { ...address, user, password: PASSWORD, database: `${user}_db` };
  if (rights.includes("nocreatedb")) {
    await root.unsafe(`create database ${master.database} owner ${user}`);
    await root.unsafe(`revoke connect on database ${master.database} from public`);
  } else await (await connectMaster(master)).end({ timeout: 1 });
  return master;
}

/** Without the checks. */
async function diagnosisOf(app: World) {
  const { checks, ...rest } = (await app.call("GET", "/diagnosis")).body;
  ok(checks.length > 20);
  return rest;
}

async function wholeLife(app: World, root: Root) {
  const user = await app.addUser();
  const check = async (user: User) =>
    (await app.call("POST", `/users/${user.id}/check`, { json: {} })).body;
  const fine = { ok: true, findings: [] };
  same(await check(user), fine);
  for (const kind of KINDS) {
    await using owner = await app.loginAs(user, "owner", kind);
    await owner`create table public.kept as select n from generate_series(1, 3) n`;
    await using reader = await app.loginAs(user, "reader", kind);
    equal((await reader`select 1 from public.kept`).length, 3);
    ok(await refusal(reader`create temporary table t (n int)`) !== "");
  }

  await using inside = await app.loginAs(user, "owner");
  await inside`select 1`;
  equal((await app.call("POST", `/users/${user.id}/database-password`)).status, 204);
  ok(await refusal(inside`select 1`) !== "", "the old session lives on");
  same(await check(user), fine);

  await using again = await app.loginAs(user, "owner");
  await again`select 1`;
  equal((await app.call("PATCH", `/users/${user.id}`, { json: { is_active: false } })).status, 200);
  ok(await refusal(again`select 1`) !== "", "an inactive user's session lives on");
  equal((await app.call("PATCH", `/users/${user.id}`, { json: { is_active: true } })).status, 200);
  same(await check(user), fine);

  await root`alter role ${root(`${user.username}_reader`)} nologin`;
  await root`grant connect on database ${root(`${user.username}_qor`)} to public`;
  await root`alter role ${root(`${user.username}_owner`)} password 'other'`;
  equal((await check(user)).ok, false);
  same((await app.call("POST", `/users/${user.id}/repair`, { json: {} })).body, fine);

  // A session of a superuser's inside is none that our master may end.
  const superuser = opened({
    ...await app.loginOf(user, "owner", "qor"),
    user: root.address.user,
    password: root.address.password,
  });
  await superuser`select 1`;
  const removed = await app.call("DELETE", `/users/${user.id}?databases=drop`);
  equal(removed.body.databases.qor, "dropping");
  const taken = await app.call("POST", "/users", { json: { username: user.username } });
  equal(taken.body.code, "name_taken");
  const [row] = await app.db`select message as last_error from retries`;
  match(row!.last_error, /lacks a right/);
  await superuser.end({ timeout: 1 });
  await app.db`update retries set due_at = now()`;
  await finishRemovals(app.deps, never);
  same(await thereOf(app.db, user.username), []);

  const kept = await app.addUser({ username: user.username });
  {
    await using owner = await app.loginAs(kept, "owner", "drc");
    await owner`create table public.kept as select 1 as n`;
  }
  await app.call("DELETE", `/users/${kept.id}?databases=keep`);
  equal((await app.call("DELETE", `/orphans/${user.username}_qor`)).status, 204);
  const adopted = await app.addUser({ username: user.username, adopt: true });
  {
    await using owner = await app.loginAs(adopted, "owner", "drc");
    equal((await owner`select 1 from public.kept`).length, 1);
  }
  same(await check(adopted), fine);
  await app.call("DELETE", `/users/${adopted.id}?databases=keep`);
  for (const kind of KINDS) {
    equal((await app.call("DELETE", `/orphans/${user.username}_${kind}`)).status, 204);
  }
  same(await thereOf(app.db, user.username), []);
}

for (const version of [18, 15] as const) {
  Deno.test({
    name: `a whole life with a master that is no superuser, on PostgreSQL ${version}`,
    ignore: version === 15 && !has15, // there are no binaries of PostgreSQL 15 on this machine
    async fn() {
      await using server = await serverOf(version);
      await using root = opened({ ...server.address, database: "postgres" });
      const [shown] = await root`show server_version`;
      ok(shown!.server_version.startsWith(String(version)), shown!.server_version);
      const master = await makeMaster(server.address, root);
      await using app = await startWorld({ master });
      const warnings = await preflight(app.servers.of(""));
      same(
        warnings.map(({ message }) => message),
        ["postgres", "template1"].map((name) =>
          `Every role may connect to the database ${name}. As its owner: REVOKE CONNECT ON DATABASE ${name} FROM PUBLIC;`
        ),
      );
      await root`revoke connect on database postgres from public`;
      await root`revoke connect on database template1 from public`;
      same(await preflight(app.servers.of("")), []);
      same(await diagnosisOf(app), { ok: true, findings: [], grafana: null, slack: null });
      await wholeLife(app, root);
    },
  });
}

Deno.test("the diagnosis says exactly which right the master lacks, and the step points there", async () => {
  await using server = await serverOf(18);
  await using root = opened({ ...server.address, database: "postgres" });
  await root`revoke connect on database postgres from public`;
  await root`revoke connect on database template1 from public`;
  for (
    const [rights, lacks, failed] of [
      ["nocreatedb createrole", "CREATEDB", "database_timing"],
      ["createdb nocreaterole", "CREATEROLE", "roles"],
    ] as const
  ) {
    await root`grant connect on database postgres to public`;
    const master = await makeMaster(server.address, root, rights);
    await root`revoke connect on database postgres from public`;
    await using app = await startWorld({ master });
    same(await diagnosisOf(app), {
      ok: false,
      findings: [{
        what: "the default server",
        message:
          `The role ${master.user} lacks ${lacks}. As a superuser: ALTER ROLE ${master.user} ${lacks};`,
      }],
      grafana: null,
      slack: null,
    });
    const created = await app.call("POST", "/users", { json: { username: freshName() } });
    equal(created.status, 201);
    const { state, steps } = created.body.workspace;
    equal(state, "failed");
    const step = steps.find(({ state }: { state: string }) => state === "failed");
    equal(step.name, failed);
    match(step.message, /lacks a right/);
    await root.unsafe(`alter role ${master.user} createdb createrole`);
    same(await diagnosisOf(app), { ok: true, findings: [], grafana: null, slack: null });
    const { id } = created.body;
    same((await app.call("POST", `/users/${id}/repair`, { json: {} })).body, {
      ok: true,
      findings: [],
    });
    await app.call("DELETE", `/users/${id}?databases=drop`);
  }
});
