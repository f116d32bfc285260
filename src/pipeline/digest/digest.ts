import { AppError, ExternalError } from "../../errors.ts";
import { pause } from "../../external/abort.ts";
import { linkTo } from "../notify/link.ts";
import type { Deps as NotifyDeps } from "../notify/notify.ts";
import { postOnce } from "../notify/once.ts";
import { namesOf, type Target, targetsOf } from "../notify/target.ts";
import { type Changes, changesOf, type Moved, movedOf } from "./changes.ts";
import { composeDigest } from "./message.ts";
import { lastDue, nameOf, type Schedule } from "./schedule.ts";
import * as store from "./store.ts";

export type Deps = NotifyDeps & { slack: { digest_at?: Schedule | undefined } };

const DAY_MS = 86_400_000;
/** How late a digest is still posted. */
const LATE_MS = 6 * 3_600_000;
/** For numbers that are being saved as a digest falls due. */
const SAVING_MS = 5_000;

/** The work of each minute. Without a time for digests, the one of earlier is forgotten once. */
export function startDigests(deps: Deps, signal: AbortSignal): () => Promise<void> {
  let isForgotten = false;
  return async () => {
    if (deps.slack.digest_at) return await postDigests(deps, signal);
    if (!isForgotten) await store.forgetSchedule(deps.db);
    isForgotten = true;
  };
}

/** Posts the digest that is due to every channel that has not had it. */
export async function postDigests(deps: Deps, signal: AbortSignal, now = new Date()) {
  const { db, slack: { digest_at } } = deps;
  if (!digest_at) return;
  const at = lastDue(digest_at, now);
  const { since, finished } = await store.rememberSchedule(db, nameOf(digest_at));
  const late = now.getTime() - at.getTime();
  if (finished && finished >= at || at <= since || late > LATE_MS) return;
  await pause(SAVING_MS - late, signal);
  const digests = await store.findDigests(db, at);
  const first = finished ?? new Date(at.getTime() - DAY_MS);
  const oldest = new Date(Math.min(+first, ...digests.map(({ at }) => +at)));
  const channels = await channelsOf(deps, await store.findTables(db, oldest, at));
  let open = 0;
  for (const { target, tables } of channels) {
    if (signal.aborted) return;
    const before = digests.find(({ slack_target }) => slack_target === target.target_hash);
    if (before?.at.getTime() === at.getTime()) continue;
    const window = { since: before?.at ?? first, at, attention: before?.attention ?? [] };
    if (!await postDigest(deps, target, tables, window, signal)) open++;
  }
  if (open === 0) await store.finishSchedule(db, at);
}

type Channel = { target: Target; tables: store.Table[] };

/** The tables by the channel and token of their runs; those of users whose Slack is half set are in none. */
async function channelsOf(deps: Deps, tables: store.Table[]): Promise<Channel[]> {
  const channels = new Map<string, Channel>();
  for (const [user_id, own] of Map.groupBy(tables, ({ user_id }) => user_id)) {
    try {
      const targetIn = await targetsOf(deps, user_id);
      for (const table of own) {
        const numbers = table.groups.map((group) => ({ group }));
        const target = await targetIn(namesOf({ table_name: table.table_name, numbers }));
        if (!target) continue;
        const channel = channels.get(target.target_hash) ?? { target, tables: [] };
        channels.set(target.target_hash, channel);
        channel.tables.push(table);
      }
    } catch (error) {
      if (!(error instanceof ExternalError || error instanceof AppError)) throw error;
    }
  }
  return [...channels.values()];
}

type Period = { since: Date; at: Date; attention: number[] };

/** False: it is to be tried again. */
async function postDigest(
  deps: Deps,
  target: Target,
  tables: store.Table[],
  { since, at, attention: known }: Period,
  signal: AbortSignal,
): Promise<boolean> {
  const { db, slack: { content, digest_at } } = deps;
  const changes = await readChanges(deps, tables, since, at);
  const attention = changes.attention.map(({ id }) => id);
  const { fresh, worse, better } = changes;
  const isNews = content === "link"
    ? fresh.length > 0
    : worse.length + better.length > 0 || attention.some((id) => !known.includes(id));
  if (isNews) {
    const { state } = await postOnce(
      deps,
      {
        key: `digest ${at.toISOString()} ${target.target_hash}`,
        event_type: "dashkeeper_digest",
        compose: () =>
          composeDigest({ ...changes, content, since, zone: digest_at!.zone }, linksOf(deps)),
      },
      target,
      signal,
    );
    if (state !== "sent") return false;
  }
  await store.saveDigest(db, { slack_target: target.target_hash, at, attention });
  return true;
}

const linksOf = (deps: Deps) => ({
  dashboard: (table: store.Table) => linkTo(deps, table),
  row: ({ id }: store.Table) => `${deps.frontend_url}/dashboards/${id}`,
});

const AT_ONCE = 100;

/** In parts: the numbers of a hundred tables can be 4 MB. */
async function readChanges(
  { db, slack: { worse_percent } }: Deps,
  tables: store.Table[],
  since: Date,
  at: Date,
): Promise<Changes> {
  const fresh: Moved[] = [];
  for (let i = 0; i < tables.length; i += AT_ONCE) {
    const some = tables.slice(i, i + AT_ONCE);
    const windows = await store.findWindows(db, some.map(({ id }) => id), since, at);
    fresh.push(...movedOf(some, windows, worse_percent));
  }
  return changesOf(tables, fresh);
}
