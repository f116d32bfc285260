import { deepStrictEqual as same, match, strictEqual as equal } from "node:assert/strict";
import { addUser, keyIn, makeHome, QUICK, tells, urlOf, waitFor } from "../help/service/service.ts";
import { startSlack } from "../help/slack.ts";
import { login } from "../help/world/postgres.ts";

Deno.test("main.ts announces new tables found together by one list", async () => {
  await using slack = await startSlack();
  await using home = await makeHome();
  const service = await home.start({ ...QUICK, ...tells(slack) });
  const key = keyIn(service.log());
  const ada = await addUser(service, key, "ada");
  await using db = login(await urlOf(service, key, ada.id, "QOR"));
  const names = Array.from({ length: 7 }, (_, i) => `block_${i}`);
  await db.unsafe(`begin; ${
    names.map((name) => `
      create table ${name} (run_date date, design text, area float8);
      insert into ${name} select date '2026-01-01' + i, 'core', i * 10.5
        from generate_series(1, 5) i;`).join("")
  } commit`).simple();
  const [list] = await waitFor("the list", async () => {
    const roots = await slack.roots();
    return roots.length > 0 ? roots : undefined;
  });
  match(list!.text, /^7 new tables of ada, 7 worse: block_0 Area 52\.5/);
  await waitFor("the replies", async () => (await slack.replies(list!.ts)).length === 7);
  same(
    (await slack.messages()).map(({ metadata }) => metadata!.event_type),
    ["dashkeeper_batch", ...names.map(() => "dashkeeper_dashboard")],
  );
  const { body } = await service.call("GET", "/api/v1/dashboards", { key });
  for (const row of body.dashboards) {
    const tells = async () =>
      (await service.call("GET", `/api/v1/dashboards/${row.id}`, { key })).body;
    await waitFor("the row", async () => (await tells()).step === "done");
  }
  equal((await slack.roots()).length, 1);
});
