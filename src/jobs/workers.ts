import type { Sql } from "../external/postgres/postgres.ts";
import { nextTry, type Step } from "../pipeline/row.ts";
import { makeAlarm } from "./clock.ts";
import { type Log, logged } from "./log.ts";

/** `idle` resolves when nothing is worked on. */
export type Workers = { wake(): void; idle(): Promise<void> };

/** How long a step waits that could not even ask for its next row. */
const AGAIN_MS = 5_000;
const LONGEST_WAIT_MS = 60_000;

/** Works on a step's rows, `most` at a time, until none is due; then waits for the next one's time. */
export function startWorkers(
  deps: Log & { db: Sql },
  step: Step,
  most: number,
  next: () => Promise<boolean>,
  signal: AbortSignal,
): Workers {
  const running = new Set<Promise<void>>();
  let isWoken = false;
  let hasFailed = false;

  async function worker() {
    while (!signal.aborted) {
      isWoken = false;
      if (!await next() && !isWoken) return;
    }
  }
  function fail(error: unknown) {
    logged(deps, step)(error);
    hasFailed = true;
  }
  /** A row that could not even be claimed stays due: without a pause it would be tried at once. */
  async function rest() {
    const ms = hasFailed ? undefined : await nextTry(deps.db, step).catch(fail) ?? undefined;
    wakeIn(hasFailed ? AGAIN_MS : ms === undefined ? ms : Math.min(ms + 50, LONGEST_WAIT_MS));
  }
  function wake() {
    isWoken = true;
    hasFailed = false;
    while (!signal.aborted && running.size < most) {
      const work = worker().catch(fail).finally(() => {
        running.delete(work);
        if (running.size === 0 && !signal.aborted) rest();
      });
      running.add(work);
    }
  }
  const wakeIn = makeAlarm(wake, signal);
  return { wake, idle: async () => void await Promise.allSettled([...running]) };
}

/** Work of which one run at a time is enough; a wake-up meanwhile makes one more. */
export function oneAtATime(
  deps: Log,
  name: string,
  work: () => Promise<void>,
  signal: AbortSignal,
): Workers {
  let running: Promise<void> | undefined;
  let again = false;
  async function run() {
    while (again && !signal.aborted) {
      again = false;
      await work().catch(logged(deps, name));
    }
  }
  return {
    wake() {
      again = true;
      running ??= run().finally(() => running = undefined);
    },
    idle: async () => void await running,
  };
}
