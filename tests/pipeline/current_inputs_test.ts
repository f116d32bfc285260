import { deepStrictEqual as same, match, strictEqual as equal } from "node:assert/strict";
import { finishCapture } from "../../src/pipeline/capture/finish.ts";
import { attempt } from "../../src/pipeline/attempt.ts";
import { NO_PICTURES } from "../../src/previews/preview.ts";
import { restartForKey } from "../../src/pipeline/row.ts";
import { claimNext } from "../../src/pipeline/row.ts";
import { ExternalError } from "../../src/errors.ts";
import { never } from "../help/time.ts";
import { DONE, statesOf } from "../help/world/in_grafana.ts";
import { freshDatabase } from "../help/world/postgres.ts";
import { addAccount, addDashboard, stateOf } from "../help/world/rows.ts";
import { startWorld } from "../help/world/world.ts";
import { SILENT } from "../../src/external/log/log.ts";

const REFUSED = {
  Grafana: new ExternalError("Grafana", "The key lacks rights.", true, { code: "key_refused" }),
  Slack: new ExternalError("Slack", "The token is revoked.", true, { code: "token_revoked" }),
  browser: new ExternalError("browser", "No such program.", true, { code: "browser_path" }),
};

for (const [system, refusal] of Object.entries(REFUSED)) {
  Deno.test(`attempt() with a key of ${system} that was replaced meanwhile is made again at once`, async () => {
    await using fresh = await freshDatabase();
    const { db } = fresh;
    const step = system === "Slack" ? "notify" : "capture";
    const id = await addDashboard(db, await addAccount(db, "ada"), { step });
    const first = (await claimNext(db, step))!;
    await attempt({ db, log: SILENT }, first, never, async () => {
      await restartForKey(db);
      throw refusal;
    });
    const again = await stateOf(db, id);
    same([again.stopped, again.failures, again.last_error, again.wait <= 0], [
      ...[false, 0, null, true],
    ]);
    const second = (await claimNext(db, step))!;
    await attempt({ db, log: SILENT }, second, never, () => Promise.reject(refusal));
    const stopped = await stateOf(db, id);
    same([stopped.stopped, stopped.last_error], [true, refusal.message], "this key is the newest");
    equal(await restartForKey(db), 1, "and a newer one sets the row going");
    equal((await stateOf(db, id)).stopped, false);
  });
}

Deno.test("restartForKey() leaves other users' attempts and unclear posts alone", async () => {
  await using fresh = await freshDatabase();
  const { db } = fresh;
  const [ada, bob] = [await addAccount(db, "ada"), await addAccount(db, "bob")];
  const id = await addDashboard(db, bob, { step: "capture" });
  const claim = (await claimNext(db, "capture"))!;
  await attempt({ db, log: SILENT }, claim, never, async () => {
    await restartForKey(db, ada);
    throw REFUSED.Grafana;
  });
  equal((await stateOf(db, id)).stopped, true);
  const unclear = await addDashboard(db, ada, { step: "notify" });
  const posting = (await claimNext(db, "notify"))!;
  const error = new ExternalError("Slack", "Slack may have this message already.", true);
  await attempt({ db, log: SILENT }, posting, never, () => Promise.reject(error));
  equal(await restartForKey(db), 1, "bob's; ada's may stand in the channel: a person decides");
  equal((await stateOf(db, unclear)).stopped, true);
});

Deno.test("a good key saved while the row's attempt is under way with a bad one: the row goes on", async () => {
  await using test = await startWorld({
    user: true,
    grafana: {},
    outside: { allowed_hosts: ["127.0.0.1"] },
  });
  const { grafana, ada } = test;
  const save = async (key_value: string, isFirst: boolean) => {
    const path = `/users/${ada.id}/credentials`;
    const { status, text } = isFirst
      ? await test.post(path, { key_name: "GRAFANA_API_KEY", key_value })
      : await test.call("PUT", `${path}/GRAFANA_API_KEY`, { json: { key_value } });
    equal(status < 300, true, text);
  };
  await save(grafana.tokens.viewer, true);
  const id = await test.find();
  const good = grafana.addToken("Admin");
  // The last call of the attempt names the rights that the key lacks: its answer comes too late.
  const before = () => save(good, false);
  grafana.fault({ path: /permissions/, times: 1, answer: "pass", before });
  await test.create();
  await test.create();
  const { step, stopped, last_error } = await test.state(id);
  same([step, stopped, last_error], ["capture", false, null]);
});

Deno.test("a step of the workspace that fails with the old key is not failed with the new one", async () => {
  await using app = await startWorld({ grafana: {}, outside: { allowed_hosts: ["127.0.0.1"] } });
  const ada = await app.addUser();
  const { db, grafana } = app;
  const path = `/users/${ada.id}/credentials`;
  const bad = { key_name: "GRAFANA_API_KEY", key_value: grafana.tokens.viewer };
  match((await app.call("POST", path, { json: bad })).body.warnings[0], /lacks/);
  const json = { key_value: grafana.addToken("Admin") };
  const before = () => app.call("PUT", `${path}/GRAFANA_API_KEY`, { json });
  grafana.fault({ path: /permissions/, times: 1, answer: "pass", before });
  grafana.remove(app.uids(ada).folder);
  await db`update workspace_steps set state = 'pending'`;
  await app.finish();
  equal(statesOf(await app.steps(ada)), DONE);
  equal((await db`select from datasources where state <> 'ready'`).length, 0);
});

Deno.test("finishCapture() has a board drawn anew whose template was replaced, instead of stopping its row", async () => {
  await using fresh = await freshDatabase();
  const { db } = fresh;
  const ada = await addAccount(db, "ada");
  const id = await addDashboard(db, ada, { step: "capture" });
  const [template] = await db<{ id: number }[]>`
    insert into templates (name, kind) values ('mine', 'any') returning id`;
  const version = (number: number) =>
    db`
    with renewed as (update templates set version = ${number} where id = ${template!.id})
    insert into template_versions (template_id, version, dashboard, created_by)
    values (${template!.id}, ${number}, '{}', 'ada')`;
  await version(1);
  await db`insert into template_choices (template_id, user_id) values (${template!.id}, ${ada})`;
  await db`update dashboards set template_id = ${template!.id}, template_version = 1`;
  const preview = {
    ...{ outcome: "error" as const, sentence: "Panel 1 shows an error.", panels: [] },
    ...NO_PICTURES,
  };
  const third = async () => {
    await db`update dashboards set capture_tries = 2, next_try_at = now(), stopped = false`;
    await finishCapture(db, (await claimNext(db, "capture"))!, preview);
    const { step, stopped } = await stateOf(db, id);
    return [step, stopped];
  };
  same(await third(), ["capture", true]);
  await version(2);
  same(await third(), ["create", false]);
});
