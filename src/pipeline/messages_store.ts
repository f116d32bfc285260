import type { Db } from "../external/postgres/postgres.ts";
import type { Summary } from "../measures/summary.ts";
import type { Outcome, Panel } from "../previews/outcome.ts";
import type { Claim } from "./row.ts";

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

/** False also while a correction is pending. */
export async function wasPosted(db: Db, { id, run }: Claim): Promise<boolean> {
  const [row] = await db<{ told: boolean }[]>`
    select told_at is not null and not correcting as told from runs where dashboard_id = ${id} and run = ${run}`;
  return row?.told ?? false;
}

export async function saveSlackFile(db: Db, { id, run }: Claim, file: string | null) {
  await db`update runs set slack_file_id = ${file} where dashboard_id = ${id} and run = ${run}`;
}

/** Records a post before it starts. False: the claim was lost, do not post. */
export async function beginPosting(db: Db, { id, claim_id, run }: Claim): Promise<boolean> {
  const { count } = await db`
    update runs set posting_at = now() where dashboard_id = ${id} and run = ${run}
      and exists (select from dashboards where id = ${id} and claim_id = ${claim_id})`;
  return count === 1;
}

/** For a post that Slack is known to have refused. */
export async function endPosting(db: Db, { id, run }: Claim): Promise<void> {
  await db`update runs set posting_at = null where dashboard_id = ${id} and run = ${run}`;
}

/** `sent`: posted to Slack. A correction keeps the time of the first post. */
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

export async function findMessage(db: Db, dashboard_id: number): Promise<unknown> {
  const [row] = await db<{ slack_message: unknown }[]>`
    select slack_message from runs where dashboard_id = ${dashboard_id} and told_at is not null
    order by run desc limit 1`;
  return row?.slack_message ?? null;
}
