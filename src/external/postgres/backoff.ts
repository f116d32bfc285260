import type { Db } from "./postgres.ts";

/** The wait after `column` failures, an SQL interval: 5 s, doubling to 10 min; `atLeast` in s. */
export function backoff(db: Db, column: string, atLeast = 0) {
  return db`greatest(least(5 * 2 ^ least(${
    db(column)
  }, 10), 600), ${atLeast}) * interval '1 second'`;
}
