import { unavailable } from "../errors.ts";
import { orAborted } from "../external/abort.ts";

/** Each takes a core, and up to 100 MB. */
export const IMPORTS = { most: 2, waiting: 32 };

export type Queue = <T>(signal: AbortSignal, work: () => Promise<T>) => Promise<T>;

/** Runs `most` imports at a time; up to `waiting` others wait. Throws 503 `imports_busy` beyond. */
export function queueImports(most: number, waiting: number): Queue {
  let busy = 0;
  const queue: (() => void)[] = [];
  const release = () => {
    const next = queue.shift();
    if (next) next();
    else busy--;
  };
  async function enter(signal: AbortSignal) {
    if (busy < most) return void busy++;
    if (queue.length >= waiting) {
      throw unavailable("imports_busy", "Other imports are under way: try again in a moment.");
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    queue.push(resolve);
    try {
      await orAborted(promise, signal);
    } catch (error) {
      const at = queue.indexOf(resolve);
      if (at >= 0) queue.splice(at, 1);
      else release(); // its turn came at the same moment
      throw error;
    }
  }
  return async (signal, work) => {
    await enter(signal);
    try {
      return await work();
    } finally {
      release();
    }
  };
}
