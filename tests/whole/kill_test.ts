import { deepStrictEqual as same, ok, strictEqual as equal } from "node:assert/strict";
import type { Sql } from "../../src/external/postgres/postgres.ts";
import {
  addUser,
  browsersOf,
  type Home,
  keyIn,
  makeHome,
  QUICK,
  type Service,
  tells,
  urlOf,
  waitFor,
} from "../help/service/service.ts";
import { startSlack, type TestSlack } from "../help/slack.ts";
import { holdSession, login } from "../help/world/postgres.ts";

Deno.test("main.ts killed in the middle of every step goes on, and tells each run once", async () => {
  await using slack = await startSlack();
  await using home = await makeHome();
  const env = { ...QUICK, ...tells(slack) };
  let service = await home.start(env);
  const key = keyIn(service.log());
  const ada = await addUser(service, key, "ada");
  await using holds = await holdSteps(home, await urlOf(service, key, ada.id, "QOR"));
  const drc = await urlOf(service, key, ada.id, "DRC");
  const postmasters = await home.postmasters();
  equal(postmasters.length, 1);

  await holds.inNotify(slack);
  await holds.inCapture();
  await holds.inCreate();
  await holds.inScan(drc);
  const bob = await startingUser(service, key, holds.master);
  ok((await service.browsers()).length > 0);
  await killed(service);
  same(await home.postmasters(), postmasters);

  service = await home.start(env);
  await holds.release();
  equal((await waitFor("bob's databases", () => readyUser(service, key, bob))).id, bob);
  slack.faults.push({ method: "files.getUploadURLExternal", what: "hang", times: 1 });
  await waitFor(
    "an upload without an answer",
    () => slack.faults.every(({ times }) => times === 0),
  );
  await killed(service);

  service = await home.start(env);
  const names = ["in_capture", "in_create", "in_notify", "in_scan"];
  await waitFor("four rows done", async () => {
    const { body } = await service.call("GET", "/api/v1/dashboards?step=done", { key });
    return body.dashboards.length === names.length;
  }, 60);
  const { body } = await service.call("GET", "/api/v1/dashboards", { key });
  for (const row of body.dashboards) {
    const { run, stopped, last_error, captured_at, slack_sent_at } = row;
    same({ run, stopped, last_error }, { run: 1, stopped: false, last_error: null });
    ok(captured_at && slack_sent_at, row.table_name);
    const path = `/api/v1/dashboards/${row.id}/preview.gif`;
    equal((await service.call("GET", path, { key })).status, 200);
  }
  const told = (await slack.messages()).map(({ text }) =>
    /table (\w+) of ada: run 1/.exec(text)![1]
  );
  same(told.toSorted(), names);
  same(await home.postmasters(), postmasters);
});

/** Nothing of it is left, its browser included. */
async function killed(service: Service) {
  await service.kill("SIGKILL");
  const left = () => browsersOf(service.pid);
  await waitFor("the browser's end", async () => (await left()).length === 0, 5);
}

/** A user whose databases are just being made. Resolves with its id. */
async function startingUser(service: Service, key: string, master: Sql): Promise<number> {
  service.call("POST", "/api/v1/users", { key, json: { username: "bob" } }).catch(() => {});
  const row = await waitFor("bob's account", async () => {
    const [row] = await master`select id from users where username = 'bob'`;
    return row;
  });
  return row.id;
}

async function readyUser(service: Service, key: string, id: number) {
  const { body } = await service.call("GET", `/api/v1/users/${id}`, { key });
  if (body.workspace.state !== "ready") return undefined;
  const url = await urlOf(service, key, id, "DRC");
  await using db = login(url);
  return await db`create table kept ()`.then(() => ({ id }), () => undefined);
}

/** Tables whose rows are stopped in the middle of a step, until release(). */
async function holdSteps(home: Home, qor: string) {
  const master = await home.openMaster();
  const gate = await holdSession(master);
  const ends: (() => Promise<unknown>)[] = [];
  // The last write of the step "create" waits for whom the gate named after the table lets through.
  await master.unsafe(`
    create function hold() returns trigger language plpgsql as $$
    begin perform pg_advisory_xact_lock_shared(hashtext(new.table_name)); return new; end $$;
    create trigger hold before update of board on dashboards for each row execute function hold()`)
    .simple();
  const close = (table: string) => gate`select pg_advisory_lock(hashtext(${table}))`;
  const open = (table: string) => gate`select pg_advisory_unlock(hashtext(${table}))`;
  const write = async (url: string, table: string) => {
    await using db = login(url);
    await db.unsafe(`create table ${table} as
      select date '2026-01-01' + i as run_date, 'core' as design, i * 10.5 as area
      from generate_series(1, 5) i`);
  };
  const waiting = (who: string, what: string) =>
    waitFor(`${who}, held by ${what}`, async () => {
      const [row] = await master`select 1 as there from pg_stat_activity
        where usename = ${who} and wait_event_type = 'Lock' and wait_event = ${what}`;
      return row;
    });
  /** Takes a table for itself, as a flow that rebuilds it. */
  async function lock(url: string, table: string) {
    const db = login(url);
    const session = await holdSession(db);
    await session.unsafe(`begin; lock table ${table} in access exclusive mode`).simple();
    ends.push(async () => {
      await session`commit`;
      await session.release();
      await db.end({ timeout: 1 });
    });
  }
  const release = async () => {
    await gate`rollback`;
    await gate`select pg_advisory_unlock_all()`;
    for (const end of ends.splice(0)) await end();
  };
  return {
    master,
    release,
    /** Slack has the message, its answer never comes. */
    async inNotify(slack: TestSlack) {
      slack.faults.push({ method: "chat.postMessage", what: "hang-after", times: 1 });
      await write(qor, "in_notify");
      await waitFor("a message", async () => (await slack.messages()).length === 1);
    },
    /** The board's panels wait for the table: no other table waits for that. */
    async inCapture() {
      await close("in_capture");
      await write(qor, "in_capture");
      await waiting("dashkeeper", "advisory");
      await lock(qor, "in_capture");
      await open("in_capture");
      await waiting("ada_reader", "relation");
    },
    async inCreate() {
      await close("in_create");
      await write(qor, "in_create");
      await waiting("dashkeeper", "advisory");
    },
    /** What the scan saw is just being written down. */
    async inScan(url: string) {
      await gate`begin`;
      await gate`lock table scanned_tables in exclusive mode`;
      await write(url, "in_scan");
      await waiting("dashkeeper", "relation");
    },
    async [Symbol.asyncDispose]() {
      await release();
      await gate.release();
      await master[Symbol.asyncDispose]();
    },
  };
}
