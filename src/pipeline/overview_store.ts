import type { Db } from "../external/postgres/postgres.ts";
import type { KeyNumber } from "../measures/number.ts";
import { type Named, named, needsAttention } from "./named_store.ts";
import type { Step } from "./row.ts";

/** Counting ends here, so that it takes a few milliseconds at any size. */
export const MOST_COUNTED = 1_000;

/** Rows that are neither removed nor archived: of one user, or of all. */
const shown = (db: Db, user_id: number | undefined) =>
  db`d.deleted_at is null and d.archived_at is null
    ${user_id === undefined ? db`` : db`and d.user_id = ${user_id}`}`;

export async function hasRows(db: Db, user_id: number | undefined): Promise<boolean> {
  const rows = await db`select from dashboards d where ${shown(db, user_id)} limit 1`;
  return rows.length > 0;
}

/** Tables with runs found since, counted up to MOST_COUNTED + 1. */
export async function countFound(
  db: Db,
  since: string,
  user_id: number | undefined,
): Promise<number> {
  const [row] = await db<{ tables: number }[]>`
    select count(*) as tables from (
      select from dashboards d where d.run_at >= ${since} and ${shown(db, user_id)}
      limit ${MOST_COUNTED + 1}) found`;
  return row!.tables;
}

/** The tables whose newest run was found last. */
export async function lastFound(db: Db, since: string, user_id: number | undefined, most: number) {
  return await db<(Named & { run_at: string })[]>`
    select ${named(db)}, d.run_at from dashboards d
    where d.run_at >= ${since} and ${shown(db, user_id)}
    order by d.run_at desc limit ${most}`;
}

/** By step: open rows, counted up to MOST_COUNTED + 1, and since when the oldest is at it. */
export async function waitingRows(db: Db, user_id: number | undefined) {
  return await db<{ step: Step; rows: number; oldest: string | null }[]>`
    select step, count(waiting_since) as rows, min(waiting_since) as oldest
    from unnest(array['create', 'capture', 'notify']) with ordinality as s (step, position)
      left join lateral (
        select d.waiting_since from dashboards d
        where d.step = s.step and d.step <> 'done' and not ${needsAttention(db)}
          and ${shown(db, user_id)}
        order by d.waiting_since limit ${MOST_COUNTED + 1}) waiting on true
    group by step, position order by position`;
}

export type Stopped = Named & {
  step: Step;
  outcome: string | null;
  last_error: string | null;
  error_code: string | null;
  /** Rows of the same user that stopped for the same reason, itself counted. */
  rows: number;
};

const MOST_STOPPED = 200;

/** Of the rows that stopped last, one for each user, step and reason. */
export async function stoppedLast(db: Db, user_id: number | undefined, most: number) {
  return await db<Stopped[]>`
    with last as materialized (
      select d.id, d.user_id, d.step, d.stop_code, d.last_error, d.next_try_at from dashboards d
      where d.stopped and ${shown(db, user_id)}
      order by d.next_try_at desc limit ${MOST_STOPPED}
    ), causes as (
      select distinct on (user_id, step, stop_code, last_error) id, next_try_at,
        count(*) over (partition by user_id, step, stop_code, last_error) as rows
      from last order by user_id, step, stop_code, last_error, next_try_at desc
    ), newest as (select * from causes order by next_try_at desc limit ${most})
    select ${named(db)}, d.step, d.outcome, d.last_error, d.stop_code as error_code, n.rows
    from newest n join dashboards d on d.id = n.id order by n.next_try_at desc`;
}

/** Own tables among which a member's worse runs and previews are looked for. */
const MOST_OWN = 200;

/** The user's tables with the newest runs; of all users: no condition. */
const amongNewest = (db: Db, user_id: number | undefined) =>
  user_id === undefined ? db`true` : db`d.id = any(array(
    select d.id from dashboards d where ${shown(db, user_id)} order by d.run_at desc
    limit ${MOST_OWN}))`;

export type WorseRun = Named & { of_run: number; numbers_at: string; numbers: KeyNumber[] };

/** Runs whose numbers came since, with the sure numbers that went the wrong way; newest first. */
export async function worseRuns(db: Db, since: string, user_id: number | undefined, most: number) {
  // The condition is that of the index.
  return await db<WorseRun[]>`
    select ${named(db)}, r.run as of_run, r.numbers_at, jsonb_path_query_array(
      r.numbers, '$[*] ? (@.better == false && !(@.sure == false))') as numbers
    from runs r join dashboards d on d.id = r.dashboard_id
    where r.numbers_at >= ${since}
      and r.numbers @? '$[*] ? (@.better == false && !(@.sure == false))'
      and ${amongNewest(db, user_id)} and ${shown(db, user_id)}
    order by r.numbers_at desc limit ${most}`;
}

/** Of the tables with the newest runs, those whose pictures were taken last. */
export async function lastPreviews(db: Db, user_id: number | undefined, most: number) {
  return await db<(Named & { captured_at: string })[]>`
    with newest as materialized (
      select * from dashboards d where ${shown(db, user_id)} order by d.run_at desc
      limit ${MOST_OWN})
    select ${named(db)}, r.captured_at
    from newest d join runs r on r.dashboard_id = d.id and r.run = d.run
    where r.thumbnail is not null and r.captured_at is not null
    order by r.captured_at desc limit ${most}`;
}
