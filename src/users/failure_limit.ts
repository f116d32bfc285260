import { AppError } from "../errors.ts";

/** Throws 429 with Retry-After beyond the limit. */
export type FailureLimit = { count(from: string, key: string): void };

const MOST_A_MINUTE = 20;
const MINUTE_MS = 60_000;
/** Of `dk_` and 43 characters: enough to distinguish keys, too few to help anybody. */
const PREFIX = 8;
const MOST_PLACES = 10_000;

/** 20 failures a minute for each address and each key prefix. */
export function limitFailures(now: () => number = Date.now): FailureLimit {
  const seen = new Map<string, { count: number; ends: number }>();
  function add(place: string): number {
    const at = now();
    let entry = seen.get(place);
    if (!entry || entry.ends <= at) {
      seen.delete(place);
      seen.set(place, entry = { count: 0, ends: at + MINUTE_MS });
      if (seen.size > MOST_PLACES) seen.delete(seen.keys().next().value!);
    }
    entry.count++;
    return entry.count > MOST_A_MINUTE ? Math.ceil((entry.ends - at) / 1000) : 0;
  }
  return {
    count(from, key) {
      const seconds = Math.max(add(`from ${from}`), add(`key ${key.slice(0, PREFIX)}`));
      if (seconds === 0) return;
      throw new AppError("too_many_attempts", 429, `Too many wrong keys: wait ${seconds} s.`, {
        headers: { "Retry-After": `${seconds}` },
      });
    },
  };
}
