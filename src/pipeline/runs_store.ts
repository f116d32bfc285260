import type { Db } from "../external/postgres/postgres.ts";
import type { PictureType } from "../previews/outcome.ts";

type Run = { id: number; run: number };

/** `batch_id`: of a new table. */
export async function insertRun(
  db: Db,
  { id, run }: Run,
  { row_count, batch_id }: { row_count: number; batch_id?: number | undefined },
): Promise<void> {
  await db`
    insert into runs (dashboard_id, run, row_count, batch_id)
    values (${id}, ${run}, ${row_count}, ${batch_id ?? null})`;
}

export async function updateRowCount(db: Db, { id, run }: Run, row_count: number): Promise<void> {
  await db`update runs set row_count = ${row_count} where dashboard_id = ${id} and run = ${run}`;
}

/** The run's message will be updated in place. */
export async function beginCorrection(db: Db, dashboard_id: number): Promise<void> {
  await db`
    update runs r set correcting = true
    from dashboards d where d.id = ${dashboard_id} and r.dashboard_id = d.id and r.run = d.run`;
}

export async function clearRuns(db: Db, dashboard_id: number): Promise<void> {
  await db`
    with gone as (delete from runs where dashboard_id = ${dashboard_id} and run <> (
      select run from dashboards where id = ${dashboard_id}))
    update runs set gif = null, slack_gif = null, png = null, thumbnail = null, slack_message = null,
      numbers = '[]', why = null, numbers_error = null
    where dashboard_id = ${dashboard_id}`;
}

export type RunTimes = {
  run: number;
  row_count: number | null;
  found_at: string;
  captured_at: string | null;
  posted_at: string | null;
  slack_sent_at: string | null;
  has_gif: boolean;
  has_png: boolean;
};

/** Newest first. */
export async function lastRuns(db: Db, dashboard_id: number, most: number): Promise<RunTimes[]> {
  return await db<RunTimes[]>`
    select run, row_count, found_at, captured_at, posted_at, slack_sent_at, gif is not null as has_gif,
      png is not null as has_png
    from runs where dashboard_id = ${dashboard_id} order by run desc limit ${most}`;
}

export type Pictures = {
  gif: Uint8Array;
  slack_gif: Uint8Array | null;
  png: Uint8Array | null;
  thumbnail: Uint8Array | null;
  captured_at: Date | null;
};

const PICTURED_RUNS = 3;

/** Keeps the pictures of this run and the last two with pictures. An unposted Slack upload is repeated. */
export async function savePictures(
  db: Db,
  { id, run }: Run,
  { gif, slack_gif, png, thumbnail, captured_at }: Pictures,
): Promise<void> {
  await db`
    update runs set gif = ${gif}, slack_gif = ${slack_gif}, png = ${png},
      thumbnail = ${thumbnail},
      captured_at = ${(captured_at ?? new Date()).toISOString()},
      slack_file_id = case when correcting or replacing or posted_at is null and posting_at is null then null
        else slack_file_id end
    where dashboard_id = ${id} and run = ${run}`;
  await db`
    update runs set gif = null, slack_gif = null, png = null, thumbnail = null
    where dashboard_id = ${id} and run <= ${run - PICTURED_RUNS} and gif is not null`;
}

/** Runs of a deleted dashboard, or older than those that keep their pictures. */
export async function runsWithoutPictures<T extends { dashboard_id: number; run: number }>(
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

const COLUMNS = { gif: "gif", png: "png", webp: "thumbnail" };

export type Preview = { tag: string; bytes: Uint8Array | null };

/** The newest picture. `bytes` is null when `known` has its tag or is "*". Undefined: no picture yet. */
export async function findPreview(
  db: Db,
  dashboard_id: number,
  what: PictureType,
  known: string[],
): Promise<Preview | undefined> {
  const [row] = await db<Preview[]>`
    select tag, case when tag = any(${known}) or '*' = any(${known}) then null else bytes end as bytes
    from (
      select ${db(COLUMNS[what])} as bytes,
        run || '-' || coalesce(extract(epoch from captured_at) * 1000, 0)::int8 as tag
      from runs where dashboard_id = ${dashboard_id} and gif is not null
      order by run desc limit 1
    ) newest
    where bytes is not null`;
  return row;
}
