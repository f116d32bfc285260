import type { Db } from "./postgres.ts";

/**
 * The wait before the next try, an SQL interval: 5 s, doubling to 10 min with the failures so far, which
 * `column` counts; `atLeast` in seconds.
 */
export function backoff(db: Db, column: string, atLeast = 0) {
  return db`greatest(least(5 * 2 ^ least(${
    db(column)
  }, 10), 600), ${atLeast}) * interval '1 second'`;
}
