import { deepStrictEqual as same, match, ok, strictEqual as equal } from "node:assert/strict";
import { withDeadline } from "../../../src/external/postgres/deadlines.ts";
import { databaseUrl } from "../../../src/external/postgres/postgres.ts";
import { startClients, uses } from "../../help/service/clients.ts";
import { type FaultyServer, startFaultyServer } from "../../help/service/faults.ts";
import {
  addUser,
  keyIn,
  makeHome,
  type Service,
  signIn,
  waitFor,
} from "../../help/service/service.ts";

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function start(server: FaultyServer, more: Record<string, string> = {}) {
  const home = await makeHome();
  const service = await home.start({ ...uses(server), ...more });
  const key = keyIn(service.log());
  return {
    home,
    service,
    key,
    ada: await addUser(service, key, "ada"),
    [Symbol.asyncDispose]: () => home[Symbol.asyncDispose](),
  };
}

const refusal = ({ status, body, headers }: Awaited<ReturnType<Service["call"]>>) =>
  `${status} ${body.code} ${headers.get("retry-after")}`;

Deno.test("main.ts outlives every fault of its database, and says 503 meanwhile", async (t) => {
  await using server = await startFaultyServer();
  await using work = await start(server);
  const { service, key, ada } = work;
  const clients = startClients(service, ada.api_key, ada.id, 3);
  const probe = async (path: string) => (await service.call("GET", path)).status;
  const cookie = await signIn(service, key);
  await clients.firstGood();

  const faults: [name: string, plant: () => Promise<unknown>, repair: () => Promise<unknown>][] = [
    ["stop fast", () => server.stop("fast"), () => server.start()],
    ["stop immediate", () => server.stop("immediate"), () => server.start()],
    ["kill", () => server.kill(), () => server.start()],
    ["freeze", () => server.freeze(), () => server.thaw()],
    ["end connections", () => server.endConnections(), () => Promise.resolve()],
  ];
  for (const [name, plant, repair] of faults) {
    await t.step(name, async () => {
      await plant();
      if (name !== "end connections") {
        const [away] = await Promise.all([
          service.call("GET", "/api/v1/me", { key }),
          pause(1000),
        ]);
        equal(refusal(away), "503 database_unavailable 5");
        same([await probe("/livez"), await probe("/readyz")], [200, 503]);
        const { status, headers, body } = await service.call("GET", "/dashboards", { cookie });
        same([status, headers.get("refresh")], [503, "5"]);
        match(body, /The database does not answer/);
      }
      await repair();
      const ms = await clients.firstGood();
      ok(ms < 10_000, `first good answer after ${ms} ms`);
      await waitFor("/readyz", async () => await probe("/readyz") === 200, 5);
    });
  }
  await pause(500);
  await clients.stop();
  same(clients.strange(), [], service.log());
  same(await clients.lost(), []);
  ok(!/ERROR|Uncaught/.test(service.log()), service.log());
  const { body } = await service.call("GET", "/readyz");
  same(body, { status: "ready" });
});

Deno.test("main.ts goes on when the server has no connection left", async () => {
  await using server = await startFaultyServer({ settings: { max_connections: 25 } });
  await using work = await start(server);
  const { service, ada } = work;
  const clients = startClients(service, ada.api_key, ada.id, 3);
  await clients.firstGood();
  const others = [];
  try {
    for (;;) {
      const db = server.open();
      others.push(db);
      // The second connection waits for the first where only one is left.
      await withDeadline({ statement: 1000, whole: 1000 }, async () => {
        await db`select 1`;
        await db.session(() => db`select 1`.then(() => {}));
      });
    }
  } catch { /* now it is full */ }
  await pause(3000);
  for (const db of others) await db.end({ timeout: 1 });
  ok(await clients.firstGood() < 10_000);
  await clients.stop();
  same(clients.strange(), [], service.log());
});

Deno.test("main.ts reads on while its database takes no changes, and says why it cannot write", async () => {
  await using server = await startFaultyServer({ tmpfsMb: 150 });
  await using work = await start(server);
  const { service, key, ada } = work;
  const path = `/api/v1/users/${ada.id}/credentials`;
  const write = (n: number) =>
    service.call("POST", path, { key, json: { key_name: `K${n}`, key_value: "x".repeat(60_000) } });
  const reads = async () => {
    for (const path of ["/api/v1/me", "/api/v1/dashboards", "/api/v1/users", "/readyz"]) {
      equal(
        (await service.call("GET", path, { key: ada.api_key })).status,
        path.endsWith("users") ? 403 : 200,
        path,
      );
    }
    equal((await service.call("GET", "/api/v1/users", { key })).status, 200);
  };
  // So that a read would note its key's use.
  const unnoted = async () => {
    const db = server.open("dashkeeper");
    await db`update api_keys set last_used_at = null`;
    await db.end();
  };
  await unnoted();
  const db = server.open("dashkeeper");
  await db`
    insert into dashboards (user_id, kind, schema_name, table_name, content, run, step, next_try_at)
    values (${ada.id}, 'qor', 'public', 'due', '1:a:3:9', 1, 'notify', now() + interval '2 seconds')`;
  await db.end();
  await server.readOnly(true);
  await reads();
  const refusedAll = async (why: RegExp) => {
    for (
      const answer of [
        await write(1),
        await service.call("GET", `${path}/TIMING_DATABASE_URL`, { key }),
      ]
    ) {
      equal(refusal(answer), "503 database_unavailable 5");
      match(answer.body.message, why);
    }
    const { status, body } = await service.call("POST", "/sign-in", { form: { api_key: key } });
    equal(status, 503);
    match(body, why);
  };
  await refusedAll(/read-only/);
  await pause(4000);
  const failures = service.log().match(/"job":"notify"/g)?.length ?? 0;
  ok(failures > 0 && failures < 20, `a row that cannot be claimed was tried ${failures} times`);
  await server.readOnly(false);
  equal((await write(2)).status, 201);

  await unnoted();
  await server.fill();
  // What fits into pages that are there is still taken.
  let last = await write(3);
  for (let n = 4; last.status === 201 && n < 60; n++) last = await write(n);
  equal(refusal(last), "503 database_unavailable 5");
  match(last.body.message, /disk .* full/);
  await reads();
  await server.makeRoom();
  await waitFor("a write", async () => (await write(100)).status === 201, 10);
});

Deno.test("a workspace server that is away costs its own users only", async () => {
  await using own = await startFaultyServer();
  await using other = await startFaultyServer();
  const url = databaseUrl({ ...other.address, database: "postgres" });
  await using work = await start(own, { WORKSPACE_SERVERS: url });
  const { service, key } = work;
  const bob = await addUser(service, key, "bob"); // ada is on the first server, bob on the other one
  const clients = startClients(service, key, work.ada.id, 2);
  await clients.firstGood();
  for (const fault of ["stop", "freeze"]) {
    await (fault === "stop" ? other.stop("fast") : other.freeze());
    await pause(500);
    const started = performance.now();
    const check = await service.call("POST", `/api/v1/users/${bob.id}/check`, { key });
    equal(refusal(check), "503 database_unavailable 5", fault);
    equal((await service.call("POST", `/api/v1/users/${work.ada.id}/check`, { key })).status, 200);
    equal((await service.call("GET", `/api/v1/users/${bob.id}`, { key })).status, 200);
    const name = `user-${fault}`;
    const made = await service.call("POST", "/api/v1/users", { key, json: { username: name } });
    equal(made.status, 201);
    equal((await service.call("GET", "/readyz")).status, 200);
    const { body } = await service.call("GET", "/api/v1/diagnosis", { key });
    ok(body.findings.some(({ what }: { what: string }) => what.startsWith("127.0.0.1:")));
    ok(performance.now() - started < 25_000);
    await (fault === "stop" ? other.start() : other.thaw());
  }
  await clients.stop();
  same(clients.strange(), [], service.log());
});
