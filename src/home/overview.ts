import { connectionsOf } from "../accounts/overview.ts";
import type { Db } from "../external/postgres/postgres.ts";
import { shownNumber } from "../measures/format.ts";
import { directionOf, inOrder } from "../measures/direction.ts";
import * as store from "../pipeline/overview_store.ts";
import { listWaiting } from "../pipeline/scan/store.ts";
import type { Who } from "../who.ts";
import { failedWorkspaces, stepsOf } from "../workspaces/store.ts";
import type { Servers } from "../workspaces/servers.ts";

export type Deps = { db: Db; servers: Servers; slack: { worse_percent: number } };

const SHOWN = 5;
const PREVIEWS = 4;
const DAY_MS = 86_400_000;
/** Candidates among which runs that got worse by more than noise are looked for. */
const MOST_CANDIDATES = 50;
const MOST_NUMBERS = 3;

/** Of all users for an admin, else of the caller alone. */
export async function showOverview(deps: Deps, who: Who, now = new Date()) {
  const { db } = deps;
  const user_id = who.role === "admin" ? undefined : who.user_id;
  const day = `${now.toISOString().slice(0, 10)}T00:00:00Z`;
  const [any, tables, newest, waiting, writes, stopped, failed, worse, previews, connections] =
    await Promise
      .all([
        store.hasRows(db, user_id),
        store.countFound(db, day, user_id),
        store.lastFound(db, day, user_id, SHOWN),
        store.waitingRows(db, user_id),
        listWaiting(db, user_id, SHOWN + 1),
        store.stoppedLast(db, user_id, SHOWN),
        failedSteps(db, user_id),
        gotWorse(deps, now, user_id),
        store.lastPreviews(db, user_id, PREVIEWS),
        connectionsOf(deps, who),
      ]);
  return {
    any,
    today: { tables, newest },
    waiting,
    writes: { tables: writes.slice(0, SHOWN), more: writes.length > SHOWN },
    stopped,
    failed,
    worse,
    previews,
    connections,
    most_counted: store.MOST_COUNTED,
  };
}
export type Overview = Awaited<ReturnType<typeof showOverview>>;

async function failedSteps(db: Db, user_id: number | undefined) {
  if (user_id === undefined) return await failedWorkspaces(db, SHOWN);
  const steps = await stepsOf(db, user_id);
  return steps.filter(({ state }) => state === "failed")
    .map(({ name, message }) => ({ user_id, username: "", name, message }));
}

/** The newest run of each table that got worse in the last 24 hours, the numbers in their order. */
async function gotWorse({ db, slack }: Deps, now: Date, user_id: number | undefined) {
  const since = new Date(now.getTime() - DAY_MS).toISOString();
  const percent = slack.worse_percent;
  const runs = await store.worseRuns(db, since, user_id, MOST_CANDIDATES);
  const newest = new Map<number, store.WorseRun>();
  for (const run of runs) if (!newest.has(run.id)) newest.set(run.id, run);
  return [...newest.values()].flatMap(({ numbers, ...run }) => {
    const worse = inOrder(numbers, percent)
      .filter((number) => directionOf(number, percent) === "worse");
    if (worse.length === 0) return [];
    const shown = worse.slice(0, MOST_NUMBERS).map(shownNumber);
    return [{ ...run, numbers: shown, more: worse.length - shown.length }];
  }).slice(0, SHOWN);
}
