import type { Db } from "../external/postgres/postgres.ts";
import type { Kind } from "../workspaces/names.ts";
import type { Outcome, Panel } from "../previews/outcome.ts";
import type { Step } from "../pipeline/row.ts";
import type { Summary } from "../measures/summary.ts";

/** One listed dashboard; `captured_at`, `slack_sent_at`, `numbers` and `why` are those of its newest run. */
export type Listed = {
  id: number;
  user_id: number;
  username: string;
  kind: Kind;
  schema_name: string;
  table_name: string;
  run: number;
  source: "built-in" | "grafana";
  dashboard_url: string;
  local_snapshot_url: string;
  step: Step;
  stopped: boolean;
  last_error: string | null;
  next_try_at: string;
  created_at: string;
  captured_at: string | null;
  slack_sent_at: string | null;
  archived_at: string | null;
  edited: boolean;
  outcome: Outcome | null;
  panels: Panel[];
  template_note: string | null;
} & Summary;

const columns = (db: Db) =>
  db`id, user_id, username, kind, schema_name, table_name, run, source, dashboard_url,
    local_snapshot_url, step, stopped, last_error, next_try_at, created_at, captured_at, slack_sent_at,
    archived_at, edited, outcome, panels, numbers, why,
    template_note`;

export type Filter = {
  user_id?: number | undefined;
  kind?: Kind | undefined;
  step?: Step | undefined;
  archived?: boolean | undefined;
};

/** One page, newest first, below the id `below`. */
export async function listDashboards(
  db: Db,
  { user_id, kind, step, archived }: Filter,
  below: number,
  limit: number,
): Promise<Listed[]> {
  return await db<Listed[]>`
    select ${columns(db)} from listed_dashboards
    where id < ${below}
      ${user_id === undefined ? db`` : db`and user_id = ${user_id}`}
      ${kind === undefined ? db`` : db`and kind = ${kind}`}
      ${step === undefined ? db`` : db`and step = ${step}`}
      ${archived === undefined ? db`` : db`and (archived_at is not null) = ${archived}`}
    order by id desc limit ${limit}`;
}

export async function findListed(db: Db, id: number): Promise<Listed | undefined> {
  const [row] = await db<Listed[]>`select ${columns(db)} from listed_dashboards where id = ${id}`;
  return row;
}

/** The message of the newest run that was told. */
export async function findMessage(db: Db, dashboard_id: number): Promise<unknown> {
  const [row] = await db<{ slack_message: unknown }[]>`
    select slack_message from runs where dashboard_id = ${dashboard_id} and told_at is not null
    order by run desc limit 1`;
  return row?.slack_message ?? null;
}

/** Sets a stopped row going. False: it was not stopped. */
export async function restart(db: Db, id: number): Promise<boolean> {
  const { count } = await db`
    update dashboards set stopped = false, stop_code = null, failures = 0, deaths = 0,
      capture_tries = 0,
      last_error = null, next_try_at = now()
    where id = ${id} and stopped and deleted_at is null`;
  return count === 1;
}

/**
 * Puts a row that has a board back to "capture", or to "create" where its numbers failed; whoever works on
 * it loses the claim.
 */
export async function requestCapture(db: Db, id: number): Promise<void> {
  await db`
    update dashboards d set step = case when exists (
        select from runs r
        where r.dashboard_id = d.id and r.run = d.run and r.numbers_error is not null
      ) then 'create' else 'capture' end,
      stopped = false, failures = 0, deaths = 0, capture_tries = 0, last_error = null, next_try_at = now(), claim_id = null, claimed_until = null
    where id = ${id} and deleted_at is null and archived_at is null
      and board is not null and step <> 'create'`;
}

/** Removes a row for good. A tombstone is left, so that its table is not found again. */
export async function softDelete(db: Db, id: number): Promise<void> {
  await db`
    with gone as (delete from runs where dashboard_id = ${id} and run <> (
      select run from dashboards where id = ${id}))
    update runs set gif = null, slack_gif = null, png = null, slack_message = null,
      numbers = '[]', why = null, numbers_error = null
    where dashboard_id = ${id}`;
  await db`
    update dashboards set deleted_at = now(), step = 'done', stopped = false, last_error = null,
      board = null, claim_id = null, claimed_until = null, source = 'built-in', grafana_base = null,
      grafana_url = null, grafana_version = null, grafana_writing = null, grafana_archived = false,
      edited = false, rewrite = false, outcome = null, panels = '[]', stop_code = null
    where id = ${id}`;
}
