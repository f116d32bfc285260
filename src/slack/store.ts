import type { Db } from "../external/postgres/postgres.ts";

/** Slack repeats an event for a day at most. */
const DAYS_KEPT = 3;

/** Records a signature or the id of a call, for all processes. False: it was there already. */
export async function insertSeen(db: Db, id: string): Promise<boolean> {
  const { count } = await db`insert into slack_seen (id) values (${id}) on conflict do nothing`;
  return count === 1;
}

export async function pruneSeen(db: Db): Promise<void> {
  await db`delete from slack_seen where at < now() - make_interval(days => ${DAYS_KEPT})`;
}
