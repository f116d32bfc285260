import { oidOf } from "./content.ts";

export type Seen = { content: string; rows: number; writing: boolean };
/** State of the previous scan; `since`: when the change began. */
export type Remembered = { content: string; changed_at: Date; since: Date; scan_at: Date | null };
export type Known = {
  content: string;
  run: number;
  run_at: Date;
  busy: boolean; // between "create" and "notify"
  archived: boolean;
  deleted: boolean;
};
export type Limits = { settleSeconds: number; updateMinSeconds: number; scanSeconds: number };

/** `found`: start a run. Otherwise `why` and until when it waits (null: nothing new). */
export type Decision = {
  found: boolean;
  why: string | null;
  scan_at: Date | null;
  changed_at: Date;
  since: Date;
};

/** A table that never goes quiet is still reported after this time. */
const LONGEST_DEBOUNCE_SECONDS = 600;

/** A row may be busy for days while Slack is down: do not open its database every few seconds. */
const BUSY_SECONDS = 30;

const later = (time: Date, seconds: number) => new Date(time.getTime() + seconds * 1000);

export const sameTable = (a: string, b: string) => oidOf(a) === oidOf(b);

/** Finds new content in a quiet table. `now` is the database's clock. */
export function decide(
  now: Date,
  seen: Seen,
  before: Remembered | undefined,
  known: Known | undefined,
  limits: Limits,
): Decision {
  const idle = { found: false, why: null, scan_at: null, changed_at: now, since: now };
  if (known?.deleted && sameTable(known.content, seen.content)) return idle;
  if (known && !known.deleted && !known.archived && known.content === seen.content) return idle;
  if (seen.rows === 0) return { ...idle, why: "it has no rows yet" };

  const unchanged = before?.content === seen.content && !seen.writing;
  const changed_at = unchanged ? before.changed_at : now;
  const since = before?.scan_at ? before.since : now;
  const wait = (why: string, scan_at: Date) => ({ found: false, why, scan_at, changed_at, since });

  const quietAt = later(changed_at, limits.settleSeconds);
  const atLast = later(since, LONGEST_DEBOUNCE_SECONDS);
  if (now < quietAt && now < atLast) {
    const why = seen.writing
      ? "it is being written"
      : `waiting for writes to finish (${limits.settleSeconds} s without a change)`;
    return wait(why, seen.writing ? later(now, limits.scanSeconds) : quietAt);
  }
  if (known && !known.deleted) {
    const earliest = later(known.run_at, limits.updateMinSeconds);
    if (now < earliest && !known.archived) {
      return wait(
        `run ${known.run} started less than ${limits.updateMinSeconds} s ago`,
        earliest,
      );
    }
    if (known.busy) {
      return wait(`run ${known.run} is still being processed`, later(now, BUSY_SECONDS));
    }
  }
  return { found: true, why: null, scan_at: null, changed_at, since };
}
