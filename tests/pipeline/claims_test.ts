import { deepStrictEqual as same, match, ok, rejects, strictEqual as equal } from "node:assert";
import { attempt, ClaimLost } from "../../src/pipeline/attempt.ts";
import { advance, type Claim, claimNext, release, renew, setBack } from "../../src/pipeline/row.ts";
import { nextTry } from "../../src/pipeline/due_store.ts";
import { savePictures } from "../../src/pipeline/runs_store.ts";
import { ExternalError } from "../../src/errors.ts";
import { listenForEvents } from "../../src/external/events.ts";
import { never, until } from "../help/time.ts";
import { freshDatabase } from "../help/world/postgres.ts";
import { addAccount, addDashboard, letLeaseRunOut, makeDue, stateOf } from "../help/world/rows.ts";
import { SILENT } from "../../src/external/log/log.ts";

/** A database with ada and one row at "create". */
async function start() {
  const fresh = await freshDatabase();
  const { db } = fresh;
  const ada = await addAccount(db, "ada");
  const id = await addDashboard(db, ada, { table_name: "runs" });
  const claim = async (): Promise<Claim> => (await claimNext(db, "create"))!;
  return {
    db,
    ada,
    id,
    claim,
    state: () => stateOf(db, id),
    [Symbol.asyncDispose]: fresh[Symbol.asyncDispose],
  };
}

const passing = new ExternalError("Slack", "Slack is disturbed.", false);
const fail = (error: unknown) => () => Promise.reject(error);

Deno.test("claimNext() passes over a row that another worker is just claiming", async () => {
  await using test = await start();
  const { db } = test;
  await addDashboard(db, test.ada, { table_name: "more" });
  await db.begin(async (tx) => {
    const first = await claimNext(tx, "create"); // not committed yet: its row is locked
    const second = await claimNext(db, "create");
    same([first!.table_name, second!.table_name], ["runs", "more"]);
    equal(await claimNext(db, "create"), undefined);
  });
});

Deno.test("claimNext() takes what is due at its step, the longest waiting first", async () => {
  await using test = await start();
  const { db, ada } = test;
  const later = await addDashboard(db, ada, { table_name: "later" });
  const first = await addDashboard(db, ada, { table_name: "first" });
  const other = await addDashboard(db, ada, { step: "notify", table_name: "other" });
  const stopped = await addDashboard(db, ada, { table_name: "stopped" });
  await db`update dashboards set next_try_at = now() + interval '1 hour' where id = ${later}`;
  await db`update dashboards set next_try_at = now() - interval '1 hour' where id = ${first}`;
  await db`update dashboards set stopped = true where id = ${stopped}`;
  same([(await test.claim()).id, (await test.claim()).id], [first, test.id]);
  equal(await claimNext(db, "create"), undefined);
  const { claim_id: _, ...claim } = (await claimNext(db, "notify"))!;
  same(claim, {
    id: other,
    deaths: 0,
    user_id: ada,
    username: "ada",
    kind: "qor",
    schema_name: "public",
    table_name: "other",
    run: 1,
    step: "notify",
    request_id: null,
    traceparent: null,
  });
});

Deno.test("claimNext() serves one user after the other, known tables before new ones", async () => {
  await using test = await start();
  const { db, ada } = test;
  for (let i = 0; i < 200; i++) await addDashboard(db, ada, { table_name: `new${i}` });
  const [bob, cy] = [await addAccount(db, "bob"), await addAccount(db, "cy")];
  await test.claim();
  await addDashboard(db, bob, { table_name: "bobs" });
  await addDashboard(db, ada, { table_name: "known", run: 2 });
  await addDashboard(db, cy, { table_name: "cys", step: "capture" });
  same([(await test.claim()).table_name, (await test.claim()).table_name], ["bobs", "known"]);
  await addDashboard(db, cy, { table_name: "late" });
  await addDashboard(db, bob, { table_name: "again" });
  same([(await test.claim()).table_name, (await test.claim()).table_name], ["again", "late"]);
  equal((await claimNext(db, "capture"))!.table_name, "cys");
  match((await test.claim()).table_name, /^new/);
});

Deno.test("claimNext() counts a lease that ran out as a death", async () => {
  await using test = await start();
  const first = await test.claim();
  equal(await claimNext(test.db, "create"), undefined);
  await letLeaseRunOut(test.db, test.id);
  const second = await test.claim();
  same([first.deaths, second.deaths], [0, 1]);
  ok(first.claim_id !== second.claim_id);
});

Deno.test("renew(), advance() and setBack() refuse a worker whose claim was lost", async () => {
  await using test = await start();
  const { db } = test;
  const slow = await test.claim();
  await letLeaseRunOut(db, test.id);
  const next = await test.claim();
  equal(await renew(db, slow), false);
  equal(await advance(db, slow, "capture"), false);
  await setBack(db, slow, "late", { stop: true });
  await release(db, slow);
  const { claim_id, stopped, last_error, step } = await test.state();
  same([claim_id, stopped, last_error, step], [next.claim_id, false, null, "create"]);
  equal(await renew(db, next), true);
  equal(await advance(db, next, "capture"), true);
  equal((await test.state()).step, "capture");
});

Deno.test("renew() keeps the claim for another 30 s", async () => {
  await using test = await start();
  const claim = await test.claim();
  await letLeaseRunOut(test.db, test.id);
  equal(await renew(test.db, claim), true);
  const [row] = await test.db`
    select extract(epoch from claimed_until - now())::float8 as left from dashboards`;
  ok(row!.left > 29 && row!.left <= 30, `${row!.left}`);
  equal(await claimNext(test.db, "create"), undefined);
});

Deno.test("advance() forgets failures and deaths, and lets the next step begin at once", async () => {
  await using test = await start();
  await test.db`update dashboards set failures = 3, deaths = 4, last_error = 'why'`;
  const claim = await test.claim();
  await advance(test.db, claim, "capture");
  const { wait, ...state } = await test.state();
  ok(wait <= 0);
  same(state, {
    step: "capture",
    stopped: false,
    failures: 0,
    deaths: 0,
    claim_id: null,
    last_error: null,
  });
});

Deno.test("attempt() tries a passing failure again after 5 s, doubling to 10 min, for ever", async () => {
  await using test = await start();
  const waits: number[] = [];
  for (let i = 0; i < 12; i++) {
    await attempt({ db: test.db, log: SILENT }, await test.claim(), never, fail(passing));
    const state = await test.state();
    same([state.stopped, state.last_error, state.claim_id, state.failures], [
      false,
      "Slack is disturbed.",
      null,
      i + 1,
    ]);
    waits.push(Math.round(state.wait));
    await makeDue(test.db, test);
  }
  same(waits, [5, 10, 20, 40, 80, 160, 320, 600, 600, 600, 600, 600]);
});

Deno.test("attempt() waits as long as an outside system asks for", async () => {
  await using test = await start();
  const asked = new ExternalError("Slack", "A pause.", false, { retryAfterSeconds: 77 });
  await attempt({ db: test.db, log: SILENT }, await test.claim(), never, fail(asked));
  equal(Math.round((await test.state()).wait), 77);
  await makeDue(test.db, test);
  const short = new ExternalError("Slack", "A pause.", false, { retryAfterSeconds: 1 });
  await attempt({ db: test.db, log: SILENT }, await test.claim(), never, fail(short));
  equal(Math.round((await test.state()).wait), 10);
});

Deno.test("attempt() stops the row at a permanent failure", async () => {
  await using test = await start();
  const refused = new ExternalError("Slack", "Put a current token.", true);
  await attempt({ db: test.db, log: SILENT }, await test.claim(), never, fail(refused));
  const { stopped, last_error } = await test.state();
  same([stopped, last_error], [true, "Put a current token."]);
  await makeDue(test.db, test);
  equal(await claimNext(test.db, "create"), undefined);
});

Deno.test("attempt() stops the row after ten deaths, without trying once more", async () => {
  await using test = await start();
  for (let deaths = 0; deaths < 10; deaths++) {
    equal((await test.claim()).deaths, deaths);
    await letLeaseRunOut(test.db, test.id);
  }
  let worked = false;
  await attempt(
    { db: test.db, log: SILENT },
    await test.claim(),
    never,
    () => Promise.resolve(void (worked = true)),
  );
  const { stopped, last_error } = await test.state();
  same([worked, stopped], [false, true]);
  match(last_error!, /crashed 10 times .*Retry/);
});

Deno.test("attempt() writes no foreign text on the row, and throws it on for the log", async () => {
  await using test = await start();
  const foreign = new TypeError("xoxb-secret");
  await rejects(
    attempt({ db: test.db, log: SILENT }, await test.claim(), never, fail(foreign)),
    /xoxb-secret/,
  );
  const { last_error, stopped, wait } = await test.state();
  same([last_error, stopped, Math.round(wait)], ["Unexpected error. Check the log.", false, 5]);

  await makeDue(test.db, test);
  const work = async () => void await test.db`select * from secret_table`;
  await attempt({ db: test.db, log: SILENT }, await test.claim(), never, work);
  equal((await test.state()).last_error, "The table is not there.");
});

Deno.test("attempt() gives the row back untouched when the service stops", async () => {
  await using test = await start();
  await test.db`update dashboards set failures = 2, last_error = 'before', deaths = 3`;
  const stopping = new AbortController();
  await attempt({ db: test.db, log: SILENT }, await test.claim(), stopping.signal, (signal) => {
    stopping.abort();
    return Promise.reject(signal.reason);
  });
  const { wait, ...state } = await test.state();
  ok(wait <= 0);
  same(state, {
    step: "create",
    stopped: false,
    failures: 2,
    deaths: 3,
    claim_id: null,
    last_error: "before",
  });
  equal((await test.claim()).deaths, 3);
});

Deno.test("attempt() leaves a row alone that was taken away in the middle", async () => {
  await using test = await start();
  const slow = await test.claim();
  await letLeaseRunOut(test.db, test.id);
  const next = await test.claim();
  await attempt({ db: test.db, log: SILENT }, slow, never, fail(new ClaimLost()));
  const { claim_id, last_error, failures } = await test.state();
  same([claim_id, last_error, failures], [next.claim_id, null, 0]);
});

Deno.test("nextTry() tells when the next row of a step may be tried", async () => {
  await using test = await start();
  const { db, id } = test;
  equal(await nextTry(db, "capture"), undefined);
  equal(await nextTry(db, "create"), 0);
  await db`update dashboards set next_try_at = now() + interval '7 seconds'`;
  const seven = (await nextTry(db, "create"))!;
  ok(seven > 6000 && seven <= 7000, `${seven}`);
  await makeDue(db, { id });
  await test.claim();
  const lease = (await nextTry(db, "create"))!;
  ok(lease > 29_000 && lease <= 30_000, `${lease}`);
  await db`update dashboards set stopped = true`;
  equal(await nextTry(db, "create"), undefined);
});

Deno.test("savePictures() keeps the pictures of the last three runs, all of a kind", async () => {
  await using test = await start();
  const claim = await test.claim();
  for (let run = 1; run <= 5; run++) {
    await test.db`
      insert into runs (dashboard_id, run) values (${test.id}, ${run}) on conflict do nothing`;
    const [gif, slack_gif, png] = [[run], [run, 1], [run, 2]].map((bytes) => new Uint8Array(bytes));
    const pictures = {
      gif: gif!,
      slack_gif: slack_gif!,
      png: png!,
      thumbnail: png!,
      captured_at: new Date(),
    };
    await savePictures(test.db, { ...claim, run }, pictures);
  }
  const rows = await test.db`
    select run, gif, slack_gif, png from runs where dashboard_id = ${test.id} order by run`;
  same(rows.map(({ run, gif, slack_gif, png }) => [run, gif?.[0], slack_gif?.[1], png?.[1]]), [
    [1, undefined, undefined, undefined],
    [2, undefined, undefined, undefined],
    [3, 3, 1, 2],
    [4, 4, 1, 2],
    [5, 5, 1, 2],
  ]);
});

Deno.test("a row that changes its step sends an event", async () => {
  await using test = await start();
  const heard: unknown[] = [];
  const events = await listenForEvents(test.db);
  events.subscribe((event) => void heard.push(event));
  const claim = await test.claim();
  await renew(test.db, claim);
  await advance(test.db, claim, "capture");
  await test.db`select pg_notify('dashkeeper_events', '{"what":"dashboard","step":"end"}')`;
  await until(() => heard.length > 1);
  await events.close();
  same(heard.slice(0, 1), [
    { what: "dashboard", id: test.id, user_id: test.ada, step: "capture" },
  ]);
});
