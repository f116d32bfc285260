import { deadlineHere, DEADLINES, HEARTBEAT_MS, until, withDeadline } from "./deadlines.ts";
import type { ISql, Sql } from "./postgres.ts";
import { sqlState } from "./errors.ts";

/** A number, or a text and the seed of its hash. */
export type LockKey = number | { text: string; seed: number };
type Own = { own: ISql; lost: AbortSignal };

/** All our advisory locks; a shared one is the seed of a text's hash. */
export const LOCKS = {
  migrations: 7_203_511,
  firstAdmin: 7_203_512,
  scan: 7_203_513,
  workspace: 7_203_514,
  services: 7_203_515,
  rotation: 7_203_516,
  samples: 7_203_517,
};

const LOCK_NOT_AVAILABLE = "55P03";

/** `work` sends no further statement once the lock's connection is lost. */
export function withLock<T>(db: Sql, key: LockKey, work: () => Promise<T>): Promise<T> {
  return db.session(async (own, lost) => {
    await waitFor(own, key);
    return await underLock({ own, lost }, key, work);
  });
}

/** As withLock(), but returns undefined at once while another session has the lock. */
export function tryLock<T>(
  db: Sql,
  key: LockKey,
  work: () => Promise<T>,
): Promise<T | undefined> {
  return db.session(async (own, lost) => {
    const [row] = await own<{ held: boolean }[]>`
      select pg_try_advisory_lock(${keyOf(own, key)}) as held`;
    return row!.held ? await underLock({ own, lost }, key, work) : undefined;
  });
}

const keyOf = (own: ISql, key: LockKey) =>
  typeof key === "number" ? own`${key}::bigint` : own`hashtextextended(${key.text}, ${key.seed})`;

/** Without a deadline, lock_timeout makes the server answer every 10 s while it waits. */
async function waitFor(own: ISql, key: LockKey): Promise<void> {
  const endless = deadlineHere().whole === Infinity;
  if (!endless) return void await own`select pg_advisory_lock(${keyOf(own, key)})`;
  await own`set lock_timeout = '10s'`;
  for (let held = false; !held;) {
    held = await own`select pg_advisory_lock(${keyOf(own, key)})`.then(() => true, (error) => {
      if (sqlState(error) !== LOCK_NOT_AVAILABLE) throw error;
      return false;
    });
  }
  await own`set lock_timeout = default`;
}

async function underLock<T>({ own, lost }: Own, key: LockKey, work: () => Promise<T>) {
  // A silent server may have given the lock to another session.
  const heartbeat = setInterval(
    () => withDeadline(DEADLINES.call, () => own`select 1`.catch(() => {})),
    HEARTBEAT_MS,
  );
  try {
    return await until(lost, work);
  } finally {
    clearInterval(heartbeat);
    if (!lost.aborted) await own`select pg_advisory_unlock(${keyOf(own, key)})`.catch(() => {});
  }
}
