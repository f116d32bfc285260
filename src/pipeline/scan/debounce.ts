/** What a look saw of a table. `content` changes whenever its rows or columns do. */
export type Seen = { content: string; rows: number; writing: boolean };
/** What the look before left: when this content was first seen, when the change began, what it waits for. */
export type Remembered = { content: string; changed_at: Date; since: Date; look_at: Date | null };
/** The table's row, if it has one. */
export type Known = {
  content: string;
  run: number;
  run_at: Date;
  busy: boolean; // on its way to Slack
  archived: boolean;
  deleted: boolean;
};
export type Limits = { settleSeconds: number; updateMinSeconds: number; scanSeconds: number };

/** `found`: its row goes to "create". Otherwise `why` it waits (null: nothing new), and until when. */
export type Decision = {
  found: boolean;
  why: string | null;
  look_at: Date | null;
  changed_at: Date;
  since: Date;
};

/** A flow that never rests is told all the same. */
const LONGEST_SETTLING_SECONDS = 600;

/** A row may be on its way for days, while Slack is away: its database is not opened every few seconds. */
const BUSY_SECONDS = 30;

const later = (time: Date, seconds: number) => new Date(time.getTime() + seconds * 1000);

/** The table's own number stands first in its content: another one means that it was made anew. */
export const sameTable = (a: string, b: string) => a.split(":")[0] === b.split(":")[0];

/** Whether a table holds something new, and is quiet. `now` is the database's clock. */
export function judge(
  now: Date,
  seen: Seen,
  before: Remembered | undefined,
  known: Known | undefined,
  limits: Limits,
): Decision {
  const rest = { found: false, why: null, look_at: null, changed_at: now, since: now };
  if (known?.deleted && sameTable(known.content, seen.content)) return rest;
  if (known && !known.deleted && !known.archived && known.content === seen.content) return rest;
  if (seen.rows === 0) return { ...rest, why: "it has no rows yet" };

  const unchanged = before?.content === seen.content && !seen.writing;
  const changed_at = unchanged ? before.changed_at : now;
  const since = before?.look_at ? before.since : now;
  const wait = (why: string, look_at: Date) => ({ found: false, why, look_at, changed_at, since });

  const quietAt = later(changed_at, limits.settleSeconds);
  const atLast = later(since, LONGEST_SETTLING_SECONDS);
  if (now < quietAt && now < atLast) {
    const why = seen.writing
      ? "it is being written"
      : `it changed a moment ago and is watched until it has been quiet for ${limits.settleSeconds} s`;
    return wait(why, seen.writing ? later(now, limits.scanSeconds) : quietAt);
  }
  if (known && !known.deleted) {
    const earliest = later(known.run_at, limits.updateMinSeconds);
    if (now < earliest && !known.archived) {
      return wait(
        `run ${known.run} is not ${limits.updateMinSeconds} s old yet`,
        earliest,
      );
    }
    if (known.busy) {
      return wait(`run ${known.run} is still on its way`, later(now, BUSY_SECONDS));
    }
  }
  return { found: true, why: null, look_at: null, changed_at, since };
}
