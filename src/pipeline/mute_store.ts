import type { Db, Fragment } from "../external/postgres/postgres.ts";

/** Who did what with a run and its dashboard, and when; each `by` is the audit's actor. */
export type RunState = {
  muted_by: string | null;
  muted_until: string | null;
  /** Null also for a change before the run was posted. */
  mute_changed_by: string | null;
  mute_changed_at: string | null;
  recaptured_by: string | null;
  recaptured_at: string | null;
  acknowledged_by: string | null;
  acknowledged_at: string | null;
};

/** Of a row `d` of dashboards: no run of it is posted now. */
export const isMuted = (db: Db): Fragment =>
  db`(d.muted_by is not null and coalesce(d.muted_until > now(), true))`;

const isShown = (db: Db) =>
  db`(${isMuted(db)} or d.muted_by is null and d.mute_changed_at > r.posted_at)`;

/** RunState of a run `r` of the dashboard `d`; `isTaken`: the preview that was asked for is there. */
export const stateColumns = (db: Db, isTaken = db`not r.replacing`): Fragment =>
  db`case when ${isMuted(db)} then d.muted_by end as muted_by,
    case when ${isMuted(db)} then d.muted_until end as muted_until,
    case when ${isShown(db)} then d.mute_changed_by end as mute_changed_by,
    case when ${isShown(db)} then d.mute_changed_at end as mute_changed_at,
    case when ${isTaken} then r.recaptured_by end as recaptured_by,
    case when ${isTaken} then r.recaptured_at end as recaptured_at,
    r.acknowledged_by, r.acknowledged_at`;

/** `until` null: for good. False: there is no such row. */
export async function mute(
  db: Db,
  id: number,
  by: string,
  until: string | null,
): Promise<boolean> {
  const { count } = await db`
    update dashboards set muted_by = ${by}, muted_until = ${until}, mute_changed_by = ${by},
      mute_changed_at = now()
    where id = ${id} and deleted_at is null`;
  return count === 1;
}

/** False: it was not muted. */
export async function unmute(db: Db, id: number, by: string): Promise<boolean> {
  const { count } = await db`
    update dashboards d set muted_by = null, muted_until = null, mute_changed_by = ${by},
      mute_changed_at = now()
    where id = ${id} and deleted_at is null and ${isMuted(db)}`;
  return count === 1;
}

/** False: it was acknowledged before. */
export async function acknowledge(
  db: Db,
  { id, run }: { id: number; run: number },
  by: string,
): Promise<boolean> {
  const { count } = await db`
    update runs set acknowledged_by = ${by}, acknowledged_at = now()
    where dashboard_id = ${id} and run = ${run} and acknowledged_by is null`;
  return count === 1;
}

const SECONDS_BETWEEN_CAPTURES = 60;

/**
 * The run's message gets the preview that is taken next. Returns the seconds to wait where the dashboard's
 * last one was asked for less than a minute ago; lock the row first.
 */
export async function beginReplacing(
  db: Db,
  { id, run }: { id: number; run: number },
  by: string,
): Promise<number> {
  const [last] = await db<{ seconds: number }[]>`
    select ceil(extract(epoch from max(recaptured_at) - now()))::int + ${SECONDS_BETWEEN_CAPTURES}::int
      as seconds
    from runs where dashboard_id = ${id} and recaptured_at is not null having count(*) > 0`;
  if (last && last.seconds > 0) return last.seconds;
  await db`
    update runs set replacing = true, recaptured_by = ${by}, recaptured_at = now()
    where dashboard_id = ${id} and run = ${run}`;
  return 0;
}

/** Notifies pages and workers that the row changed in another way than by a step. */
export async function announce(db: Db, id: number): Promise<void> {
  await db`
    select pg_notify('dashkeeper_dashboards', json_build_object(
      'id', id, 'user_id', user_id, 'step', step)::text)
    from dashboards where id = ${id}`;
}
