import type { Sql } from "../external/postgres/postgres.ts";
import * as store from "./store.ts";

/** `unavailable`: other work for the same target would fail as well. */
export type Failure = { message: string; unavailable: boolean };
/** Returns undefined once the work is done; throws nothing. */
export type Handler = (retry: store.Claimed) => Promise<Failure | undefined>;

/** All targets at the same time: an unavailable one delays only its own work. An abort is no failure. */
export async function runRetries(
  db: Sql,
  handlers: Record<string, Handler>,
  signal: AbortSignal,
  subject?: string,
): Promise<void> {
  const due = await store.claimDue(db, Object.keys(handlers), subject);
  const targets = Map.groupBy(due, ({ target }) => target).values();
  await Promise.all(Array.from(targets, async (retries) => {
    for (const [i, retry] of retries.entries()) {
      if (signal.aborted) return;
      const failure = await handlers[retry.kind]!(retry);
      if (failure && signal.aborted) return;
      if (!failure) await store.finish(db, retry);
      else await store.postpone(db, retry, failure.message);
      if (failure?.unavailable) return await store.postponeTarget(db, retry, retries.slice(i + 1));
    }
  }));
}
