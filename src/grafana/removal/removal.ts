import { open, seal } from "../../credentials/seal.ts";
import type { SealedColumn } from "../../credentials/sealed.ts";
import { ExternalError } from "../../errors.ts";
import { connectGrafana } from "../../external/grafana/grafana.ts";
import type { Db } from "../../external/postgres/postgres.ts";
import { grafanaOf, isGrafanaUnavailable, ownGrafana } from "../grafana.ts";
import * as removals from "./store.ts";
import * as names from "../../workspaces/names.ts";
import { eachServer, inWords } from "../../workspaces/servers.ts";
import type { Deps as GrafanaDeps } from "../grafana.ts";

export type Deps = GrafanaDeps & { installation: string };

/** What the key of a user's own Grafana is bound to, once its user may be gone. */
const REMOVAL_AAD = "grafana_removals";

export const SEALED_REMOVAL_KEYS: SealedColumn[] = [{
  table: "grafana_removals",
  id: "id",
  column: "api_key",
  aad: () => REMOVAL_AAD,
  label: ({ id }) => `the Grafana key of removal ${id}`,
}];

/** The sealed key for a base that the user's own credentials name; null: the configured one is meant. */
export async function removalKey(deps: Deps, user_id: number, base: string) {
  const own = await ownGrafana(deps, user_id);
  if (own.key === undefined || base !== (own.base ?? deps.outside.grafana?.base)) return null;
  return await seal(deps.sealKeys, REMOVAL_AAD, own.key);
}

/**
 * What a user who goes has in Grafana, to be put down in the transaction in which it goes: its dashboards,
 * data sources and folders.
 */
export async function userRemoval(deps: Deps, user_id: number) {
  const { bases, dashboards } = await removals.thingsInGrafana(deps.db, user_id);
  // A folder may have been made by a call whose answer was lost.
  const place = await grafanaOf(deps, user_id).catch(() => undefined);
  const { installation } = deps;
  // Whoever got a Grafana of its own since has its folder and data sources in the configured one still.
  const more = [place?.base, deps.outside.grafana?.base].filter((base) => base !== undefined);
  const keys = new Map<string, string | null>();
  for (const base of new Set([...bases, ...more])) {
    keys.set(base, await removalKey(deps, user_id, base));
  }
  return async (tx: Db) => {
    for (const [base, api_key] of keys) {
      const add = (what: removals.GrafanaThing, uid: string) =>
        removals.insertGrafanaRemoval(tx, { base, what, uid, api_key });
      for (const { id } of dashboards.filter((one) => one.base === base)) {
        await add("dashboard", names.dashboardUid(installation, id));
      }
      for (const kind of names.KINDS) {
        await add("datasource", names.datasourceUid(installation, user_id, kind));
      }
      await add("folder", names.folderUid(installation, user_id));
      await add("folder", names.archiveUid(installation, user_id));
    }
  };
}

/** Takes out of Grafana what is no longer anybody's; what does not come off now is tried again. */
export async function finishGrafanaRemovals(deps: Deps, signal: AbortSignal): Promise<void> {
  // Folders are due once the dashboards are gone.
  for (let round = 0; round < 2; round++) {
    const due = await removals.dueGrafanaRemovals(deps.db);
    // Grafana by Grafana: one that is away delays its own only.
    const placed = due.map((removal) => ({ ...removal, server: removal.base }));
    await eachServer(placed, signal, (removal) => finish(deps, removal, signal));
  }
}

/** False: this Grafana is away. */
async function finish(
  deps: Deps,
  removal: removals.GrafanaRemoval,
  signal: AbortSignal,
): Promise<boolean> {
  const { id, what, uid, api_key } = removal;
  try {
    const isInUse = await removals.isInUse(deps.db, id);
    const why = isInUse ? undefined : await take(deps, removal, signal);
    if (why) deps.log(`grafana: the ${what} ${uid} is left there: ${why}`);
    await removals.deleteGrafanaRemoval(deps.db, id);
    return true;
  } catch (error) {
    if (signal.aborted) return false;
    const why = inWords(error);
    // Nobody can save a better key for a user who is gone.
    const isHopeless = api_key !== null && error instanceof ExternalError &&
      error.more.code === "key_refused";
    deps.log(
      `grafana: the ${what} ${uid} is ${isHopeless ? "left there" : "not removed yet"}: ${why}`,
    );
    const isUnavailable = isGrafanaUnavailable(error);
    if (isHopeless) await removals.deleteGrafanaRemoval(deps.db, id);
    else await removals.postponeGrafanaRemoval(deps.db, id, why);
    if (isUnavailable) await removals.postponeGrafana(deps.db, id);
    return !isUnavailable;
  }
}

/** Returns why a thing is left where it is. */
async function take(
  deps: Deps,
  { base, what, uid, api_key }: removals.GrafanaRemoval,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { grafana: configured } = deps.outside;
  const key = api_key !== null
    ? await open(deps.sealKeys, REMOVAL_AAD, api_key)
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
