import type { Db } from "../external/postgres/postgres.ts";
import type { Kind } from "../workspaces/names.ts";
import type { Outcome, Panel } from "../previews/outcome.ts";
import type { Step } from "../pipeline/row.ts";
import type { Summary } from "../measures/summary.ts";

/** `captured_at`, `slack_sent_at`, `numbers` and `why` belong to the newest run. */
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
  error_code: string | null;
  next_try_at: string;
  created_at: string;
  captured_at: string | null;
  slack_sent_at: string | null;
  archived_at: string | null;
  edited: boolean;
  outcome: Outcome | null;
  panels: Panel[];
  template_note: string | null;
  request_id: string | null;
} & Summary;

const columns = (db: Db) =>
  db`id, user_id, username, kind, schema_name, table_name, run, source, dashboard_url,
    local_snapshot_url, step, stopped, last_error, error_code, next_try_at, created_at, captured_at, slack_sent_at,
    archived_at, edited, outcome, panels, numbers, why,
    template_note, request_id`;

export type Filter = {
  user_id?: number | undefined;
  kind?: Kind | undefined;
  step?: Step | undefined;
  archived?: boolean | undefined;
};

/** Newest first, below the id `below`. */
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
