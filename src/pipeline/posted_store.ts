import type { Db } from "../external/postgres/postgres.ts";
import { usernameOf } from "../users/store.ts";
import type { Kind } from "../workspaces/names.ts";
import { type RunState, stateColumns } from "./mute_store.ts";

/** The posted runs of a dashboard whose messages show its state: the newest one, and `run`. */
export async function shownRuns(db: Db, id: number, run?: number): Promise<number[]> {
  const rows = await db<{ run: number }[]>`
    select run from runs where dashboard_id = ${id} and slack_ts is not null
      and (run = ${run ?? null} or run = (
        select max(run) from runs where dashboard_id = ${id} and slack_ts is not null))`;
  return rows.map(({ run }) => run);
}

/** A run's message in Slack. */
export type PostedRun = {
  id: number;
  run: number;
  newest_run: number;
  user_id: number;
  username: string;
  kind: Kind;
  schema_name: string;
  table_name: string;
  slack_app: "installation" | "user" | null;
  slack_team: string | null;
  slack_channel: string;
  slack_ts: string;
  slack_message: { text: string; blocks: { type: string; elements?: { action_id?: string }[] }[] };
  /** A worker is posting or updating it. */
  is_posting: boolean;
} & RunState;

export async function findPostedRun(
  db: Db,
  id: number,
  run: number,
): Promise<PostedRun | undefined> {
  const [row] = await db<PostedRun[]>`
    select d.id, r.run, d.run as newest_run, d.user_id, ${
    usernameOf(db, db`d.user_id`)
  } as username, d.kind, d.schema_name, d.table_name,
      r.slack_app, r.slack_team, r.slack_channel, r.slack_ts, r.slack_message,
      d.run = r.run and d.step = 'notify' and coalesce(d.claimed_until > now(), false) as is_posting,
      ${stateColumns(db)}
    from runs r join dashboards d on d.id = r.dashboard_id
    where d.id = ${id} and r.run = ${run} and d.deleted_at is null
      and r.slack_ts is not null and r.slack_message is not null`;
  return row;
}

/** False: the message has changed since `before` was read. */
export async function saveRestated(
  db: Db,
  { id, run, slack_message: before }: PostedRun,
  message: unknown,
): Promise<boolean> {
  const { count } = await db`
    update runs set slack_message = ${JSON.stringify(message)}::text::jsonb
    where dashboard_id = ${id} and run = ${run}
      and slack_message = ${JSON.stringify(before)}::text::jsonb`;
  return count === 1;
}
