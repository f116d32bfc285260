import { deepStrictEqual as same, match, ok, strictEqual as equal } from "node:assert/strict";
import { importSealKey } from "../../src/credentials/seal.ts";
import { fixOf, NAMES } from "../../src/diagnostics/checks/causes.ts";
import { connect } from "../../src/external/postgres/postgres.ts";
import { openServers } from "../../src/workspaces/servers.ts";
import { provoking } from "../help/diagnosis.ts";
import { startFaultyServer } from "../help/service/faults.ts";
import { addDashboard } from "../help/world/rows.ts";
import { startWorld } from "../help/world/world.ts";

Deno.test("the database checks say what is wrong, each provoked", async () => {
  await using world = await startWorld();
  const { db, deps } = world;
  using provoked = provoking(deps);
  await provoked.expect("all well", "Database", {
    state: "ok",
    message: /^PostgreSQL \d+\.\d+ at/,
  });
  const away = connect({ host: "127.0.0.1", port: 1, user: "x", password: "pw", database: "x" });
  const servers = await openServers(away, { host: "127.0.0.1", port: 1 }, {}, []);
  const without = { servers, db: away };
  await provoked.expect("server stopped", "Database", {
    state: "failed",
    message: /127\.0\.0\.1:1 does not answer/,
    fix: /systemctl status postgresql/,
  }, without);
  await provoked.expect("server stopped", "Database migrations", {
    state: "warning",
    message: /Not checked: see "Database"/,
  }, without);
  const wrong = connect({ ...db.address, password: "pw-secret" });
  const refusing = await openServers(wrong, db.address, {}, []);
  await provoked.expect("wrong password", "Database", {
    state: "failed",
    message: /refuses the login of/,
    fix: /MASTER_DB_PASS/,
  }, { servers: refusing });
  await provoked.expect("open to everybody", "Database rights", {
    state: "warning",
    message: /Every role may connect to the database test_/,
    fix: /REVOKE CONNECT ON DATABASE test_\w+ FROM PUBLIC;/,
  });
  await db`insert into migrations (name, sha256) values ('9999_later.sql', 'x')`;
  const migrated = (message: RegExp, fix: RegExp) =>
    provoked.expect("migrations", "Database migrations", { state: "failed", message, fix });
  await migrated(/newer version: 9999_later\.sql/, /Install that version/);
  await db`delete from migrations where name like '9999%'`;
  await db`update migrations set sha256 = 'x'`;
  await migrated(/changed since they were applied: 0001/, /Restore the files/);
  await db`delete from migrations`;
  await migrated(/lacks 0001_/, /Restart the service/);
  await db`drop table migrations`;
  await migrated(/no tables of Dashkeeper yet/, /Start the service/);
});

Deno.test("the checks of a further server say what is wrong: connections, disk, away", async () => {
  await using server = await startFaultyServer({ tmpfsMb: 120, settings: { max_connections: 30 } });
  const login = { ...server.address, database: "postgres" };
  const gone = { ...login, port: 1 };
  const others = [login, gone].map((login) => ({ login, shown: {} }));
  await using world = await startWorld({ others });
  const name = `Server ${login.host}:${login.port}`;
  using provoked = provoking(world.deps);
  await provoked.expect("all well", name, { state: "ok", message: /answers in/ });
  await provoked.expect("a server away", "Server 127.0.0.1:1", {
    state: "failed",
    message: /127\.0\.0\.1:1 does not answer/,
  });
  const held = Array.from({ length: 25 }, () => server.open());
  const hold = (from: number, to: number) =>
    Promise.all(held.slice(from, to).map((db) => db`select 1`));
  await hold(0, 24);
  await provoked.expect("connections nearly used up", `${name} connections`, {
    state: "warning",
    message: /2[4-8] of 30 connections are in use \(dashkeeper 2/,
    fix: /max_connections/,
  });
  const more = Array.from({ length: 4 }, () => server.open());
  await Promise.all(more.map((db) => db`select 1`)).catch(() => {});
  await provoked.expect("connections used up", `${name} connections`, {
    state: "failed",
    message: /(29|30) of 30 connections/,
  });
  for (const db of [...held, ...more]) await db.end({ timeout: 1 });
  await server.readOnly(true);
  await provoked.expect("read-only", `${name} disk`, { state: "failed", message: /read-only/ });
  await server.readOnly(false);
  await server.fill();
  await provoked.expect("disk full", `${name} disk`, {
    state: "failed",
    message: /disk .* is full/,
  });
  await server.makeRoom();
  const data = { ...world.deps.diagnosis, data_dir: await dataFolder(server) };
  await provoked.expect("space", "Disk", { state: "ok", message: /free where DATA_DIR is/ }, {
    diagnosis: data,
  });
  await server.fill();
  await provoked.expect("disk of the service full", "Disk", {
    state: "failed",
    message: /is full/,
    fix: /Free some space/,
  }, { diagnosis: data });
  await server.makeRoom();
});

async function dataFolder(server: { open: () => ReturnType<typeof connect> }): Promise<string> {
  const db = server.open();
  const [row] = await db<{ path: string }[]>`select current_setting('data_directory') as path`;
  await db.end({ timeout: 1 });
  return `${row!.path}/..`;
}

Deno.test("the checks of workspaces name the user, the size and the largest table", async () => {
  await using world = await startWorld({ user: true });
  const { ada, db, deps } = world;
  await world.write(
    ada,
    "qor",
    "create schema sta",
    "create table sta.paths as select generate_series(1, 20000) n",
  );
  using provoked = provoking(deps);
  await provoked.expect("20 GB", "Workspace sizes", {
    state: "ok",
    message: /over 20\.0 GB \(of 1\)/,
  });
  const diagnosis = { ...deps.diagnosis, warn_bytes: 0.001e9 };
  await provoked.expect("WORKSPACE_WARN_GB=0.001", "Workspace sizes", {
    state: "warning",
    message: new RegExp(
      `Over 0\\.001 GB: ${ada.username} has 0\\.0\\d+ GB, the largest table is sta\\.paths in ${ada.username}_qor`,
    ),
    fix: /WORKSPACE_WARN_GB/,
  }, { diagnosis });
  await db`update workspace_steps set state = 'failed', message = 'The role lacks a right.'
    where name = 'roles'`;
  await provoked.expect("a failed step", "Workspace steps", {
    state: "warning",
    message: new RegExp(`${ada.username}, roles: The role lacks a right`),
    fix: /Repair/,
  });
});

Deno.test("the checks of seal key, clock and jobs say what is wrong, each provoked", async () => {
  await using world = await startWorld({ user: true });
  const { db, deps } = world;
  using provoked = provoking(deps);
  await provoked.expect("all well", "Seal key", { state: "ok", message: /nothing is stored yet/ });
  const other = { current: await importSealKey(new Uint8Array(32).fill(9)) };
  await provoked.expect("another seal key", "Seal key", {
    state: "failed",
    message: new RegExp(`values here are sealed with ${deps.sealKeys.current.id}`),
    fix: /SEAL_KEY/,
  }, { sealKeys: other });
  await db`insert into settings (name, value)
    values ('signing_key', ${`dk1.${deps.sealKeys.current.id}.AAAA.AAAA`})`;
  await provoked.expect("a broken value", "Seal key", {
    state: "failed",
    message: /does not open the stored signing key/,
  });
  await provoked.expect("all well", "Clock", { state: "ok", message: /agrees with that of the/ });
  for (
    const [seconds, state, message] of [
      [60, "warning", /60 s ahead of that of the database/],
      [-4000, "failed", /67 minutes behind/],
    ] as const
  ) {
    const diagnosis = { ...deps.diagnosis, now: () => Date.now() + seconds * 1000 };
    const fix = /timedatectl/;
    await provoked.expect("our clock is off", "Clock", { state, message, fix }, { diagnosis });
  }
  await db`insert into ticks (job, at) values ('scan', now() - interval '12 minutes')`;
  await provoked.expect("one job hangs", "Jobs", {
    state: "failed",
    message: /^Not started: "scan" for 12 minutes\.$/,
    fix: /Restart the service/,
  });
  await db`update ticks set at = now() - interval '1 hour'`;
  await provoked.expect("the clock stands", "Jobs", { state: "failed", message: /for 60 minutes/ });
  await db`delete from ticks`;
  await provoked.expect("no clock", "Jobs", { state: "failed", message: /No job has ever run/ });
});

Deno.test("the checks of the queue name the oldest row, the failures, and each cause of a stop", async () => {
  await using world = await startWorld();
  const { db, deps } = world;
  const { id } = await world.addAccount({ username: "ada" });
  using provoked = provoking(deps);
  await provoked.expect("empty", "Waiting rows", { state: "ok", message: /No row is waiting/ });
  const row = await addDashboard(db, id, { step: "capture" });
  for (
    const [minutes, state] of [[1, "ok"], [6, "warning"], [20, "failed"]] as const
  ) {
    await db`update dashboards set waiting_since = now() - make_interval(mins => ${minutes})`;
    const message = new RegExp(`at capture for ${minutes === 1 ? "60 s" : `${minutes} minutes`}`);
    await provoked.expect(`${minutes} minutes`, "Waiting rows", { state, message });
  }
  await db`update dashboards set next_try_at = now() + interval '1 hour'`;
  await provoked.expect("put off", "Waiting rows", { state: "ok", message: /No row is waiting/ });
  await db`update dashboards set stop_code = 'browser_installing'`;
  await provoked.expect("being installed", "Waiting rows", { state: "failed", message: /20/ });
  await db`update dashboards set step = 'notify', stop_code = 'token_refused', failures = 1`;
  await provoked.expect("a probe", "Waiting rows", { state: "ok", message: /No row is waiting/ });
  await db`update dashboards set step = 'capture', stop_code = null`;
  await db`update dashboards set failures = 7, last_error = 'The browser did not answer.'`;
  await provoked.expect("failures", "Failing rows", {
    state: "warning",
    message: /^1 row retried .* 7 times at capture: The browser did not answer\.$/,
    fix: /"Browser"/,
  });
  await provoked.expect("retried for 20 minutes", "Waiting rows", {
    state: "failed",
    message: /20/,
  });
  await db`delete from dashboards where id = ${row}`;
  await provoked.expect("none", "Stopped rows", { state: "ok", message: /No row is stopped/ });
  for (const code of [...Object.keys(NAMES), null]) {
    const stopped = await addDashboard(db, id, { step: "notify" });
    await db`update dashboards set stopped = true, stop_code = ${code}, last_error = 'Our words.'
      where id = ${stopped}`;
  }
  for (const code of [...Object.keys(NAMES), null]) {
    const found = await provoked.expect(`stopped`, `Stopped rows: ${code ?? "other"} at notify`, {
      state: "warning",
      message: /^1 row stopped at notify \(of ada\).* The last error: Our words\.$/,
    });
    equal(found.fix, fixOf(code));
    if (code) ok(found.message.includes(NAMES[code]!), code);
  }
  const [found] = (await provoked.run("Stopped rows: gone at notify")) ? [true] : [];
  ok(found);
  await db`update dashboards set stopped = false`;
  equal(await provoked.run("Stopped rows: gone at notify"), undefined);

  await provoked.expect("none refused", "Lists and digests", {
    state: "ok",
    message: /refused no/,
  });
  await db`insert into channel_messages (key, event_type, slack_target, stop_code, last_error)
    values ('digest', 'dashkeeper_digest', 'x', 'not_in_channel', 'The app is not in #eda.')`;
  await provoked.expect("digest refused", "Lists and digests", {
    state: "warning",
    message: /^1 message of several tables .* The last error: The app is not in #eda\.$/,
    fix: new RegExp(RegExp.escape(fixOf("not_in_channel"))),
  });
  await db`delete from channel_messages`;
});

Deno.test("folders that take no files are said", async () => {
  await using world = await startWorld();
  using provoked = provoking(world.deps);
  const set = (more: object) => ({ diagnosis: { ...world.deps.diagnosis, ...more } });
  await provoked.expect("all well", "Disk", { state: "ok", message: /GB are free/ }, set({}));
  await provoked.expect("no such folder yet", "Disk", { state: "ok", message: /GB are free/ }, {
    ...set({ data_dir: "/tmp/not/yet/there" }),
  });
  const refused = await provoked.expect("no files", "GIF folder", {
    state: "failed",
    message: /takes no files \(/,
    fix: /GIF_CAPTURE_DIR to another folder/,
  }, set({ gif_dir: "/sys/kernel" }));
  match(refused.message, /\/sys\/kernel/);
  same(await provoked.run("GIF folder"), undefined);
});
