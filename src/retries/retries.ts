import type { Sql } from "../external/postgres/postgres.ts";
import * as store from "./store.ts";

/** Why work failed; `unavailable`: other work for the same target would fail as well. */
export type Failure = { message: string; unavailable: boolean };
/** Does the work of one kind; returns undefined once it is done. Throws nothing. */
export type Handler = (retry: store.Retry) => Promise<Failure | undefined>;

/**
 * Does what is due, or what is due of one subject: all targets at the same time, so that one that is
 * unavailable delays its own work only.
 */
export async function runRetries(
  db: Sql,
  handlers: Record<string, Handler>,
  signal: AbortSignal,
  subject?: string,
): Promise<void> {
  const due = await store.claimDue(db, Object.keys(handlers), subject);
  const targets = Map.groupBy(due, ({ target }) => target).values();
  await Promise.all(Array.from(targets, async (left) => {
    while (left.length > 0 && !signal.aborted) {
      const retry = left.shift()!;
      const failure = await handlers[retry.kind]!(retry);
      if (!failure) await store.finish(db, retry);
      else await store.postpone(db, retry, failure.message);
      if (failure?.unavailable) break;
    }
    if (left.length > 0) await store.release(db, left);
  }));
}
