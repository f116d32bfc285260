import { DEADLINES, withDeadline } from "./deadlines.ts";
import { pause } from "../abort.ts";
import type { Db } from "./postgres.ts";

const ASK_AGAIN_MS = 500;

export async function ping(db: Db): Promise<void> {
  await withDeadline(DEADLINES.probe, () => db`select 1`);
}

/** Waits for longer work as long as the server answers; then throws, while the work goes on. */
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

async function untilSilent(db: Db, over: AbortSignal): Promise<never> {
  for (;;) {
    await pause(ASK_AGAIN_MS, over);
    if (over.aborted) return await new Promise<never>(() => {});
    await ping(db);
  }
}
