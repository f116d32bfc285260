import { backoff } from "../../external/postgres/backoff.ts";
import type { Db } from "../../external/postgres/postgres.ts";
import type { Claim } from "../row.ts";

/** Where a row's dashboard is, and what we know of it. `board`: the JSON that was composed last. */
export type Place = {
  source: "built-in" | "grafana";
  board: unknown;
  grafana_base: string | null;
  grafana_version: number | null;
  grafana_writing: number | null;
  rewrite: boolean;
};

const columns = (db: Db) =>
  db`source, board, grafana_base, grafana_version, grafana_writing, rewrite`;

export async function findPlace(db: Db, id: number): Promise<Place> {
  const [row] = await db<Place[]>`select ${columns(db)} from dashboards where id = ${id}`;
  if (!row) throw new Error(`dashboard ${id} is gone`);
  return row;
}

/** The row's dashboard will be in this Grafana, at this address. */
export async function useGrafana(db: Db, { id, claim_id }: Claim, base: string, url: string) {
  await db`
    update dashboards set source = 'grafana', grafana_base = ${base}, grafana_url = ${url}
    where id = ${id} and claim_id = ${claim_id}`;
}

/** Nor is there a Grafana for it any more: it is drawn here. */
export async function useBuiltIn(db: Db, { id, claim_id }: Claim): Promise<void> {
  await db`
    update dashboards set source = 'built-in', grafana_base = null, grafana_url = null
    where id = ${id} and claim_id = ${claim_id}`;
}

/** Leaves the trace that this board is on its way over `version`. False: the claim was lost. */
export async function beginWriting(
  db: Db,
  { id, claim_id }: Claim,
  version: number,
  board: string,
): Promise<boolean> {
  const { count } = await db`
    update dashboards set grafana_writing = ${version}, board = ${board}::text::jsonb,
      grafana_archived = false
    where id = ${id} and claim_id = ${claim_id}`;
  return count === 1;
}

/** What the dashboard is in Grafana now. `version`: the one that we wrote last. */
export async function saveWritten(
  db: Db,
  id: number,
  { url, version, edited }: { url: string; version: number | null; edited: boolean },
): Promise<void> {
  await db`
    update dashboards set grafana_url = ${url}, grafana_version = ${version}, edited = ${edited},
      grafana_writing = null, rewrite = false, grafana_archived = false, outcome = null
    where id = ${id}`;
}

/** It was seen in Grafana: it is not gone, or no longer. */
export async function recordSeen(db: Db, id: number, edited: boolean): Promise<void> {
  await db`
    update dashboards set edited = ${edited}, outcome = nullif(outcome, 'gone')
    where id = ${id} and (edited <> ${edited} or outcome = 'gone')`;
}

/** Has ours written again, whatever is there. False: it is not in a Grafana, or its table is gone. */
export async function requestRewrite(db: Db, id: number): Promise<boolean> {
  const { count } = await db`
    update dashboards set rewrite = true, edited = false, step = 'create', stopped = false,
      stop_code = null, outcome = null, failures = 0, deaths = 0, last_error = null,
      next_try_at = now(), claim_id = null, claimed_until = null
    where id = ${id} and source = 'grafana' and archived_at is null and deleted_at is null`;
  return count === 1;
}

export type Movable = {
  id: number;
  user_id: number;
  source: "built-in" | "grafana";
  grafana_base: string | null;
};

/** The live rows, of one user or of all, that could be made elsewhere. */
export async function listMovable(db: Db, user_id: number | undefined): Promise<Movable[]> {
  return await db<Movable[]>`
    select id, user_id, source, grafana_base from dashboards
    where archived_at is null and deleted_at is null
      ${user_id === undefined ? db`` : db`and user_id = ${user_id}`}
    order by id`;
}

/** Has a row made in the Grafana at `base`, as if it had never been anywhere. */
export async function moveTo(db: Db, id: number, base: string, url: string): Promise<void> {
  await db`
    update dashboards set source = 'grafana', grafana_base = ${base}, grafana_url = ${url},
      grafana_version = null, grafana_writing = null, grafana_archived = false, edited = false,
      outcome = null, step = 'create', stopped = false, stop_code = null, capture_tries = 0, failures = 0, deaths = 0,
      last_error = null, next_try_at = now(), claim_id = null, claimed_until = null
    where id = ${id}`;
}

/**
 * Codes with which a row stops until another key, or another right of it, is there; the browser says
 * "denied".
 */
const KEY_CODES = ["key_refused", "missing_permission", "key_unknown", "denied"];

/**
 * A key or address is another one now, of one user or (at a start) of all, Slack's and the browser's
 * among them. Sets the rows going that stopped for the old one; an attempt under way with it does not
 * stop its row any more.
 */
export async function restartForKey(db: Db, user_id?: number): Promise<number> {
  const theirs = user_id === undefined ? db`` : db`and user_id = ${user_id}`;
  await db`update dashboards set stale = true where claim_id is not null ${theirs}`;
  const { count } = await db`
    update dashboards set stopped = false, stop_code = null, capture_tries = 0, failures = 0, deaths = 0,
      last_error = null, next_try_at = now()
    where stopped and deleted_at is null and (stop_code = any(${KEY_CODES})
      or ${user_id === undefined} and (stop_code = 'browser_path'
        or step = 'notify' and stop_code is not null)) ${theirs}`;
  return count;
}

export type Archiving = Place & {
  id: number;
  user_id: number;
  username: string;
  grafana_base: string;
};

/**
 * Dashboards in Grafana whose table is gone, and which do not lie in the archive yet. A write that was
 * under way may still arrive: a call takes 15 s at most.
 */
export async function dueForArchive(db: Db): Promise<Archiving[]> {
  return await db<Archiving[]>`
    select d.id, d.user_id, u.username, ${columns(db)}
    from dashboards d join users u on u.id = d.user_id
    where d.archived_at is not null and not d.grafana_archived
      and d.deleted_at is null and d.source = 'grafana' and d.archive_try_at <= now()
      and (d.grafana_version is not null or d.grafana_writing is not null)
      and (d.grafana_writing is null or d.archived_at < now() - interval '30 seconds')
    order by d.archive_try_at, d.id limit 200`;
}

/** Leaves the trace of our own move, as beginWriting() does. False: its table is there again. */
export async function beginArchiving(db: Db, { id }: Archiving, version: number, board: string) {
  const { count } = await db`
    update dashboards set grafana_writing = ${version}, board = ${board}::text::jsonb
    where id = ${id} and archived_at is not null`;
  return count === 1;
}

/** `version`: that of our own move; null: theirs, or none. Nothing is noted of a table that returned. */
export async function markArchived(db: Db, { id }: Archiving, version: number | null) {
  await db`
    update dashboards set grafana_archived = true, archive_failures = 0, last_error = null,
      grafana_version = coalesce(${version}, grafana_version),
      grafana_writing = case when ${version}::int is null then grafana_writing end
    where id = ${id} and archived_at is not null`;
}

/** To be tried again after 5 s, doubling to 10 min. */
export async function postponeArchive(db: Db, id: number, why: string): Promise<void> {
  await db`
    update dashboards set archive_failures = archive_failures + 1, last_error = ${why},
      archive_try_at = now() + ${backoff(db, "archive_failures")}
    where id = ${id} and archived_at is not null`;
}

/** A user's dashboards in Grafana, with the bases of those. */
export async function dashboardsInGrafana(db: Db, user_id: number) {
  return await db<{ id: number; base: string }[]>`
    select id, grafana_base as base from dashboards
    where user_id = ${user_id} and grafana_base is not null and source = 'grafana'`;
}

/** Whether the row uses its dashboard at `base`, or is moving from there to another Grafana. */
export async function findUse(db: Db, id: number, base: string) {
  const [row] = await db<{ use: "used" | "moving" }[]>`
    select case when grafana_base = ${base} then 'used' else 'moving' end as use from dashboards
    where id = ${id} and deleted_at is null
      and (grafana_base = ${base} or grafana_base <> ${base} and grafana_version is null)`;
  return row?.use;
}
