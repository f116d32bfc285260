import type { Db } from "../../external/postgres/postgres.ts";

export type Preview = { tag: string; bytes: Uint8Array | null };

/**
 * The newest run's picture, of those that have one. `tag` changes with the picture; where the caller knows
 * it, or says "*", `bytes` is null and nothing of them is read. Undefined: there is none.
 */
export async function findPreview(
  db: Db,
  dashboard_id: number,
  what: "gif" | "png",
  known: string[],
): Promise<Preview | undefined> {
  const [row] = await db<Preview[]>`
    select tag, case when tag = any(${known}) or '*' = any(${known}) then null else bytes end as bytes
    from (
      select ${db(what)} as bytes,
        run || '-' || coalesce(extract(epoch from captured_at) * 1000, 0)::int8 as tag
      from runs where dashboard_id = ${dashboard_id} and gif is not null
      order by run desc limit 1
    ) newest
    where bytes is not null`;
  return row;
}

/** One run: when it was found, shown and told, and which pictures there are of it. */
export type RunTimes = {
  run: number;
  row_count: number | null;
  found_at: string;
  captured_at: string | null;
  told_at: string | null;
  slack_sent_at: string | null;
  has_gif: boolean;
  has_png: boolean;
};

/** The last runs, newest first. */
export async function lastRuns(db: Db, dashboard_id: number, most: number): Promise<RunTimes[]> {
  return await db<RunTimes[]>`
    select run, row_count, found_at, captured_at, told_at, slack_sent_at, gif is not null as has_gif,
      png is not null as has_png
    from runs where dashboard_id = ${dashboard_id} order by run desc limit ${most}`;
}

/** How often the step at hand was tried in vain; `capture_tries` counts pictures not fit to be told. */
export async function findTries(db: Db, id: number) {
  const [row] = await db<{ failures: number; capture_tries: number; deaths: number }[]>`
    select failures, capture_tries, deaths from dashboards where id = ${id}`;
  return row!;
}
