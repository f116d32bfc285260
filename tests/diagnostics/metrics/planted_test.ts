import { deepStrictEqual as same, ok, strictEqual as equal } from "node:assert/strict";
import { ownServer } from "../../help/world/own_server.ts";
import { startFaultyServer } from "../../help/service/faults.ts";
import { readExposition } from "../../help/metrics.ts";
import { until } from "../../help/time.ts";
import { addAccount, addDashboard } from "../../help/world/rows.ts";
import { startWorld, type World } from "../../help/world/world.ts";
import { makeScrape } from "../../../src/diagnostics/metrics/scrape.ts";

async function metricsOf(world: World) {
  const started = performance.now();
  const { status, text } = await world.send("GET", "/metrics");
  equal(status, 200, text);
  return { ...readExposition(text), ms: performance.now() - started };
}

Deno.test("a row that waits for more than 15 minutes shows by step, and not one put off on purpose", async () => {
  await using world = await startWorld();
  const { db } = world;
  const ada = await addAccount(db, "ada");
  equal((await metricsOf(world)).value("oldest_waiting_seconds", { step: "capture" }), 0);
  const id = await addDashboard(db, ada, { step: "capture" });
  const off = await addDashboard(db, ada, { step: "notify" });
  await db`update dashboards set waiting_since = now() - interval '16 minutes' where true`;
  await db`update dashboards set next_try_at = now() + interval '1 hour' where id = ${off}`;
  const { value } = await metricsOf(world);
  const seconds = value("oldest_waiting_seconds", { step: "capture" })!;
  ok(seconds >= 960 && seconds < 970, `${seconds}`);
  equal(value("oldest_waiting_seconds", { step: "notify" }), 0);
  equal(value("oldest_waiting_seconds", { step: "create" }), 0);
  await db`update dashboards set step = 'done' where id = ${id}`;
  equal((await metricsOf(world)).value("oldest_waiting_seconds", { step: "capture" }), 0);
});

Deno.test("rows show by step and outcome, stopped ones by cause, a hostile cause as other", async () => {
  await using world = await startWorld();
  const { db } = world;
  const ada = await addAccount(db, "ada");
  const stop = async (code: string | null, more: { step?: "notify" | "capture" } = {}) => {
    const id = await addDashboard(db, ada, more);
    await db`update dashboards set stopped = true, stop_code = ${code} where id = ${id}`;
    return id;
  };
  await stop("not_in_channel", { step: "notify" });
  await stop("not_in_channel", { step: "capture" });
  await stop("key_refused");
  await stop(null);
  await stop('x"} 1\ndashkeeper_forged{a="');
  const removed = await stop("is_archived");
  const gone = await stop("is_archived");
  await db`update dashboards set deleted_at = now() where id = ${removed}`;
  await db`update dashboards set archived_at = now() where id = ${gone}`;
  const seen = await addDashboard(db, ada, { step: "done" });
  await db`update dashboards set outcome = 'loaded' where id = ${seen}`;
  const { all, samples } = await metricsOf(world);
  const stopped = all("rows_stopped").map(({ labels, value }) => [labels.cause, value]);
  same(Object.fromEntries(stopped), { key_refused: 1, not_in_channel: 2, other: 2 });
  const rows = all("rows").map(({ labels: { step, outcome }, value }) =>
    `${step} ${outcome} ${value}`
  );
  same(rows.sort(), ["capture none 1", "create none 3", "done loaded 1", "notify none 1"]);
  ok(!samples.some(({ name }) => name === "dashkeeper_forged"));
});

Deno.test("makeScrape() answers within its time limit while the database is away or silent, and recovers", async () => {
  await using server = await startFaultyServer();
  await using world = await startWorld({ master: { ...server.address, database: "postgres" } });
  const well = await metricsOf(world);
  same([well.value("database_up"), well.value("ready")], [1, 1]);
  ok(well.value("rows") === undefined && well.types.has("dashkeeper_rows"));
  equal((await world.call("GET", "/me")).status, 200);

  await server.freeze();
  const silent = await metricsOf(world);
  same([silent.value("database_up"), silent.value("ready")], [0, 0]);
  ok(silent.ms < 1500, `${silent.ms} ms`);
  await server.thaw();
  await server.stop("immediate");
  const away = await metricsOf(world);
  same([away.value("database_up"), away.value("ready")], [0, 0]);
  ok(away.ms < 1500, `${away.ms} ms`);
  ok(
    away.value("http_requests_total", { route: "/api/v1/me", method: "GET", status: "200" })! >= 1,
  );
  equal(away.value("oldest_waiting_seconds"), undefined);
  ok(away.value("process_resident_memory_bytes")! > 1e7);

  await server.start();
  await until(async () => (await metricsOf(world)).value("ready") === 1);
  await world.db`delete from migrations`;
  const old = await metricsOf(world);
  same([old.value("database_up"), old.value("ready")], [1, 0]);
});

Deno.test("a pool without a free connection shows busy and waiting", async () => {
  await using world = await startWorld();
  const { db } = world;
  const hold = Promise.withResolvers<void>();
  const held = Array.from({ length: 20 }, () => db.begin(() => hold.promise));
  await until(() => db.pool().busy === 20);
  const late = Promise.all([db`select 1`, db`select 1`, db`select 1`]);
  await until(() => db.pool().waiting === 3);
  const { value, all } = await metricsOf(world);
  const states = all("db_pool_connections").map(({ labels, value }) => [labels.state, value]);
  same(Object.fromEntries(states), { idle: 0, connecting: 0, busy: 20 });
  equal(value("db_pool_waiting"), 3);
  hold.resolve();
  await Promise.all(held);
  await late;
  await until(async () =>
    (await metricsOf(world)).value("db_pool_connections", { state: "busy" }) === 0
  );
  equal((await metricsOf(world)).value("db_pool_waiting"), 0);
});

Deno.test("a server that is nearly full shows its connections and its disk", async () => {
  await using server = await startFaultyServer({ tmpfsMb: 120, settings: { max_connections: 30 } });
  const login = { ...server.address, database: "postgres" };
  const gone = { ...login, port: 1 };
  const open = server.open();
  const [row] = await open<{ path: string }[]>`select current_setting('data_directory') as path`;
  await open.end();
  const diagnosis = { data_dir: `${row!.path}/..` };
  const others = [login, gone].map((login) => ({ login, shown: {} }));
  await using world = await startWorld({ others, diagnosis });
  const labels = { server: `${login.host}:${login.port}` };
  const ratio = async () => {
    const { value } = await metricsOf(world);
    return value("server_connections", labels)! / value("server_connections_max", labels)!;
  };
  ok(await ratio() < 0.8);
  const held = Array.from({ length: 25 }, () => server.open());
  await Promise.all(held.map((db) => db`select 1`));
  ok(await ratio() > 0.8);
  for (const db of held) await db.end({ timeout: 1 });
  const full = await metricsOf(world);
  equal(full.value("server_connections", { server: "127.0.0.1:1" }), undefined);

  const free = async () => {
    const { value } = await metricsOf(world);
    return value("disk_free_bytes", { place: "data" })! /
      value("disk_size_bytes", { place: "data" })!;
  };
  ok(await free() > 0.1);
  await server.fill();
  ok(await free() < 0.02);
  await server.makeRoom();
});

Deno.test("workspace sizes show by user and kind, of so many users at most, and are kept while a server is away", async () => {
  await using server = await ownServer();
  await using world = await startWorld({ others: [{ login: server.login, shown: {} }] });
  const [ada, ben] = [await world.addUser(), await world.addUser()];
  const big = await world.db<{ server: string }[]>`
    select server from workspaces where user_id = ${ben.id}`;
  equal(big.length, 1);
  await world.write(
    ben,
    "drc",
    "create table t as select repeat('x', 1000) from generate_series(1, 20000)",
  );
  const scrape = makeScrape({ ...world.deps, frontend_url: "http://x" }, 1);
  const of = async () =>
    readExposition(await scrape()).all("workspace_bytes").map(({ labels, value }) => ({
      username: labels.username,
      kind: labels.kind,
      value,
    }));
  const first = await of();
  same(first.map(({ username, kind }) => `${username} ${kind}`), [
    `${ben.username} timing`,
    `${ben.username} qor`,
    `${ben.username} drc`,
  ]);
  const bytes = (kind: string) => first.find((one) => one.kind === kind)!.value;
  ok(bytes("drc") > bytes("qor") + 2e7 && bytes("qor") > 5e6, JSON.stringify(first));
  await server.stop();
  same(await of(), first);
  await server.start();
  const all = readExposition((await world.send("GET", "/metrics")).text);
  const users = all.all("workspace_bytes").map(({ labels }) => labels.username);
  same([...new Set(users)].sort(), [ada.username, ben.username].sort());
});
