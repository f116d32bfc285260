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
  state: State;
  designs: string[];
  failures: number;
  found_at: string | null;
  numbers_at: string | null;
  posted_at: string | null;
  waits_for: string | null;
  muted_by: string | null;
  muted_until: string | null;
  acknowledged_by: string | null;
  acknowledged_at: string | null;
} & Summary;

/** By `urgency`, from 0. */
export const STATES = ["done", "notify", "capture", "create", "attention"] as const;
export type State = typeof STATES[number];
const stateOf = (db: Db) => db`(${[...STATES]}::text[])[urgency + 1]`;

const columns = (db: Db) =>
  db`id, user_id, username, kind, schema_name, table_name, run, source, dashboard_url,
    local_snapshot_url, step, stopped, last_error, error_code, next_try_at, created_at, captured_at, slack_sent_at,
    archived_at, edited, outcome, panels, numbers, why,
    template_note, request_id, ${
    stateOf(db)
  } as state, designs, failures, found_at, numbers_at, posted_at,
    case when step = 'done' and archived_at is null then waits_for end as waits_for,
    muted_by, muted_until, acknowledged_by, acknowledged_at`;

export const SORTS = ["newest", "name", "state"] as const;
export type Sort = typeof SORTS[number];

export type Filter = {
  user_id?: number | undefined;
  kind?: Kind | undefined;
  step?: Step | undefined;
  state?: State | undefined;
  outcome?: Outcome | undefined;
  design?: string | undefined;
  archived?: boolean | undefined;
  q?: string | undefined;
};

/** Of a page's last row; `key`: what it is sorted by, before the id. */
export type Place = { id: number; key: string };
type Page = { sort: Sort; after?: Place | undefined; limit: number };

/** For `like`, which has no table to prepare for each row as strpos() has. */
const escaped = (text: string) => text.replace(/[\\%_]/g, "\\$&");

function conditions(db: Db, filter: Filter) {
  const { user_id, kind, step, state, outcome, design, archived, q } = filter;
  return db`
    ${user_id === undefined ? db`` : db`and user_id = ${user_id}`}
    ${kind === undefined ? db`` : db`and kind = ${kind}`}
    ${step === undefined ? db`` : db`and step = ${step}`}
    ${state === undefined ? db`` : db`and urgency = ${STATES.indexOf(state)}`}
    ${outcome === undefined ? db`` : db`and outcome = ${outcome}`}
    ${design === undefined ? db`` : db`and designs @> ${[design]}::text[]`}
    ${
    archived === undefined
      ? db``
      : archived
      ? db`and archived_at is not null`
      : db`and archived_at is null`
  }
    ${
    q === undefined ? db`` : db`and name_key like lower(${`%${escaped(q)}%`}::text collate "C")`
  }`;
}

function behind(db: Db, { sort, after }: Page) {
  if (!after) return db``;
  const { id, key } = after;
  if (sort === "newest") return db`and id < ${id}`;
  if (sort === "name") return db`and (name_key, id) > (${key}, ${id})`;
  return db`and (urgency, id) < (${Number(key) || 0}, ${id})`;
}

const orderOf = (db: Db, sort: Sort) =>
  sort === "newest" ? db`id desc` : sort === "name" ? db`name_key, id` : db`urgency desc, id desc`;

/** One page, and where each of its rows is. */
export async function listDashboards(
  db: Db,
  filter: Filter,
  page: Page,
): Promise<{ row: Listed; place: Place }[]> {
  const order = orderOf(db, page.sort);
  const found = await db<(Listed & { name_key: string })[]>`
    select ${columns(db)}, name_key from listed_dashboards where id = any(array(
      select id from sought_dashboards
      where true ${conditions(db, filter)} ${behind(db, page)}
      order by ${order} limit ${page.limit}))
    order by ${order}`;
  return found.map(({ name_key, ...row }) => {
    const key = { newest: "", name: name_key, state: `${STATES.indexOf(row.state)}` }[page.sort];
    return { row, place: { id: row.id, key } };
  });
}

export async function findListed(db: Db, id: number): Promise<Listed | undefined> {
  const [row] = await db<Listed[]>`select ${columns(db)} from listed_dashboards where id = ${id}`;
  return row;
}
