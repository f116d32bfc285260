import type { Db, Fragment } from "../external/postgres/postgres.ts";
import type { Kind } from "../workspaces/names.ts";
import type { Outcome, Panel } from "../previews/outcome.ts";
import type { Named } from "../pipeline/named_store.ts";
import type { Step } from "../pipeline/row.ts";
import type { Summary } from "../measures/summary.ts";

/** `captured_at`, `slack_sent_at`, `numbers` and `why` belong to the newest run. */
export type Listed = Named & {
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

function conditions(db: Db, filter: Omit<Filter, "q">) {
  const { user_id, kind, step, state, outcome, design, archived } = filter;
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

/** Rows in the order of the list among which a name is sought first: a frequent one is found there. */
const NEAR = 2_000;
/** Rows that the index by pairs of characters may give: above, a page of the list is soon full. */
const MOST_RARE = 500;

/** The rows whose names have all pairs of characters of `q`; undefined: it has none, or they are many. */
async function findRare(db: Db, q: string): Promise<number[] | undefined> {
  if ([...q].length < 2) return undefined;
  const rows = await db<{ id: number }[]>`
    select id from sought_dashboards
    where pairs_in(name_key) @> pairs_in(lower(${q}::text collate "C")) limit ${MOST_RARE + 1}`;
  return rows.length > MOST_RARE ? undefined : rows.map(({ id }) => id);
}

async function findIds(db: Db, { q, ...filter }: Filter, page: Page): Promise<number[]> {
  const order = orderOf(db, page.sort);
  const rows = (more: Fragment, most = page.limit) =>
    db`select id, name_key, urgency from sought_dashboards
      where true ${conditions(db, filter)} ${behind(db, page)} ${more}
      order by ${order} limit ${most}`;
  const idsOf = async (rows: Fragment) =>
    (await db<{ id: number }[]>`select id from (${rows}) s order by ${order}`).map(({ id }) => id);
  if (q === undefined) return await idsOf(rows(db``));
  const named = db`and name_key like lower(${`%${escaped(q)}%`}::text collate "C")`;
  const near = await idsOf(
    db`select * from (${rows(db``, NEAR)}) n where true ${named}
      order by ${order} limit ${page.limit}`,
  );
  if (near.length === page.limit) return near;
  const rare = await findRare(db, q);
  return await idsOf(rows(rare ? db`and id = any(${rare}::bigint[]) ${named}` : named));
}

/** One page, and where each of its rows is. */
export async function listDashboards(
  db: Db,
  filter: Filter,
  page: Page,
): Promise<{ row: Listed; place: Place }[]> {
  const ids = await findIds(db, filter, page);
  // A statement of its own, always the same: its plan takes longer to make than to run, and is kept.
  const found = await db<(Listed & { name_key: string })[]>`
    select ${columns(db)}, name_key from listed_dashboards
    where id = any(${ids}::bigint[]) order by ${orderOf(db, page.sort)}`;
  return found.map(({ name_key, ...row }) => {
    const key = { newest: "", name: name_key, state: `${STATES.indexOf(row.state)}` }[page.sort];
    return { row, place: { id: row.id, key } };
  });
}

export async function findListed(db: Db, id: number): Promise<Listed | undefined> {
  const [row] = await db<Listed[]>`select ${columns(db)} from listed_dashboards where id = ${id}`;
  return row;
}
