import type { Db } from "../external/postgres/postgres.ts";
import { needsAttention } from "./named_store.ts";
import type { Step } from "./row.ts";

/** A row that still has to reach "done". */
const isOpen = (db: Db) =>
  db`d.step <> 'done' and not ${needsAttention(db)} and d.deleted_at is null
    and d.archived_at is null`;

/** How many rows there are of each step, outcome and cause, tombstones and archived ones left out. */
export async function countRows(db: Db) {
  return await db<
    {
      step: Step;
      outcome: string | null;
      stopped: boolean;
      stop_code: string | null;
      rows: number;
    }[]
  >`
    select step, outcome, stopped, stop_code, count(*) as rows from dashboards
    where deleted_at is null and archived_at is null
    group by step, outcome, stopped, stop_code order by step, outcome, stop_code`;
}

/**
 * By step: the rows that wait, and for how long the oldest has been at its step. One that was put off on
 * purpose does not wait, unless it has a code: what it needs is being installed.
 */
export async function oldestWaiting(db: Db) {
  return await db<{ step: Step; rows: number; seconds: number }[]>`
    select step, count(*) as rows, extract(epoch from now() - min(waiting_since))::float8 as seconds
    from dashboards d
    where ${isOpen(db)} and (failures > 0 or stop_code is not null or next_try_at <= now())
    group by step order by step`;
}

/** The rows that are tried again after a failure, and the one that failed most often. */
export async function retriedRows(db: Db) {
  const [row] = await db<{ rows: number; most: number; step: Step; last_error: string | null }[]>`
    select count(*) over () as rows, failures as most, step, last_error
    from dashboards d where ${isOpen(db)} and failures > 0
    order by failures desc, id limit 1`;
  return row ?? { rows: 0, most: 0, step: "create" as const, last_error: null };
}

const MOST_USERS = 5;

/** The rows that wait for a person, by cause and step; `users`: at most five. */
export async function stoppedRows(db: Db) {
  return await db<
    { code: string | null; step: Step; rows: number; users: string[]; last_error: string | null }[]
  >`
    select d.stop_code as code, d.step, count(*) as rows,
      (array_agg(distinct u.username::text))[:${db.unsafe(String(MOST_USERS))}] as users,
      (array_agg(d.last_error order by d.next_try_at desc, d.id desc))[1] as last_error
    from dashboards d join users u on u.id = d.user_id
    where d.stopped and d.deleted_at is null and d.archived_at is null
    group by d.stop_code, d.step order by count(*) desc, 1, 2`;
}

/** Lists and digests of the last day that Slack refused; the newest refusal. */
export async function stoppedMessages(db: Db) {
  const [row] = await db<{ messages: number; code: string; last_error: string }[]>`
    select count(*) over () as messages, stop_code as code, last_error
    from channel_messages
    where sent_at is null and stop_code is not null and created_at > now() - interval '1 day'
    order by id desc limit 1`;
  return row;
}

/** `capture_tries`: captures without a finished dashboard. */
export async function findTries(db: Db, id: number) {
  const [row] = await db<{ failures: number; capture_tries: number; deaths: number }[]>`
    select failures, capture_tries, deaths from dashboards where id = ${id}`;
  return row!;
}
