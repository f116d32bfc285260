import { backoff } from "../external/postgres/backoff.ts";
import type { Db } from "../external/postgres/postgres.ts";
import type { Kind } from "../workspaces/names.ts";
import type { Outcome, Panel } from "../previews/outcome.ts";
import type { Summary } from "../measures/summary.ts";

export type Step = "create" | "capture" | "notify" | "done";

export type Claim = {
  id: number;
  claim_id: string;
  deaths: number;
  user_id: number;
  username: string;
  kind: Kind;
  schema_name: string;
  table_name: string;
  run: number;
};

/**
 * Takes the next dashboard waiting at `step` for 30 s: one user's after the other's, known tables before
 * new ones. A lease that ran out (by the database's clock) counts as a death, and the row is free again.
 */
export async function claimNext(db: Db, step: Step): Promise<Claim | undefined> {
  const claimed_user = `claimed_user_${step}`;
  // A sequence: it is locked for nobody, and a worker that stops in a transaction holds up no other.
  const last = db`(select coalesce(pg_sequence_last_value(${claimed_user}::text::regclass), 0))`;
  const firstOf = (users: ReturnType<typeof db>) =>
    db`(
      select id from dashboards
      where step = ${step} and not stopped and next_try_at <= now()
        and (claimed_until is null or claimed_until < now()) and ${users}
      order by user_id, run = 1, next_try_at, id
      for update skip locked
      limit 1
    )`;
  const [claim] = await db<Claim[]>`
    with claimed as (
      update dashboards d
      set claim_id = gen_random_uuid(), claimed_until = now() + interval '30 seconds', stale = false,
        deaths = deaths + (claim_id is not null)::int
      from users u
      where u.id = d.user_id and d.id = coalesce(${firstOf(db`user_id > ${last}`)},
        ${firstOf(db`user_id <= ${last}`)})
      returning d.id, d.claim_id, d.deaths, d.user_id, u.username, d.kind, d.schema_name,
        d.table_name, d.run
    ), noted as (select setval(${claimed_user}::text::regclass, user_id) from claimed)
    select claimed.* from claimed, noted`;
  return claim;
}

/** Keeps the claim for another 30 s. False: it was lost, someone else owns the row now. */
export async function renew(db: Db, { id, claim_id }: Claim): Promise<boolean> {
  const { count } = await db`
    update dashboards set claimed_until = now() + interval '30 seconds'
    where id = ${id} and claim_id = ${claim_id}`;
  return count === 1;
}

/** Moves a claimed dashboard on. False: the claim was lost. */
export async function advance(db: Db, { id, claim_id }: Claim, to: Step): Promise<boolean> {
  const { count } = await db`
    update dashboards
    set step = ${to}, claim_id = null, claimed_until = null, next_try_at = now(),
      failures = 0, deaths = 0, capture_tries = 0, last_error = null
    where id = ${id} and claim_id = ${claim_id}`;
  return count === 1;
}

/**
 * Puts a claimed dashboard back with the reason: to be tried again after 5 s, doubling to 10 min, and
 * not before `after` seconds; or stopped for a person, `code` saying for what. Where what the attempt
 * used has changed meanwhile, its failure says nothing: the next attempt begins at once.
 */
export async function setBack(
  db: Db,
  { id, claim_id }: Claim,
  why: string,
  { stop, after = 0, code }: {
    stop: boolean;
    after?: number | undefined;
    code?: string | undefined;
  },
): Promise<void> {
  await db`
    update dashboards
    set claim_id = null, claimed_until = null, stopped = ${stop} and not stale,
      last_error = case when not stale then ${storable(why)}::text end,
      stop_code = case when ${stop} and not stale then ${code ?? null}::text end,
      outcome = case when ${code ?? null} = 'gone' then 'gone' else outcome end,
      failures = case when stale then 0 else failures + 1 end, deaths = 0,
      capture_tries = case when stale then 0 else capture_tries end,
      next_try_at = case when stale then now() else now() + ${backoff(db, "failures", after)} end
    where id = ${id} and claim_id = ${claim_id}`;
}

/** Gives a claimed dashboard back untouched: the service stops. */
export async function release(db: Db, { id, claim_id }: Claim): Promise<void> {
  await db`
    update dashboards set claim_id = null, claimed_until = null, next_try_at = now()
    where id = ${id} and claim_id = ${claim_id}`;
}

/** Milliseconds until the next row of this step may be tried; undefined: none waits for a time. */
export async function nextTry(db: Db, step: Step): Promise<number | undefined> {
  const [row] = await db<{ ms: number | null }[]>`
    select extract(epoch from
      min(greatest(next_try_at, coalesce(claimed_until, next_try_at))) - now())::float8 * 1000 as ms
    from dashboards where step = ${step} and not stopped`;
  return row?.ms === null || row?.ms === undefined ? undefined : Math.max(0, row.ms);
}

/** Locks a row for the rest of the transaction. False: its table is gone, or a person removed it. */
export async function lockLive(db: Db, id: number): Promise<boolean> {
  const rows = await db`
    select from dashboards where id = ${id} and archived_at is null and deleted_at is null
    for update`;
  return rows.length === 1;
}

/** Has the board, numbers, preview and message of the row's run made anew; whoever works on it loses the claim. */
export async function redraw(db: Db, id: number): Promise<void> {
  await db`
    update runs r set correcting = true
    from dashboards d where d.id = ${id} and r.dashboard_id = d.id and r.run = d.run`;
  await db`
    update dashboards set step = 'create', stopped = false, stop_code = null, failures = 0,
      deaths = 0, capture_tries = 0, last_error = null, next_try_at = now(), claim_id = null,
      claimed_until = null
    where id = ${id}`;
}

export async function saveBoard(db: Db, id: number, board: string): Promise<void> {
  await db`update dashboards set board = ${board}::text::jsonb where id = ${id}`;
}

/** The board's JSON, and the claim under which it is worked on. */
export async function findBoard(db: Db, id: number) {
  const [row] = await db<
    { user_id: number; kind: Kind; board: unknown; claim_id: string | null }[]
  >`
    select user_id, kind, board, claim_id from dashboards where id = ${id} and deleted_at is null`;
  return row;
}

/** PostgreSQL takes no NUL, and its JSON no half of a character: a sentence that was cut may end in one. */
const storable = (text: string) => text.replaceAll("\0", "").toWellFormed();

/**
 * Notes what a capture saw. Returns how many there were, without a finished dashboard, since the row last
 * moved on; undefined: the claim was lost.
 */
export async function saveLook(
  db: Db,
  { id, claim_id }: Claim,
  outcome: Outcome,
  panels: Panel[],
): Promise<number | undefined> {
  const kept = panels.map((panel) => ({
    ...panel,
    title: storable(panel.title),
    message: panel.message === null ? null : storable(panel.message),
  }));
  const [row] = await db<{ capture_tries: number }[]>`
    update dashboards set outcome = ${outcome}, panels = ${JSON.stringify(kept)}::text::jsonb,
      capture_tries = capture_tries + 1
    where id = ${id} and claim_id = ${claim_id}
    returning capture_tries`;
  return row?.capture_tries;
}

export type Pictures = {
  gif: Uint8Array;
  slack_gif: Uint8Array | null;
  png: Uint8Array | null;
  captured_at: Date | null;
};

/** Of how many runs the pictures are kept. */
const PICTURED_RUNS = 3;

/**
 * Keeps the pictures of this run; of older runs the last two keep theirs. What Slack was given of this run
 * and has not shown is given anew.
 */
export async function savePictures(
  db: Db,
  { id, run }: Claim,
  { gif, slack_gif, png, captured_at }: Pictures,
): Promise<void> {
  await db`
    update runs set gif = ${gif}, slack_gif = ${slack_gif}, png = ${png},
      captured_at = ${(captured_at ?? new Date()).toISOString()},
      slack_file_id = case when correcting or told_at is null and posting_at is null then null
        else slack_file_id end
    where dashboard_id = ${id} and run = ${run}`;
  await db`
    update runs set gif = null, slack_gif = null, png = null
    where dashboard_id = ${id} and run <= ${run - PICTURED_RUNS} and gif is not null`;
}

/** Which of these runs are of a deleted dashboard, or older than the runs that keep their pictures. */
export async function runsWithoutPictures<T extends Pick<Claim, "run"> & { dashboard_id: number }>(
  db: Db,
  runs: T[],
): Promise<T[]> {
  const rows = await db<{ n: number }[]>`
    select a.n from unnest(${runs.map(({ dashboard_id }) => dashboard_id)}::bigint[],
        ${runs.map(({ run }) => run)}::int[]) with ordinality as a (id, run, n)
      left join dashboards d on d.id = a.id and d.deleted_at is null
    where d.id is null or a.run <= (
      select max(r.run) - ${PICTURED_RUNS}::int from runs r
      where r.dashboard_id = d.id and r.gif is not null)`;
  return rows.map(({ n }) => runs[n - 1]!);
}

export type Run = {
  row_count: number | null;
  rows_before: number | null;
  numbers: Summary["numbers"];
  why: string | null;
  gif: Uint8Array | null; // as Slack is to have it
  outcome: Outcome | null;
  panels: Panel[];
  slack_file_id: string | null;
  posting_at: string | null;
  told_at: string | null;
  slack_channel: string | null;
  slack_ts: string | null;
  correcting: boolean;
  grafana_url: string | null;
};

export async function findRun(db: Db, id: number, run: number): Promise<Run | undefined> {
  const [row] = await db<Run[]>`
    select r.row_count, b.row_count as rows_before, r.numbers, r.why,
      coalesce(r.slack_gif, r.gif) as gif, d.outcome, d.panels, r.slack_file_id, r.posting_at,
      r.told_at, r.slack_channel, r.slack_ts, r.correcting, d.grafana_url
    from runs r join dashboards d on d.id = r.dashboard_id
      left join runs b on b.dashboard_id = r.dashboard_id and b.run = r.run - 1
    where r.dashboard_id = ${id} and r.run = ${run}`;
  return row;
}

/** Whether the run's message is posted and says what the run came to. */
export async function wasPosted(db: Db, { id, run }: Claim): Promise<boolean> {
  const [row] = await db<{ told: boolean }[]>`
    select told_at is not null and not correcting as told from runs where dashboard_id = ${id} and run = ${run}`;
  return row?.told ?? false;
}

export async function saveSlackFile(db: Db, { id, run }: Claim, file: string | null) {
  await db`update runs set slack_file_id = ${file} where dashboard_id = ${id} and run = ${run}`;
}

/** Leaves the trace that a post is on its way. False: the claim was lost, do not post. */
export async function beginPosting(db: Db, { id, claim_id, run }: Claim): Promise<boolean> {
  const { count } = await db`
    update runs set posting_at = now() where dashboard_id = ${id} and run = ${run}
      and exists (select from dashboards where id = ${id} and claim_id = ${claim_id})`;
  return count === 1;
}

/** The post is known not to have been taken. */
export async function endPosting(db: Db, { id, run }: Claim): Promise<void> {
  await db`update runs set posting_at = null where dashboard_id = ${id} and run = ${run}`;
}

/** What was told: sent to Slack where `sent` says so, kept for the page otherwise; of a correction the first post stays. */
export async function saveMessage(
  db: Db,
  { id, run }: Claim,
  message: unknown,
  sent: { channel: string; ts: string } | undefined,
): Promise<void> {
  await db`
    update runs set slack_message = ${JSON.stringify(message)}::text::jsonb, posting_at = null,
      told_at = coalesce(told_at, now()), correcting = false,
      slack_channel = coalesce(${sent?.channel ?? null}, slack_channel),
      slack_ts = coalesce(${sent?.ts ?? null}, slack_ts),
      slack_sent_at = coalesce(slack_sent_at, case when ${sent !== undefined} then now() end)
    where dashboard_id = ${id} and run = ${run}`;
}

/** How many dashboards a user has. */
export async function countDashboards(db: Db, user_id: number): Promise<number> {
  const [row] = await db<{ n: number }[]>`
    select count(*) as n from dashboards where user_id = ${user_id} and deleted_at is null`;
  return row!.n;
}

/** Notes on a row that went on what a person should know. */
export async function saveNote(db: Db, id: number, note: string): Promise<void> {
  await db`update dashboards set last_error = ${note} where id = ${id}`;
}
