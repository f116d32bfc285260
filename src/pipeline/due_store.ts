import type { Db } from "../external/postgres/postgres.ts";

export const exceptOf = (db: Db, users: number[]) =>
  users.length > 0 ? db`and user_id <> all(${users}::bigint[])` : db``;

/** Milliseconds until the next row is due, those of the users `except` left out; undefined without one. */
export async function nextTry(
  db: Db,
  step: "create" | "capture" | "notify" | "done",
  except: number[] = [],
): Promise<number | undefined> {
  const [row] = await db<{ ms: number | null }[]>`
    select extract(epoch from
      min(greatest(next_try_at, coalesce(claimed_until, next_try_at))) - now())::float8 * 1000 as ms
    from dashboards where step = ${step} and not stopped ${exceptOf(db, except)}`;
  return row?.ms === null || row?.ms === undefined ? undefined : Math.max(0, row.ms);
}
