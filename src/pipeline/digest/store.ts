import type { Db } from "../../external/postgres/postgres.ts";
import type { KeyNumber } from "../../measures/number.ts";
import { isMuted } from "../mute_store.ts";
import { type Named, named, needsAttention } from "../named_store.ts";

/** `since`: when the digest was set to this time. `finished`: the last one that all channels have had. */
export async function rememberSchedule(
  db: Db,
  schedule: string,
): Promise<{ since: Date; finished: Date | null }> {
  await db`
    insert into digest_schedule (schedule) values (${schedule})
    on conflict (id) do update set schedule = excluded.schedule, since = now()
    where digest_schedule.schedule <> excluded.schedule`;
  const [row] = await db<{ since: string; finished_at: string | null }[]>`
    select since, finished_at from digest_schedule`;
  const { since, finished_at } = row!;
  return { since: new Date(since), finished: finished_at === null ? null : new Date(finished_at) };
}

export async function forgetSchedule(db: Db): Promise<void> {
  await db`delete from digest_schedule`;
}

/** How long digests are kept, and how far one reaches back at most. */
const KEPT_DAYS = 31;

export async function finishSchedule(db: Db, at: Date): Promise<void> {
  await db`update digest_schedule set finished_at = ${at.toISOString()}`;
  const old = db`now() - make_interval(days => ${KEPT_DAYS})`;
  await db`delete from digests where at < ${old}`;
  await db`
    delete from channel_messages
    where event_type = 'dashkeeper_digest' and created_at < ${old}`;
}

export type Digest = { slack_target: string; at: Date; attention: number[] };

/** The last digest of each channel at or before `at`. */
export async function findDigests(db: Db, at: Date): Promise<Digest[]> {
  const rows = await db<(Omit<Digest, "at"> & { at: string })[]>`
    select distinct on (slack_target) slack_target, at, attention from digests
    where at <= ${at.toISOString()} order by slack_target, at desc`;
  return rows.map((row) => ({
    ...row,
    at: new Date(row.at),
    attention: row.attention.map(Number),
  }));
}

export async function saveDigest(db: Db, { slack_target, at, attention }: Digest): Promise<void> {
  await db`
    insert into digests (slack_target, at, attention)
    values (${slack_target}, ${at.toISOString()}, ${attention}::bigint[])
    on conflict (slack_target, at) do nothing`;
}

export type Table = Named & {
  grafana_url: string | null;
  /** What a person has to do; null: nothing. */
  attention: string | null;
  /** The groups of its numbers. */
  groups: (string | null)[];
};

/** The tables, but muted ones, with a run whose numbers came after `since` until `at`, and those that need attention. */
export async function findTables(db: Db, since: Date, at: Date): Promise<Table[]> {
  return await db<Table[]>`
    select ${named(db)}, d.grafana_url, case when ${needsAttention(db)}
        then coalesce(d.last_error, 'It has stopped.') else r.numbers_error end as attention,
      coalesce((
        select array_agg(distinct number->>'group')
        from jsonb_array_elements(coalesce(
          nullif(r.numbers, '[]'), (
            select numbers from runs where dashboard_id = d.id and numbers <> '[]'
            order by run desc limit 1), '[]')) as number), '{}') as groups
    from dashboards d join runs r on r.dashboard_id = d.id and r.run = d.run
    where d.deleted_at is null and d.archived_at is null and not ${isMuted(db)}
      and (${needsAttention(db)} or r.numbers_error is not null or d.id in (
        select dashboard_id from runs
        where numbers_at > ${since.toISOString()} and numbers_at <= ${at.toISOString()}))
    order by d.id`;
}

export type Window = {
  id: number;
  first_run: number;
  last_run: number;
  numbers: Span[];
};

/** A number over a window: the last before it, the first and the last in it. */
export type Span = {
  before: KeyNumber | null;
  first: KeyNumber;
  last: KeyNumber;
  /** How often it could not be compared with the run before, in the window. */
  breaks: number;
};

/** Runs before the window in which a group's last numbers are looked for. */
const MOST_BEFORE = 30;

/** The runs whose numbers came after `since` until `at`, of the dashboards that have some. */
export async function findWindows(
  db: Db,
  ids: number[],
  since: Date,
  at: Date,
): Promise<Window[]> {
  return await db<Window[]>`
    with windows as (
      select dashboard_id as id, min(run) as first_run, max(run) as last_run from runs
      where dashboard_id = any(${ids}::bigint[]) and numbers_at > ${since.toISOString()}
        and numbers_at <= ${at.toISOString()}
      group by dashboard_id
    ), found as (
      select w.id, r.run, r.run >= w.first_run as is_new, number
      from windows w join runs r on r.dashboard_id = w.id
          and r.run between w.first_run - ${MOST_BEFORE} and w.last_run,
        jsonb_array_elements(r.numbers) as number
    ), spans as (
      select id,
        (array_agg(number order by run desc) filter (where not is_new))[1] as before,
        (array_agg(number order by run) filter (where is_new))[1] as first,
        (array_agg(number order by run desc) filter (where is_new))[1] as last,
        count(*) filter (where is_new and number->'before' = 'null') as breaks
      from found group by id, number->>'group', number->>'name'
    )
    select w.*, coalesce((
      select jsonb_agg(to_jsonb(s) - 'id') from spans s where s.id = w.id and s.first is not null
    ), '[]') as numbers
    from windows w order by id`;
}
