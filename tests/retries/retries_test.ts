import { deepStrictEqual as same, strictEqual as equal } from "node:assert";
import { type Failure, runRetries } from "../../src/retries/retries.ts";
import { claimDue, enqueue, finish, nextDue } from "../../src/retries/store.ts";
import { freshDatabase } from "../help/world/postgres.ts";

const never = new AbortController().signal;
const retry = (subject: string, target = "") => ({ kind: "drop", subject, target, payload: {} });
const dueNow = (db: Parameters<typeof enqueue>[0]) => db`update retries set due_at = now()`;

Deno.test("runRetries() removes what is done and postpones the rest, each time longer", async () => {
  await using fresh = await freshDatabase();
  const { db } = fresh;
  for (const name of ["ada", "bob"]) await enqueue(db, retry(name));
  const drop = ({ subject }: { subject: string }): Promise<Failure | undefined> =>
    Promise.resolve(subject === "ada" ? undefined : { message: "refused", unavailable: false });
  for (const wait of [5, 10, 20]) {
    await runRetries(db, { drop }, never);
    const rows = await db`
      select subject, message, round(extract(epoch from due_at - now()))::int as wait from retries`;
    same([...rows], [{ subject: "bob", message: "refused", wait }]);
    await dueNow(db);
  }
});

Deno.test("runRetries() postpones the rest of an unavailable target with it, and does that of others", async () => {
  await using fresh = await freshDatabase();
  const { db } = fresh;
  for (const name of ["a1", "a2", "a3", "b1", "b2"]) await enqueue(db, retry(name, name[0]));
  const tried: string[] = [];
  const drop = ({ subject, target }: { subject: string; target: string }) => {
    tried.push(subject);
    return Promise.resolve(target === "a" ? { message: "silent", unavailable: true } : undefined);
  };
  await runRetries(db, { drop }, never);
  equal(tried.filter((name) => name.startsWith("a")).length, 1);
  same(tried.filter((name) => name.startsWith("b")).sort(), ["b1", "b2"]);
  same(
    [
      ...await db`
      select count(*)::int as left, count(distinct due_at)::int as times,
        min(due_at) > now() + interval '4 seconds' as later from retries`,
    ],
    [{ left: 3, times: 1, later: true }],
  );
});

Deno.test("claimDue() gives a row to one worker; finish() leaves one that was enqueued anew", async () => {
  await using fresh = await freshDatabase();
  const { db } = fresh;
  await enqueue(db, retry("ada"));
  const [claimed] = await claimDue(db, ["drop"]);
  equal((await claimDue(db, ["drop"])).length, 0);
  await enqueue(db, retry("ada"));
  await finish(db, claimed!);
  equal((await nextDue(db))! <= 0, true);
  await finish(db, (await claimDue(db, ["drop"]))[0]!);
  equal(await nextDue(db), undefined);
});

Deno.test("runRetries() counts work that was interrupted as neither done nor failed", async () => {
  await using fresh = await freshDatabase();
  const { db } = fresh;
  for (const name of ["ada", "bob"]) await enqueue(db, retry(name));
  const stop = new AbortController();
  const drop = () => {
    stop.abort();
    return Promise.resolve({ message: "aborted", unavailable: true });
  };
  await runRetries(db, { drop }, stop.signal);
  same([...await db`select failures from retries`], [{ failures: 0 }, { failures: 0 }]);
});
