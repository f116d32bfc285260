import { deepStrictEqual as same, match, ok, strictEqual as equal } from "node:assert/strict";
import { uses } from "../help/service/clients.ts";
import { losingAnswers, startFaultyServer } from "../help/service/faults.ts";
import { addUser, keyIn, makeHome, QUICK, urlOf, waitFor } from "../help/service/service.ts";
import { login } from "../help/world/postgres.ts";

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

Deno.test("main.ts starts its embedded server again, and goes on by itself", async () => {
  await using home = await makeHome();
  const service = await home.start(QUICK);
  const key = keyIn(service.log());
  const ada = await addUser(service, key, "ada");
  const url = await urlOf(service, key, ada.id, "QOR");
  // SIGKILL, and PostgreSQL's own fast and immediate end.
  for (const signal of ["SIGKILL", "SIGINT", "SIGQUIT"] as const) {
    const [before] = await home.postmasters();
    Deno.kill(before!, signal);
    const ended = performance.now();
    await waitFor("another server", async () => {
      const [now] = await home.postmasters();
      return now !== undefined && now !== before;
    }, 10);
    await waitFor(
      "an answer",
      async () => (await service.call("GET", "/api/v1/me", { key })).status === 200,
      10,
    );
    ok(performance.now() - ended < 10_000);
  }
  await using flow = login(url);
  await flow`create table after as select 1 as n, 'core' as design`;
  await waitFor("its row", async () => {
    const { body } = await service.call("GET", "/api/v1/dashboards?step=done", { key });
    return body.dashboards.length === 1;
  }, 60);
  ok(!/ERROR/.test(service.log()), service.log());
  equal((await service.kill("SIGTERM")).code, 0);
  same(await home.postmasters(), []);
});

Deno.test("main.ts waits for an outside database at its start, and is alive meanwhile", async () => {
  await using server = await startFaultyServer();
  await using home = await makeHome();
  await server.stop("fast");
  const service = await home.launch(uses(server));
  await waitFor("the port", () => service.call("GET", "/livez").then(() => true, () => false), 20);
  equal((await service.call("GET", "/livez")).status, 200);
  const ready = await service.call("GET", "/readyz");
  same([ready.status, ready.body.status], [503, "unavailable"]);
  const { status, body, headers } = await service.call("GET", "/api/v1/me", { key: "x" });
  same([status, body.code, headers.get("retry-after")], [503, "database_unavailable", "5"]);
  equal((await service.call("GET", "/dashboards")).headers.get("refresh"), "5");
  await server.start();
  await service.up();
  equal((await service.call("GET", "/readyz")).status, 200);
  match(service.log(), /The database does not answer yet: waiting up to 60 s/);
});

Deno.test("main.ts logs an uncaught error as ERROR, gives its claims back, and ends with 1", async () => {
  await using server = await startFaultyServer();
  await using home = await makeHome();
  const preload = new URL("../help/service/uncaught_plant.ts", import.meta.url);
  const service = await home.start(uses(server), { preload });
  const key = keyIn(service.log());
  const ada = await addUser(service, key, "ada");
  const master = server.open("dashkeeper");
  await using flow = login(await urlOf(service, key, ada.id, "QOR"));
  await flow`create table history as select 1 as n, 'core' as design`;
  const claimed = () => master`select 1 from dashboards where claim_id is not null`;
  await waitFor("a claim", async () => (await claimed()).length > 0);
  equal((await service.kill("SIGUSR2")).code, 1);
  equal((await claimed()).length, 0);
  await master.end();
  match(
    service.log(),
    /"ERROR","message":"Uncaught error.*"error":"RangeError","stack":"at .*planted/,
  );
  ok(!service.log().includes("a secret"), service.log());
});

Deno.test("a change whose answer is lost is answered with what to check, and doubles nothing", async () => {
  await using server = await startFaultyServer();
  await using way = losingAnswers(server.address, "commit");
  await using home = await makeHome();
  const service = await home.start({ ...uses(server), MASTER_DB_PORT: `${way.port}` });
  const key = keyIn(service.log());
  const path = "/api/v1/users";
  const ada = await addUser(service, key, "ada");
  // Another commit, of a job, may be the one that is hit: then the call is done, and tried with a new name.
  async function loses(send: (n: number) => ReturnType<typeof service.call>) {
    for (let n = 0; n < 10; n++) {
      way.arm();
      const answer = await send(n);
      if (answer.status === 503) return { n, ...answer };
      await pause(300);
    }
    throw new Error("No answer was lost.");
  }
  const made = await loses((n) =>
    service.call("POST", path, { key, json: { username: `bob${n}` } })
  );
  equal(`${made.body.code} ${made.headers.get("retry-after")}`, "outcome_unknown 5");
  match(made.body.message, /GET \/api\/v1\/users\?q=bob.*POST \/api\/v1\/users\/\{id\}\/api-key/);
  const again = await service.call("POST", path, { key, json: { username: `bob${made.n}` } });
  equal(`${again.status} ${again.body.code}`, "409 user_exists");
  const { body: { users } } = await service.call("GET", `${path}?q=bob${made.n}`, { key });
  const renewed = await service.call("POST", `${path}/${users[0].id}/api-key`, { key, json: {} });
  equal(renewed.status, 201);
  equal((await service.call("GET", "/api/v1/me", { key: renewed.body.api_key })).status, 200);

  const rotated = await loses(() =>
    service.call("POST", `${path}/${ada.id}/api-key`, { key, json: {} })
  );
  equal(rotated.body.code, "outcome_unknown");
  match(rotated.body.message, /POST \/api\/v1\/users\/\d+\/api-key/);
  const credentials = `${path}/${ada.id}/credentials`;
  const kept = await loses((n) =>
    service.call("POST", credentials, { key, json: { key_name: `K${n}`, key_value: "v" } })
  );
  equal(kept.body.code, "outcome_unknown");
  const json = { key_name: `K${kept.n}`, key_value: "v" };
  equal((await service.call("POST", credentials, { key, json })).body.code, "credential_exists");
  ok(!/ERROR/.test(service.log()), service.log());
});
