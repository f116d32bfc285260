import { backoff } from "../external/postgres/backoff.ts";
import type { Db, Sql } from "../external/postgres/postgres.ts";
import type { Outcome, Panel } from "../previews/outcome.ts";
import type { Kind } from "../workspaces/names.ts";
import { isBatch } from "./batches_store.ts";
import { type Named, named } from "./named_store.ts";
import { exceptOf } from "./due_store.ts";
import { dueAfterImport, lockRow, waitingImports } from "./imported/store.ts";
import { beginCorrection, clearRuns, insertRun, updateRowCount } from "./runs_store.ts";
import { sameTable } from "./scan/debounce.ts";
import { requestIdHere, traceparentHere } from "../external/log/log.ts";

export type Step = "create" | "capture" | "notify" | "done";

export type Claim = Named & {
  claim_id: string;
  deaths: number;
  step: Step;
  request_id: string | null;
  traceparent: string | null;
};

const reset = (db: Db) =>
  db`stopped = false, stop_code = null, last_error = null, failures = 0, deaths = 0,
    capture_tries = 0, next_try_at = now(), waiting_since = now()`;

/** The request that the row's further work goes back to, and its span. */
const caused = (db: Db) =>
  db`request_id = coalesce(${requestIdHere() ?? null}::uuid, request_id),
    traceparent = coalesce(${traceparentHere() ?? null}::text, traceparent)`;

/** How long a claim holds unless it is renewed. */
export const lease = (db: Db) => db`now() + interval '30 seconds'`;

/** Takes the claim from a worker that has the row. */
const unclaim = (db: Db) => db`claim_id = null, claimed_until = null`;

/**
 * Claims the next due row for 30 s, round robin over users but those in `except`, known tables first. An
 * expired lease counts as a death.
 */
export async function claimNext(
  db: Db,
  step: Step,
  except: number[] = [],
): Promise<Claim | undefined> {
  const claimed_user = `claimed_user_${step}`;
  // A sequence takes no lock: a worker stuck in a transaction blocks no other.
  const last = db`(select coalesce(pg_sequence_last_value(${claimed_user}::text::regclass), 0))`;
  const firstOf = (users: ReturnType<typeof db>) =>
    db`(
      select id from dashboards
      where step = ${step} and not stopped and next_try_at <= now()
        and (claimed_until is null or claimed_until < now()) and ${users}
        ${exceptOf(db, except)}
      order by user_id, run = 1, next_try_at, id
      for update skip locked
      limit 1
    )`;
  const [claim] = await db<Claim[]>`
    with claimed as (
      update dashboards d
      set claim_id = gen_random_uuid(), claimed_until = ${lease(db)}, stale = false,
        deaths = deaths + (claim_id is not null)::int
      where d.id = coalesce(${firstOf(db`user_id > ${last}`)},
        ${firstOf(db`user_id <= ${last}`)})
      returning ${named(db)}, d.claim_id, d.deaths, d.step, d.request_id, d.traceparent
    ), noted as (select setval(${claimed_user}::text::regclass, user_id) from claimed)
    select claimed.* from claimed, noted`;
  return claim;
}

/** Extends the lease by 30 s. False: the claim was lost. */
export async function renew(db: Db, { id, claim_id }: Claim): Promise<boolean> {
  const { count } = await db`
    update dashboards set claimed_until = ${lease(db)}
    where id = ${id} and claim_id = ${claim_id}`;
  return count === 1;
}

/** False: the claim was lost. */
export async function advance(db: Db, { id, claim_id }: Claim, to: Step): Promise<boolean> {
  const { count } = await db`
    update dashboards set step = ${to}, ${reset(db)}, ${unclaim(db)}
    where id = ${id} and claim_id = ${claim_id}`;
  return count === 1;
}

/** The code of a row that waits for something under way: not a failure. */
const WAITS = "browser_installing";

/** Sets a failed row back: after the back-off and `after` s, at once if its inputs changed, or stopped with `code`. */
export async function setBack(
  db: Db,
  { id, claim_id }: Claim,
  why: string,
  { stop, after, code = null }: {
    stop: boolean;
    after?: number | undefined;
    code?: string | null | undefined;
  },
): Promise<void> {
  await db`
    update dashboards
    set ${unclaim(db)}, stopped = ${stop} and not stale, deaths = 0,
      last_error = case when not stale then ${storable(why)}::text end,
      stop_code = case when (${stop} or ${code} = ${WAITS}) and not stale then ${code}::text end,
      outcome = case when ${code} = 'gone' then 'gone' else outcome end,
      failures = case when stale then 0 when ${code} = ${WAITS} then failures else failures + 1 end,
      capture_tries = case when stale then 0 else capture_tries end,
      next_try_at = case when stale then now() else now() + ${backoff(db, "failures", after)} end
    where id = ${id} and claim_id = ${claim_id}`;
}

/** Releases a row on shutdown, without a failure. */
export async function release(db: Db, { id, claim_id }: Claim): Promise<void> {
  await db`
    update dashboards set ${unclaim(db)}, next_try_at = now()
    where id = ${id} and claim_id = ${claim_id}`;
}

/** PostgreSQL accepts no NUL and no lone surrogate, which a truncated sentence may end in. */
const storable = (text: string) => text.replaceAll("\0", "").toWellFormed();

/** Returns the captures without a finished dashboard since the row last advanced. Undefined: the claim was lost. */
export async function saveOutcome(
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

/** False: it was not stopped. */
export async function restart(db: Db, id: number): Promise<boolean> {
  const { count } = await db`
    update dashboards set ${reset(db)}, ${caused(db)}
    where id = ${id} and stopped and deleted_at is null`;
  return count === 1;
}

/** Gives a claimed dashboard back until `seconds` have passed, or at once if its inputs changed; no failure is counted. */
export async function postpone(
  db: Db,
  { id, claim_id }: Claim,
  why: string,
  seconds: number,
): Promise<void> {
  await db`
    update dashboards set ${unclaim(db)}, last_error = ${why}, deaths = 0,
      next_try_at = case when stale then now() else now() + make_interval(secs => ${seconds}) end
    where id = ${id} and claim_id = ${claim_id}`;
}

/** Wakes the rows of batches whose tables have all arrived or stopped, or that began `seconds` ago, but not `own`. */
export async function releaseBatches(db: Db, seconds: number, own?: Claim): Promise<void> {
  await db`
    with ready as (
      update batches b set ready_at = now()
      where ready_at is null and (begun_at <= now() - make_interval(secs => ${seconds})
        or not scanning and not exists (
          select from runs r join dashboards d on d.id = r.dashboard_id and d.run = r.run
          where r.batch_id = b.id and d.step in ('create', 'capture') and not d.stopped)
        or not scanning and not ${isBatch(db)})
      returning id
    )
    update dashboards d set next_try_at = now(), stale = d.stale or d.claim_id is not null
    from runs r join ready on ready.id = r.batch_id
    where d.id = r.dashboard_id and d.run = r.run and d.step = 'notify' and not d.stopped
      and d.id is distinct from ${own?.id ?? null}`;
}

/** Restarts the rows that `target` refused: it accepts messages now. */
export async function restartForTarget(db: Db, target: string, codes: string[]): Promise<void> {
  await db`
    update dashboards set ${reset(db)}
    where stopped and step = 'notify' and slack_target = ${target} and stop_code = any(${codes})`;
}

/** Tries one row again for each target that refused rows with one of `codes`. */
export async function probeTargets(db: Db, codes: string[]): Promise<void> {
  await db`
    update dashboards set stopped = false, next_try_at = now()
    where id in (
      select distinct on (slack_target) id from dashboards d
      where stopped and step = 'notify' and stop_code = any(${codes}) and slack_target is not null
        and not exists (
          select from dashboards o
          where o.slack_target = d.slack_target and o.step = 'notify' and not o.stopped)
      order by slack_target, id)`;
}

/** Restarts what stopped for a user's Slack token or channel, which changed. */
export async function restartForSlack(db: Db, user_id: number): Promise<void> {
  await db`
    update dashboards set stale = true
    where claim_id is not null and step = 'notify' and user_id = ${user_id}`;
  await db`
    update dashboards set ${reset(db)}, ${caused(db)}
    where stopped and step = 'notify' and user_id = ${user_id} and deleted_at is null
      and stop_code is not null`;
}

/** Puts a row whose run a person has posted, or has confirmed as posted, at its next step. */
export async function resumeAt(db: Db, id: number, step: "notify" | "done"): Promise<void> {
  await db`
    update dashboards set step = ${step}, ${reset(db)}, ${unclaim(db)}, ${caused(db)}
    where id = ${id} and deleted_at is null`;
}

/** Stop codes that a new key or new permissions resolve. */
const KEY_CODES = ["key_refused", "missing_permission", "key_unknown", "denied"];

/** Restarts rows stopped for a key or address, of one user or (at startup) of all users. Returns how many. */
export async function restartForKey(db: Db, user_id?: number): Promise<number> {
  const theirs = user_id === undefined ? db`` : db`and user_id = ${user_id}`;
  await db`update dashboards set stale = true where claim_id is not null ${theirs}`;
  const { count } = await db`
    update dashboards set ${reset(db)}, ${caused(db)}
    where stopped and deleted_at is null and (stop_code = any(${KEY_CODES})
      or ${user_id === undefined} and (stop_code = 'browser_path'
        or step = 'notify' and stop_code is not null)) ${theirs}`;
  return count;
}

/** Back to "capture", or to "create" when the numbers failed. */
export async function requestCapture(db: Db, id: number): Promise<void> {
  await db`
    update dashboards set ${reset(db)}, ${unclaim(db)}, ${caused(db)}, step = case when exists (
        select from runs r
        where r.dashboard_id = dashboards.id and r.run = dashboards.run
          and r.numbers_error is not null
      ) then 'create' else 'capture' end
    where id = ${id} and deleted_at is null and archived_at is null
      and board is not null and step <> 'create'`;
}

/** Locks a live row for the transaction. False: its table is gone, or it was deleted. */
export async function lockLive(db: Db, id: number): Promise<boolean> {
  const rows = await db`
    select from dashboards where id = ${id} and archived_at is null and deleted_at is null
    for update`;
  return rows.length === 1;
}

/** Repeats board, numbers, preview and message of the run. */
export async function redraw(db: Db, id: number): Promise<void> {
  await beginCorrection(db, id);
  await db`
    update dashboards set step = 'create', ${reset(db)}, ${unclaim(db)}, ${caused(db)}
    where id = ${id}`;
}

/** False: not in a Grafana, or its table is gone. */
export async function requestRewrite(db: Db, id: number): Promise<boolean> {
  const { count } = await db`
    update dashboards set rewrite = true, edited = false, outcome = null, step = 'create',
      ${reset(db)}, ${unclaim(db)}, ${caused(db)}
    where id = ${id} and source = 'grafana' and archived_at is null and deleted_at is null`;
  return count === 1;
}

export async function moveTo(db: Db, id: number, base: string, url: string): Promise<void> {
  await db`
    update dashboards set source = 'grafana', grafana_base = ${base}, grafana_url = ${url},
      grafana_version = null, grafana_writing = null, grafana_archived = false, edited = false,
      outcome = null, step = 'create', ${reset(db)}, ${unclaim(db)}, ${caused(db)}
    where id = ${id}`;
}

type Database = { user_id: number; kind: Kind };
type Name = { schema_name: string; table_name: string };

export async function renameTable(db: Db, id: number, to: Name): Promise<void> {
  await db`
    update dashboards set schema_name = ${to.schema_name}, table_name = ${to.table_name},
      step = case when deleted_at is null then 'create' else step end, ${reset(db)}, ${unclaim(db)}
    where id = ${id}`;
}

export type NewRun = { id: number; run: number; request_id: string };

/** Ends an archive or tombstone. Returns the new run; undefined: known content. */
export async function beginRun(
  db: Sql,
  database: Database,
  table: Name & { content: string },
  row_count: number,
  batch_id?: number,
): Promise<NewRun | undefined> {
  return await db.begin((tx) => beginRunIn(tx, database, table, { row_count, batch_id }));
}

async function beginRunIn(
  tx: Db,
  { user_id, kind }: Database,
  { schema_name, table_name, content }: Name & { content: string },
  rows: Parameters<typeof insertRun>[2],
): Promise<NewRun | undefined> {
  const [row] = await tx<NewRun[]>`
    insert into dashboards as d
      (user_id, kind, schema_name, table_name, content, request_id, traceparent)
    values (${user_id}, ${kind}, ${schema_name}, ${table_name}, ${content},
      coalesce(${requestIdHere() ?? null}::uuid, gen_random_uuid()), ${traceparentHere() ?? null})
    on conflict (user_id, kind, schema_name, table_name) do update set
      content = excluded.content, run = d.run + 1, run_at = now(), step = 'create', outcome = null,
      panels = '[]', archived_at = null, deleted_at = null, request_id = excluded.request_id,
      traceparent = excluded.traceparent, import_content = null, ${reset(tx)}, ${unclaim(tx)}
    where d.content <> excluded.content or d.archived_at is not null
    returning id, run, request_id`;
  if (row) await insertRun(tx, row, rows);
  return row;
}

/** What an import has written, as the scan sees it. */
export type Imported = Database & Name & { content: string; row_count: number };

/**
 * Takes an import into the run that is to be processed next, or notes it for the run after the one under way.
 * Returns the row's id; undefined: a person removed the dashboard of this table.
 */
export async function beginImport(tx: Db, table: Imported): Promise<number | undefined> {
  const { content, row_count } = table;
  const known = await lockRow(tx, table);
  if (known?.is_tombstone && sameTable(known.content, content)) return undefined;
  if (!known || known.is_idle) {
    return (await beginRunIn(tx, table, table, { row_count }))?.id ?? known?.id;
  }
  if (!known.is_next) {
    await tx`update dashboards set import_content = ${content}, import_rows = ${row_count}
      where id = ${known.id}`;
  } else {
    await tx`update dashboards set content = ${content} where id = ${known.id}`;
    await updateRowCount(tx, known, row_count);
  }
  return known.id;
}

/** Begins the runs of imports that waited for the run before. */
export async function beginWaitingImports(db: Sql): Promise<void> {
  await db.begin(async (tx) => {
    for (const { id, ...table } of await waitingImports(tx)) {
      await beginRunIn(tx, table, table, table);
      await tx`update dashboards set import_content = null where id = ${id}`;
      await tx`update dashboards set next_try_at = ${dueAfterImport(tx, id)} where id = ${id}`;
    }
  });
}

/** Puts off the processing of imported runs until they are complete, and a minute after the last message. */
export async function scheduleImports(db: Db, ids: number[]): Promise<void> {
  for (const id of ids.toSorted((a, b) => a - b)) {
    await db`
      update dashboards set next_try_at = ${dueAfterImport(db, id)}
      where id = ${id} and step = 'create' and claim_id is null and not stopped`;
  }
}

/** Archives the rows whose tables are not among `there`. */
export async function archiveOthers(db: Db, { user_id, kind }: Database, there: Name[]) {
  const schemas = there.map(({ schema_name }) => schema_name);
  const tables = there.map(({ table_name }) => table_name);
  await db`
    update dashboards set archived_at = now(), step = 'done', ${reset(db)}, ${unclaim(db)}
    where user_id = ${user_id} and kind = ${kind} and archived_at is null and deleted_at is null
      and (schema_name, table_name) not in
        (select * from unnest(${schemas}::text[], ${tables}::text[]))`;
}

/** Leaves a tombstone, so that the scan does not find the table again. */
export async function softDelete(db: Db, id: number): Promise<void> {
  await clearRuns(db, id);
  await db`
    update dashboards set deleted_at = now(), step = 'done', board = null, source = 'built-in',
      grafana_base = null, grafana_url = null, grafana_version = null, grafana_writing = null,
      grafana_archived = false, edited = false, rewrite = false, outcome = null, panels = '[]', designs = '{}',
      ${reset(db)}, ${unclaim(db)}
    where id = ${id}`;
}
