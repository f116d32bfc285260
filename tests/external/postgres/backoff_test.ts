import { deepStrictEqual as same, strictEqual as equal } from "node:assert/strict";
import { backoff } from "../../../src/external/postgres/backoff.ts";
import { LOCKS } from "../../../src/external/postgres/lock.ts";
import { freshDatabase } from "../../help/world/postgres.ts";

Deno.test("backoff() doubles from 5 s to 10 min, and is never below what is asked", async () => {
  await using fresh = await freshDatabase();
  const { db } = fresh;
  const secondsFrom = async (atLeast: number) => {
    const rows = await db<{ s: number }[]>`
      select extract(epoch from ${backoff(db, "failures", atLeast)})::float8 as s
      from unnest(array[0, 1, 2, 6, 7, 5000]) with ordinality f (failures, n) order by n`;
    return rows.map(({ s }) => s);
  };
  same(await secondsFrom(0), [5, 10, 20, 320, 600, 600]);
  same(await secondsFrom(30), [30, 30, 30, 320, 600, 600]);
});

Deno.test("LOCKS has no number twice", () => {
  equal(new Set(Object.values(LOCKS)).size, Object.keys(LOCKS).length);
});
