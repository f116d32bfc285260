import { match, ok, rejects, strictEqual as equal } from "node:assert";
import { withSharedReader } from "../../src/dashboards/board/reader.ts";
import { AppError } from "../../src/errors.ts";
import type { Sql } from "../../src/external/postgres/postgres.ts";
import { startWorld } from "../help/world/world.ts";

const pidOf = async (reader: Sql) =>
  (await reader<{ pid: number }[]>`select pg_catalog.pg_backend_pid() as pid`)[0]!.pid;
const after = (ms: number) => new Promise((done) => setTimeout(done, ms));

Deno.test("withSharedReader() asks twenty questions with three logins, and leaves none open", async () => {
  await using test = await startWorld({ user: true });
  const ask = () =>
    withSharedReader(test.deps, test.ada.id, "qor", async (reader) => {
      await reader`select pg_catalog.pg_sleep(0.05)`;
      return await pidOf(reader);
    });
  const pids = new Set(await Promise.all(Array.from({ length: 20 }, ask)));
  ok(pids.size <= 3, `${pids.size} logins`);
  ok(pids.has(await ask()), "the next question of a page logged in again");
  await after(500);
  const open = async () =>
    await test.db`select pid from pg_stat_activity
      where datname = ${`${test.ada.username}_qor`} and backend_type = 'client backend'`;
  equal((await open()).length, 0);
  ok(!pids.has(await ask()));
});

Deno.test("withSharedReader() gives a failure to who asked, and the others another reader", async () => {
  await using test = await startWorld({ user: true });
  const ask = (work: (reader: Sql) => Promise<number>) =>
    withSharedReader(test.deps, test.ada.id, "qor", work);
  let broken = 0;
  const failing = ask(async (reader) => {
    broken = await pidOf(reader);
    await test.db`select pg_terminate_backend(${broken})`;
    return await pidOf(reader);
  });
  const refused = rejects(failing);
  const others = await Promise.all(Array.from({ length: 9 }, () => ask(pidOf)));
  await refused;
  ok(!others.includes(broken) && others.length === 9);
  await after(1200); // the driver's own second for a connection that broke
});

Deno.test("withSharedReader() goes on with the reader of a query that was refused", async () => {
  await using test = await startWorld({ user: true });
  const ask = (work: (reader: Sql) => Promise<number>) =>
    withSharedReader(test.deps, test.ada.id, "qor", work);
  let first = 0;
  const refused = ask(async (reader) => {
    first = await pidOf(reader);
    throw new AppError("query_refused", 400, "The query divides by zero.");
  });
  await rejects(refused, /divides by zero/);
  equal(await ask(pidOf), first);
});

Deno.test("withSharedReader() says to each who waits that there is no such workspace", async () => {
  await using test = await startWorld({ user: true });
  const asked = Array.from({ length: 7 }, () => withSharedReader(test.deps, -1, "qor", pidOf));
  for (const { status, reason } of (await Promise.allSettled(asked)) as PromiseRejectedResult[]) {
    equal(status, "rejected");
    match(reason.message, /no such workspace/);
  }
});
