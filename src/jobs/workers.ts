import { faultOf } from "../external/log/fault.ts";
import type { Sql } from "../external/postgres/postgres.ts";
import { nextTry } from "../pipeline/due_store.ts";
import type { Step } from "../pipeline/row.ts";
import { makeAlarm } from "./clock.ts";
import { asJob, type Logged, logged } from "./log.ts";

export type Workers = { wake(): void; idle(): Promise<void> };

/** `next` takes one row; `busy` are users whose rows it leaves for later. */
type Work = { most: number; next: () => Promise<boolean>; busy?: () => number[] };

/** The wait after a failed claim. */
const RETRY_MS = 5_000;
const LONGEST_WAIT_MS = 60_000;

/** Processes a step's rows with up to `most` workers, which end when nothing is due and wake when something is. */
export function startWorkers(
  deps: Logged & { db: Sql },
  step: Step,
  { most, next, busy = () => [] }: Work,
  signal: AbortSignal,
): Workers {
  const running = new Set<Promise<void>>();
  let isWoken = false;
  const failed = failuresOf(deps, step);

  async function worker() {
    while (!signal.aborted) {
      isWoken = false;
      if (!await asJob(deps, next) && !isWoken) return;
    }
  }
  /** After a failed claim the row is still due: without a pause the loop would spin. */
  const sleeper = oneAtATime(deps, step, async () => {
    const ms = failed.any() ? undefined : await nextTry(deps.db, step, busy()).catch(failed.note);
    wakeIn(failed.any() ? RETRY_MS : ms === undefined ? ms : Math.min(ms + 50, LONGEST_WAIT_MS));
  }, signal);
  function wake() {
    isWoken = true;
    failed.clear();
    while (!signal.aborted && running.size < most) {
      const work = worker().catch(failed.note).finally(() => {
        running.delete(work);
        sleeper.wake();
      });
      running.add(work);
    }
  }
  const wakeIn = makeAlarm(wake, signal);
  const idle = () => Promise.allSettled([...running]).then(sleeper.idle);
  return { wake, idle };
}

/** What fails all workers in the same way is logged once. */
function failuresOf(deps: Logged, step: Step) {
  const seen = new Set<string>();
  return {
    any: () => seen.size > 0,
    clear: () => seen.clear(),
    note(error: unknown): undefined {
      const fault = JSON.stringify(faultOf(error));
      if (!seen.has(fault)) logged(deps, step)(error);
      seen.add(fault);
    },
  };
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
