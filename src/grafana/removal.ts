import { open, seal } from "../credentials/seal.ts";
import { ExternalError } from "../errors.ts";
import { connectGrafana } from "../external/grafana/grafana.ts";
import type { Db } from "../external/postgres/postgres.ts";
import { datasourceBases } from "./store.ts";
import {
  type Deps as GrafanaDeps,
  grafanaOf,
  isGrafanaUnavailable,
  ownGrafana,
} from "./grafana.ts";
import type { Failure } from "../retries/retries.ts";
import { retryAad } from "../retries/sealed.ts";
import { enqueue, isLeft, type Retry } from "../retries/store.ts";
import * as names from "../workspaces/names.ts";
import { inWords } from "../workspaces/servers.ts";

export type Deps = GrafanaDeps & { installation: string };

export const REMOVALS = {
  dashboard: "grafana_dashboard",
  datasource: "grafana_datasource",
  folder: "grafana_folder",
};
/** `dashboard_id`: its row, which may use the dashboard again. */
type Thing = { what: keyof typeof REMOVALS; uid: string; dashboard_id?: number };

/**
 * Returns a function that enqueues removals in a transaction, with the sealed key of a user's own Grafana: the
 * user may be gone by then.
 */
export async function removalFrom(deps: Deps, user_id: number, base: string) {
  const own = await ownGrafana(deps, user_id);
  const isOwn = base === (own.base ?? deps.outside.grafana?.base);
  return async (tx: Db, thing: Thing): Promise<void> => {
    const kind = REMOVALS[thing.what];
    const subject = `${base} ${thing.uid}`;
    const secret = isOwn && own.key !== undefined
      ? await seal(deps.sealKeys, retryAad(kind, subject), own.key)
      : null;
    await enqueue(tx, { kind, subject, target: base, payload: thing, secret });
  };
}

/** Returns a function that enqueues the removal of a user's dashboards, data sources and folders. */
export async function userRemoval(
  deps: Deps,
  user_id: number,
  dashboards: { id: number; base: string }[],
) {
  const { installation, outside } = deps;
  // A folder may have been made by a call whose answer was lost.
  const current = await grafanaOf(deps, user_id).catch(() => undefined);
  const bases = [
    ...await datasourceBases(deps.db, user_id),
    ...dashboards.map(({ base }) => base),
    current?.base,
    outside.grafana?.base, // a user may have changed to a Grafana of its own
  ].filter((base) => base !== undefined);
  const removals = await Promise.all(
    [...new Set(bases)].map(async (base) => ({
      base,
      add: await removalFrom(deps, user_id, base),
    })),
  );
  return async (tx: Db) => {
    for (const { base, add } of removals) {
      for (const { id } of dashboards.filter((one) => one.base === base)) {
        await add(tx, { what: "dashboard", uid: names.dashboardUid(installation, id) });
      }
      for (const kind of names.KINDS) {
        await add(tx, {
          what: "datasource",
          uid: names.datasourceUid(installation, user_id, kind),
        });
      }
      for (const uid of [names.folderUid, names.archiveUid]) {
        await add(tx, { what: "folder", uid: uid(installation, user_id) });
      }
    }
  };
}

/** Removes one thing; folders wait for the dashboards of their Grafana, which may still lie in them. */
export async function removeFromGrafana(
  deps: Deps,
  retry: Retry,
  signal: AbortSignal,
): Promise<Failure | undefined> {
  const { what, uid } = retry.payload as Thing;
  if (what === "folder" && await isLeft(deps.db, REMOVALS.dashboard, retry.target)) {
    return { message: "Dashboards are removed first.", unavailable: false };
  }
  try {
    const why = await remove(deps, retry, signal);
    if (why) deps.log.warn(`The ${what} is left in Grafana.`, { uid, reason: why });
    return undefined;
  } catch (error) {
    const message = inWords(error);
    // Nobody can save a better key for a user who is gone.
    const isHopeless = retry.secret && error instanceof ExternalError &&
      error.more.code === "key_refused";
    if (!signal.aborted) {
      const fate = isHopeless ? "left in Grafana" : "not removed from Grafana yet";
      deps.log.warn(`The ${what} is ${fate}.`, { uid, reason: message });
    }
    return isHopeless ? undefined : { message, unavailable: isGrafanaUnavailable(error) };
  }
}

/** Returns why it is left there. */
async function remove(
  deps: Deps,
  { kind, subject, target: base, payload, secret }: Retry,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { what, uid } = payload as Thing;
  const { grafana: configured } = deps.outside;
  const key = secret
    ? await open(deps.sealKeys, retryAad(kind, subject), secret)
    : configured?.base === base
    ? configured.key
    : undefined;
  if (key === undefined) return "the key of that Grafana is not known here any more.";
  const grafana = connectGrafana({ base, key });
  if (what === "dashboard") await grafana.removeDashboard(uid, signal);
  else if (what === "datasource") await grafana.removeDatasource(uid, signal);
  else if (await grafana.holdsDashboards(uid, signal)) {
    return "it holds dashboards of people's own.";
  } else await grafana.removeFolder(uid, signal);
}
