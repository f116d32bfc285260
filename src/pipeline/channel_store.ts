import type { Db } from "../external/postgres/postgres.ts";
import type { KeyNumber } from "../measures/number.ts";
import { usernameOf } from "../users/store.ts";
import { isMuted } from "./mute_store.ts";
import type { Named } from "./named_store.ts";
import type { Step } from "./row.ts";

export type ChannelRow = Omit<Named, "run"> & {
  designs: string[];
  step: Step;
  stopped: boolean;
  /** Of one that stopped. */
  last_error: string | null;
  is_muted: boolean;
  grafana_url: string | null;
  grafana_base: string | null;
  /** Whose token posted its last message. */
  slack_app: "installation" | "user";
  /** The newest run with numbers, and when it was found. */
  of_run: number | null;
  found_at: string | null;
};

/** Of the run `of_run`. */
export type Numbers = {
  numbers: KeyNumber[];
  why: string | null;
  slack_file_id: string | null;
  has_gif: boolean;
};

/** `user_id`: of that user's app; null: of the installation's. */
export type Asked = { team: string; channel: string; user_id: number | null };

/** The dashboards whose last message is in this channel, and that the app reaches; newest runs first. */
export async function findChannelRows(
  db: Db,
  { team, channel, user_id }: Asked,
  most: number,
): Promise<ChannelRow[]> {
  return await db<ChannelRow[]>`
    select d.id, d.user_id, ${usernameOf(db, db`d.user_id`)} as username, d.kind, d.schema_name,
      d.table_name, d.designs, d.step, d.stopped, case when d.stopped then d.last_error end as last_error,
      ${
    isMuted(db)
  } as is_muted, d.grafana_url, d.grafana_base, p.slack_app, n.run as of_run, n.found_at
    from dashboards d
      cross join lateral (
        select slack_team, slack_channel, slack_app from runs
        where dashboard_id = d.id and slack_ts is not null order by run desc limit 1) p
      left join lateral (
        select run, found_at from runs where dashboard_id = d.id and num_nonnulls(numbers_at, posted_at) > 0
        order by run desc limit 1
      ) n on true
    where d.id in (
        select dashboard_id from runs where slack_channel = ${channel} and slack_ts is not null)
      and p.slack_channel = ${channel} and p.slack_team = ${team}
      and ${user_id === null ? db`p.slack_app = 'installation'` : db`d.user_id = ${user_id}`}
      and d.deleted_at is null and d.archived_at is null
    order by n.found_at desc nulls last, d.id desc limit ${most}`;
}

/** In the order of `rows`. */
export async function withNumbers(
  db: Db,
  rows: ChannelRow[],
): Promise<(ChannelRow & Numbers)[]> {
  const found = await db<(Numbers & { id: number })[]>`
    select r.dashboard_id as id, r.numbers, r.why, r.slack_file_id, r.gif is not null as has_gif
    from unnest(${rows.map(({ id }) => id)}::bigint[], ${
    rows.map(({ of_run }) => of_run ?? 0)
  }::int[])
        as w (id, run)
      join runs r on r.dashboard_id = w.id and r.run = w.run`;
  const byId = new Map(found.map(({ id, ...numbers }) => [id, numbers]));
  return rows.map((row) => ({ ...row, ...byId.get(row.id) ?? NO_NUMBERS }));
}

const NO_NUMBERS: Numbers = { numbers: [], why: null, slack_file_id: null, has_gif: false };

/** A run's GIF as Slack is to have it. */
export async function findSlackGif(
  db: Db,
  { id, run }: { id: number; run: number },
): Promise<Uint8Array | undefined> {
  const [row] = await db<{ gif: Uint8Array | null }[]>`
    select coalesce(slack_gif, gif) as gif from runs where dashboard_id = ${id} and run = ${run}`;
  return row?.gif ?? undefined;
}
