import { adminOnly } from "../who.ts";
import type { Who } from "../who.ts";
import { finishGrafanaRemovals, removalKey } from "../grafana/removal/removal.ts";
import { deleteNumbers } from "../pipeline/numbers_store.ts";
import { insertGrafanaRemoval } from "../grafana/removal/store.ts";
import { dashboardUid } from "../workspaces/names.ts";
import type { Deps as WorkspaceDeps } from "../grafana/removal/removal.ts";
import { findBoardState } from "../pipeline/board_store.ts";
import { removeReadView } from "../pipeline/scan/ignored_store.ts";
import { visibleDashboard } from "./listing.ts";
import { softDelete } from "../pipeline/row.ts";

/** How long whoever removes a dashboard waits for Grafana. */
const GRAFANA_MS = 5_000;

/**
 * Removes the row until its table is created anew, and its dashboard from Grafana: now, or later where
 * Grafana is away. Admins only; 404 before 403 for a stranger's row.
 */
export async function removeDashboard(deps: WorkspaceDeps, who: Who, id: number): Promise<void> {
  const { user_id } = await visibleDashboard(deps.db, who, id);
  adminOnly(who);
  const { grafana_base: base } = await findBoardState(deps.db, id);
  const api_key = base === null ? null : await removalKey(deps, user_id, base);
  await deps.db.begin(async (tx) => {
    await softDelete(tx, id);
    await deleteNumbers(tx, id);
    await removeReadView(tx, id);
    if (base === null) return;
    const uid = dashboardUid(deps.installation, id);
    await insertGrafanaRemoval(tx, { base, what: "dashboard", uid, api_key, dashboard_id: id });
  });
  if (base === null) return;
  await finishGrafanaRemovals(deps, AbortSignal.timeout(GRAFANA_MS)).catch(() => {
    deps.log(`grafana: the dashboard ${id} is removed later`);
  });
}
