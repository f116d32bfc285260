import { DEADLINES, withDeadline } from "./deadlines.ts";
import { pause } from "../abort.ts";
import type { Db } from "./postgres.ts";

const ASK_AGAIN_MS = 500;

/** Whether the server answers; throws why it does not. */
export async function ping(db: Db): Promise<void> {
  await withDeadline(DEADLINES.probe, () => db`select 1`);
}

/**
 * For a call that waits for longer work, such as CREATE DATABASE: the work's result, as long as the server
 * answers. When it does not, this throws, and the work runs to its own end.
 */
export async function whileAnswering<T>(db: Db, work: () => Promise<T>): Promise<T> {
  const over = new AbortController();
  const running = withDeadline(DEADLINES.job, work);
  running.catch(() => {});
  try {
    return await Promise.race([running, untilSilent(db, over.signal)]);
  } finally {
    over.abort();
  }
}

/** Throws when the server does not answer any more. */
async function untilSilent(db: Db, over: AbortSignal): Promise<never> {
  for (;;) {
    await pause(ASK_AGAIN_MS, over);
    // Nobody waits for this promise any more.
    if (over.aborted) return await new Promise<never>(() => {});
    await ping(db);
  }
}
