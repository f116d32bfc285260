import { type Deps, REMOVALS, removeFromGrafana } from "../grafana/removal.ts";
import { type Failure, runRetries } from "../retries/retries.ts";
import type { Retry } from "../retries/store.ts";
import { findUse } from "./board_store.ts";

export async function finishGrafanaRemovals(deps: Deps, signal: AbortSignal): Promise<void> {
  const remove = (retry: Retry) => removeFromGrafana(deps, retry, signal);
  const first = {
    [REMOVALS.dashboard]: (retry: Retry) => removeUnused(deps, retry, signal),
    [REMOVALS.datasource]: remove,
  };
  await runRetries(deps.db, first, signal);
  await runRetries(deps.db, { [REMOVALS.folder]: remove }, signal);
}

/** The table may be back, and its row may use the dashboard again. */
async function removeUnused(
  deps: Deps,
  retry: Retry,
  signal: AbortSignal,
): Promise<Failure | undefined> {
  const { dashboard_id } = retry.payload as { dashboard_id?: number };
  const use = dashboard_id && await findUse(deps.db, dashboard_id, retry.target);
  if (use === "used") return undefined;
  if (use === "moving") {
    return { message: "The dashboard is still moving to its new Grafana.", unavailable: false };
  }
  return await removeFromGrafana(deps, retry, signal);
}
