import { ok, strictEqual as equal } from "node:assert/strict";
import { addUser, keyIn, makeHome, QUICK, tells, urlOf, waitFor } from "../help/service/service.ts";
import { startSlack } from "../help/slack.ts";
import { login } from "../help/world/postgres.ts";

const TABLES = 3;

Deno.test("main.ts removes a user in the middle of every step, and nothing of it is left", async () => {
  await using slack = await startSlack();
  await using home = await makeHome();
  const service = await home.start({ ...QUICK, ...tells(slack) });
  const key = keyIn(service.log());
  await using master = await home.openMaster();
  for (const step of ["scan", "create", "capture", "notify"]) {
    const { id } = await addUser(service, key, `user-${step}`);
    for (const kind of ["QOR", "DRC"] as const) {
      await using flow = login(await urlOf(service, key, id, kind));
      for (let n = 0; n < TABLES; n++) {
        await flow.unsafe(`create table t${n} as select date '2026-01-01' + i as run_date,
          'core' as design, i * 10.5 as area from generate_series(1, 50) i`);
      }
    }
    await waitFor(`a row at ${step}`, async () => {
      const [row] = step === "scan"
        ? await master`select 1 from scanned_tables where user_id = ${id}`
        : await master`select 1 from dashboards
            where user_id = ${id} and step = ${step} and claim_id is not null`;
      return row;
    }, 60);
    const removed = await service.call("DELETE", `/api/v1/users/${id}?databases=drop`, { key });
    equal(removed.status, 200, service.log());
    await waitFor("the end of its databases", async () => {
      const rows = await master`select 1 from pg_database where datname like ${`user-${step}\\_%`}
        union all select 1 from pg_roles where rolname like ${`user-${step}\\_%`}`;
      return rows.length === 0;
    }, 60);
    equal((await master`select 1 from dashboards where user_id = ${id}`).length, 0);
    equal((await service.call("GET", "/readyz")).status, 200);
  }
  const [left] = await master`select count(*) as n from retries where kind = 'workspace_removal'`;
  equal(left!.n, 0);
  ok(!/ERROR|"status":500/.test(service.log()), service.log());
  equal((await service.kill("SIGTERM")).code, 0);
});
