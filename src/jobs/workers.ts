import type { Sql } from "../external/postgres/postgres.ts";
import { nextTry, type Step } from "../pipeline/row.ts";
import { makeAlarm } from "./clock.ts";
import { asJob, type Logged, logged } from "./log.ts";

export type Workers = { wake(): void; idle(): Promise<void> };

/** The wait after a failed claim. */
const RETRY_MS = 5_000;
const LONGEST_WAIT_MS = 60_000;

/** Processes a step's rows with up to `most` workers, then sleeps until the next row is due. */
export function startWorkers(
  deps: Logged & { db: Sql },
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
      if (!await asJob(deps, next) && !isWoken) return;
    }
  }
  function fail(error: unknown) {
    logged(deps, step)(error);
    hasFailed = true;
  }
  /** After a failed claim the row is still due: without a pause the loop would spin. */
  async function sleep() {
    const ms = hasFailed ? undefined : await nextTry(deps.db, step).catch(fail) ?? undefined;
    wakeIn(hasFailed ? RETRY_MS : ms === undefined ? ms : Math.min(ms + 50, LONGEST_WAIT_MS));
  }
  function wake() {
    isWoken = true;
    hasFailed = false;
    while (!signal.aborted && running.size < most) {
      const work = worker().catch(fail).finally(() => {
        running.delete(work);
        if (running.size === 0 && !signal.aborted) sleep();
      });
      running.add(work);
    }
  }
  const wakeIn = makeAlarm(wake, signal);
  return { wake, idle: async () => void await Promise.allSettled([...running]) };
}

/** Runs `work` one at a time; wake-ups during a run start one more. */
export function oneAtATime(
  deps: Logged,
  name: string,
  work: () => Promise<void>,
  signal: AbortSignal,
): Workers {
  let running: Promise<void> | undefined;
  let isWoken = false;
  async function run() {
    while (isWoken && !signal.aborted) {
      isWoken = false;
      await asJob(deps, work).catch(logged(deps, name));
    }
  }
  return {
    wake() {
      isWoken = true;
      running ??= run().finally(() => running = undefined);
    },
    idle: async () => void await running,
  };
}
