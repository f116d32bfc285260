import { deepStrictEqual as same, ok, rejects, strictEqual as equal } from "node:assert/strict";
import { DEADLINES, withDeadline } from "../../../src/external/postgres/deadlines.ts";
import { whileAnswering } from "../../../src/external/postgres/answer.ts";
import {
  connect,
  type Db,
  isConnectionLost,
  type Sql,
} from "../../../src/external/postgres/postgres.ts";
import { withLock } from "../../../src/external/postgres/lock.ts";
import { losingAnswers } from "../../help/service/faults.ts";
import { freshDatabase, holdSession } from "../../help/world/postgres.ts";

const SHORT = { statement: 0, whole: 500 };
const pidOf = async (db: Db) => (await db`select pg_backend_pid() as pid`)[0]!.pid as number;
const end = (db: Sql, pid: number) => db`select pg_terminate_backend(${pid})`;
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const codeOf = (work: PromiseLike<unknown>) =>
  work.then(() => "done", (error) => (error as { code: string }).code);

/** A pool of two, and one that looks on. */
async function start() {
  const fresh = await freshDatabase();
  const db = connect(fresh.db.address, 2);
  return {
    db,
    other: fresh.db,
    async [Symbol.asyncDispose]() {
      await db.end({ timeout: 1 });
      await fresh[Symbol.asyncDispose]();
    },
  };
}

Deno.test("begin() rejects when its connection ends between two statements, and the pool goes on", async () => {
  await using test = await start();
  for (let times = 0; times < 5; times++) {
    const lost = test.db.begin(async (tx) => {
      await end(test.other, await pidOf(tx));
      await pause(50);
      await tx`select 1`;
    });
    await rejects(lost, isConnectionLost);
  }
  same(
    await Promise.all([1, 2, 3].map((n) => test.db`select ${n}::int as n`.then(([r]) => r!.n))),
    [
      1,
      2,
      3,
    ],
  );
});

Deno.test("session() says that its connection is lost, and every statement on it settles", async () => {
  await using test = await start();
  for (let times = 0; times < 5; times++) {
    await test.db.session(async (own, lost) => {
      await end(test.other, await pidOf(own));
      const started = performance.now();
      await rejects(own`select 1`, isConnectionLost);
      ok(performance.now() - started < 5000, "long before its deadline");
      await rejects(own`select 1`, isConnectionLost);
      ok(lost.aborted);
    });
  }
  equal((await test.db`select 1 as n`)[0]!.n, 1);
});

Deno.test("a pool of one connection makes a new one", async () => {
  await using test = await start();
  const one = connect(test.other.address, 1);
  for (let times = 0; times < 3; times++) {
    await rejects(one`select pg_terminate_backend(pg_backend_pid())`, isConnectionLost);
    equal((await one`select 1 as n`)[0]!.n, 1);
  }
  await one.end();
});

Deno.test("a server process that is frozen costs its statement and its connection, nothing else", async () => {
  await using test = await start();
  const pid = await pidOf(test.db);
  Deno.kill(pid, "SIGSTOP");
  try {
    const started = performance.now();
    equal(await codeOf(withDeadline(SHORT, () => test.db`select 1`)), "DEADLINE");
    ok(performance.now() - started < 1500);
    ok(await pidOf(test.db) !== pid);
    const tx = withDeadline(SHORT, () =>
      test.db.begin(async (tx) => {
        const own = await pidOf(tx);
        Deno.kill(own, "SIGSTOP");
        await tx`select 1`.finally(() => Deno.kill(own, "SIGCONT"));
      }));
    equal(await codeOf(tx), "DEADLINE");
    same(await Promise.all([1, 2].map(() => codeOf(test.db`select 1`))), ["done", "done"]);
  } finally {
    Deno.kill(pid, "SIGCONT");
  }
});

Deno.test("a statement has the limit of its caller on the server too", async () => {
  await using test = await start();
  const limit = async () => (await test.db`show statement_timeout`)[0]!.statement_timeout;
  equal(await limit(), "30s");
  equal(await withDeadline(DEADLINES.call, limit), "4500ms");
  equal(await withDeadline(DEADLINES.long, limit), "0");
  equal(await withDeadline(DEADLINES.database, limit), "1min");
});

Deno.test("the statements of one call have its time together, waiting for a connection included", async () => {
  await using test = await start();
  const call = { ...SHORT, shared: true } as const;
  const started = performance.now();
  const code = codeOf(withDeadline(call, async () => {
    for (;;) await test.db`select pg_sleep(0.2)`;
  }));
  equal(await code, "DEADLINE");
  const both = await Promise.all([holdSession(test.db), holdSession(test.db)]);
  equal(await codeOf(withDeadline(call, () => test.db`select 1`)), "DEADLINE");
  ok(performance.now() - started < 3000);
  for (const one of both) await one.release();
});

Deno.test("what has no deadline as a whole ends when no byte comes and nothing works", async () => {
  await using test = await start();
  const long = { statement: 0, whole: Infinity, silence: 300 };
  const busy = () => test.db`select count(*) from generate_series(1, 8000000)`;
  equal(await codeOf(withDeadline(long, busy)), "done");
  equal(await codeOf(withDeadline(long, () => test.db`select pg_sleep(10)`)), "DEADLINE");
});

Deno.test("work under a lock sends nothing more once the lock is lost", async () => {
  await using test = await start();
  const sent: string[] = [];
  const work = withLock(test.db, 4711, async () => {
    const [row] = await test.other`
      select pid from pg_locks where locktype = 'advisory' and objid = 4711`;
    sent.push(await codeOf(test.db`select 1`));
    await end(test.other, row!.pid);
    await pause(100);
    sent.push(await codeOf(test.db`select 1`));
    sent.push(await codeOf(test.db.begin((tx) => tx`select 1`.then(() => {}))));
  });
  await work;
  same(sent, ["done", "LOCK_LOST", "LOCK_LOST"]);
  equal(await withLock(test.db, 4711, () => Promise.resolve("free")), "free");
});

Deno.test("an answer that is lost after COMMIT, or after a change, leaves the outcome open", async () => {
  await using test = await start();
  await test.other`create table t (a int)`;
  await using way = losingAnswers(test.other.address, "commit");
  const db = connect({ ...test.other.address, port: way.port }, 2);
  way.arm();
  equal(
    await codeOf(db.begin((tx) => tx`insert into t values (1)`.then(() => {}))),
    "OUTCOME_UNKNOWN",
  );
  await using other = losingAnswers(test.other.address, "insert into t");
  const plain = connect({ ...test.other.address, port: other.port }, 2);
  other.arm();
  equal(await codeOf(plain`insert into t values (2)`), "OUTCOME_UNKNOWN");
  await using reads = losingAnswers(test.other.address, "select a");
  const reader = connect({ ...test.other.address, port: reads.port }, 2);
  reads.arm();
  await rejects(reader`select a from t`, isConnectionLost);
  same((await test.other`select a from t order by a`).map(({ a }) => a), [1, 2]);
  for (const one of [db, plain, reader]) await one.end({ timeout: 1 });
});

Deno.test("whileAnswering() waits for long work while the server answers", async () => {
  await using test = await start();
  const slow = () => test.db`select pg_sleep(1.2)`.then(() => "done");
  equal(await whileAnswering(test.other, slow), "done");
  const closed = connect({ ...test.other.address, port: 1 }, 1);
  await rejects(whileAnswering(closed, slow), { code: "ECONNREFUSED" });
  await pause(1000); // the work's own end
});
