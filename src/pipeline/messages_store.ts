import type { Db } from "../external/postgres/postgres.ts";
import type { Summary } from "../measures/summary.ts";
import type { Outcome, Panel } from "../previews/outcome.ts";
import { isMuted, type RunState, stateColumns } from "./mute_store.ts";
import { type Claim, lease } from "./row.ts";

export type Run = {
  row_count: number | null;
  rows_before: number | null;
  found_at: string;
  numbers: Summary["numbers"];
  why: string | null;
  gif: Uint8Array | null; // as Slack is to have it
  outcome: Outcome | null;
  panels: Panel[];
  slack_file_id: string | null;
  posting_at: string | null;
  posting_channel: string | null;
  posting_thread: string | null;
  failures: number;
  posted_at: string | null;
  slack_sent_at: string | null;
  slack_channel: string | null;
  slack_ts: string | null;
  slack_message: unknown;
  correcting: boolean;
  corrected: boolean;
  replacing: boolean;
  is_muted: boolean;
  grafana_url: string | null;
} & RunState;

export async function findRun(db: Db, id: number, run: number): Promise<Run | undefined> {
  const [row] = await db<Run[]>`
    select r.row_count, b.row_count as rows_before, r.found_at, r.numbers, r.why,
      coalesce(r.slack_gif, r.gif) as gif, d.outcome, d.panels, r.slack_file_id, r.posting_at,
      r.posting_channel, r.posting_thread, d.failures, r.posted_at, r.slack_sent_at, r.slack_channel, r.slack_ts,
      r.slack_message, r.correcting, r.corrected, r.replacing, ${
    isMuted(db)
  } as is_muted, d.grafana_url,
      ${stateColumns(db, db`true`)}
    from runs r join dashboards d on d.id = r.dashboard_id
      left join runs b on b.dashboard_id = r.dashboard_id and b.run = r.run - 1
    where r.dashboard_id = ${id} and r.run = ${run}`;
  return row;
}

/** False also while the message is to be updated. */
export async function wasPosted(db: Db, { id, run }: Claim): Promise<boolean> {
  const [row] = await db<{ posted: boolean }[]>`
    select posted_at is not null and not correcting and not replacing as posted from runs where dashboard_id = ${id} and run = ${run}`;
  return row?.posted ?? false;
}

export async function saveSlackFile(
  db: Db,
  { id, run }: Pick<Claim, "id" | "run">,
  file: string | null,
) {
  await db`update runs set slack_file_id = ${file} where dashboard_id = ${id} and run = ${run}`;
}

export type Destination = { channel: string; thread_ts: string | null };

/** Records a post before it starts. False: the claim was lost, do not post. */
export async function beginPosting(
  db: Db,
  { id, claim_id, run }: Claim,
  { channel, thread_ts }: Destination,
  message: unknown,
): Promise<boolean> {
  const { count } = await db`
    with claimed as (
      update dashboards set claimed_until = ${lease(db)}
      where id = ${id} and claim_id = ${claim_id} returning id)
    update runs set posting_at = now(), posting_channel = ${channel}, posting_thread = ${thread_ts},
      slack_message = ${JSON.stringify(message)}::text::jsonb
    from claimed where dashboard_id = claimed.id and run = ${run}`;
  return count === 1;
}

/** For a post that Slack is known to have refused. */
export async function endPosting(db: Db, { id, run }: Claim): Promise<void> {
  await db`update runs set posting_at = null where dashboard_id = ${id} and run = ${run}`;
}

/** `app` and `team`: of the token. */
type Sent = {
  channel: string;
  ts: string;
  thread_ts?: string | null;
  app: string;
  team: string | null;
};

/** `sent`: posted to Slack. A correction keeps the time of the first post. */
export async function saveMessage(
  db: Db,
  { id, run }: Claim,
  message: unknown,
  sent: Sent | undefined,
): Promise<void> {
  await db`
    update runs set slack_message = ${JSON.stringify(message)}::text::jsonb, posting_at = null,
      posted_at = coalesce(posted_at, now()), correcting = false, replacing = false,
      corrected = corrected or correcting and num_nonnulls(posted_at, posting_at) > 0,
      slack_app = coalesce(slack_app, ${sent?.app ?? null}),
      slack_team = coalesce(slack_team, ${sent?.team ?? null}),
      slack_channel = coalesce(${sent?.channel ?? null}, slack_channel),
      slack_ts = coalesce(${sent?.ts ?? null}, slack_ts),
      slack_thread = coalesce(${sent?.thread_ts ?? null}, slack_thread),
      slack_sent_at = coalesce(slack_sent_at, case when ${sent !== undefined} then now() end)
    where dashboard_id = ${id} and run = ${run}`;
}

/** Records where the message is, before its GIF follows in the thread. */
export async function saveMessageRef(
  db: Db,
  { id, run }: Claim,
  { channel, ts, thread_ts }: { channel: string; ts: string; thread_ts: string | null },
): Promise<void> {
  await db`
    update runs set posting_at = null, slack_channel = ${channel}, slack_ts = ${ts},
      slack_thread = ${thread_ts}, slack_sent_at = now()
    where dashboard_id = ${id} and run = ${run}`;
}

/** How long runs of a table go into the thread of its first message. */
const THREAD_DAYS = 30;

/** The message that begins the table's thread in a channel, or its batch's list; undefined: there is none, or it is too old. */
export async function findThread(
  db: Db,
  { id, run }: Claim,
  channel: string,
): Promise<string | undefined> {
  const [row] = await db<{ ts: string }[]>`
    select coalesce(slack_thread, slack_ts) as ts from runs
    where dashboard_id = ${id} and run < ${run} and slack_channel = ${channel}
      and slack_ts is not null and (slack_thread is null or batch_id is not null)
      and slack_sent_at > now() - make_interval(days => ${THREAD_DAYS})
    order by run desc limit 1`;
  return row?.ts;
}

export async function findTeam(db: Db, token_hash: string): Promise<string | undefined> {
  const [row] = await db<{ team_id: string }[]>`
    select team_id from slack_teams where token_hash = ${token_hash}`;
  return row?.team_id;
}

export async function saveTeam(db: Db, token_hash: string, team_id: string): Promise<void> {
  await db`
    insert into slack_teams (token_hash, team_id) values (${token_hash}, ${team_id})
    on conflict do nothing`;
}

/** No call with this token before `seconds` have passed. */
export async function pauseToken(db: Db, token_hash: string, seconds: number): Promise<void> {
  await db`
    insert into slack_pauses (token_hash, until)
    values (${token_hash}, now() + make_interval(secs => ${seconds}))
    on conflict (token_hash) do update set until = greatest(slack_pauses.until, excluded.until)`;
}

/** Seconds until the token may be used; 0: now. */
export async function pauseOf(db: Db, token_hash: string): Promise<number> {
  const [row] = await db<{ seconds: number }[]>`
    select extract(epoch from until - now())::float8 as seconds from slack_pauses
    where token_hash = ${token_hash}`;
  return Math.max(0, row?.seconds ?? 0);
}

/** Reserves the channel's next post, `spacing_ms` after the one before. Returns how many milliseconds to wait. */
export async function reservePost(db: Db, channel: string, spacing_ms: number): Promise<number> {
  const spacing = db`make_interval(secs => ${spacing_ms / 1000})`;
  const [row] = await db<{ ms: number }[]>`
    insert into slack_channels as c (channel, next_post_at) values (${channel}, now() + ${spacing})
    on conflict (channel) do update
      set next_post_at = greatest(c.next_post_at, now()) + ${spacing}
    returning extract(epoch from next_post_at - ${spacing} - now())::float8 * 1000 as ms`;
  return row!.ms;
}

/** A person says that the unclear post is in the channel; where, is not known. False: none is unclear. */
export async function confirmPost(db: Db, dashboard_id: number): Promise<boolean> {
  const { count } = await db`
    update runs r set posting_at = null, posted_at = now(), slack_sent_at = now()
    from dashboards d where d.id = ${dashboard_id} and r.dashboard_id = d.id and r.run = d.run
      and r.posting_at is not null and d.stopped and d.stop_code = 'post_unclear'`;
  return count === 1;
}

/** A person has the run posted: one whose post is unclear, or one kept while there was no Slack, which no list names. */
export async function forgetPost(db: Db, dashboard_id: number): Promise<boolean> {
  const { count } = await db`
    update runs r set posting_at = null, posted_at = null,
      batch_id = case when r.posted_at is null then r.batch_id end
    from dashboards d where d.id = ${dashboard_id} and r.dashboard_id = d.id and r.run = d.run
      and r.slack_sent_at is null
      and (d.stopped and d.stop_code = 'post_unclear' or d.step = 'done' and r.posted_at is not null)`;
  return count === 1;
}

export async function findMessage(db: Db, dashboard_id: number): Promise<unknown> {
  const [row] = await db<{ slack_message: unknown }[]>`
    select slack_message from runs where dashboard_id = ${dashboard_id} and posted_at is not null
    order by run desc limit 1`;
  return row?.slack_message ?? null;
}

/** Whose rows Slack refuses, and why: one line for each user, or of one user, and reason. */
export async function findRefusals(
  db: Db,
  user_id?: number,
): Promise<{ username: string; message: string }[]> {
  const theirs = user_id === undefined ? db`` : db`and d.user_id = ${user_id}`;
  return await db<{ username: string; message: string }[]>`
    select distinct u.username, d.last_error as message
    from dashboards d join users u on u.id = d.user_id
    where d.step = 'notify' and d.stopped and d.deleted_at is null and d.last_error is not null
      ${theirs}
    order by u.username, message limit 100`;
}

export async function saveNote(db: Db, id: number, note: string): Promise<void> {
  await db`update dashboards set last_error = ${note} where id = ${id}`;
}

/** Notes which token and channel (`target`, a hash) refused a claimed row. */
export async function saveTarget(db: Db, { id, claim_id }: Claim, target: string): Promise<void> {
  await db`
    update dashboards set slack_target = ${target} where id = ${id} and claim_id = ${claim_id}`;
}
