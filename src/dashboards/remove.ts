import { adminOnly } from "../who.ts";
import type { Who } from "../who.ts";
import { type Deps, removalFrom } from "../grafana/removal.ts";
import { dashboardUid } from "../workspaces/names.ts";
import { findBoardState } from "../pipeline/board_store.ts";
import { deleteNumbers } from "../pipeline/numbers_store.ts";
import { finishGrafanaRemovals } from "../pipeline/removal.ts";
import { removeReadView } from "../pipeline/scan/ignored_store.ts";
import { changeableDashboard } from "./listing.ts";
import { softDelete } from "../pipeline/row.ts";

const GRAFANA_MS = 5_000;

/** Hides the row until its table is created anew; removes it from Grafana now or later. Throws 404, 403. */
export async function removeDashboard(deps: Deps, who: Who, id: number): Promise<void> {
  const { user_id } = await changeableDashboard(deps.db, who, id);
  adminOnly(who);
  const { grafana_base: base } = await findBoardState(deps.db, id);
  const removeAt = base === null ? undefined : await removalFrom(deps, user_id, base);
  await deps.db.begin(async (tx) => {
    await softDelete(tx, id);
    await deleteNumbers(tx, id);
    await removeReadView(tx, id);
    const uid = dashboardUid(deps.installation, id);
    await removeAt?.(tx, { what: "dashboard", uid, dashboard_id: id });
  });
  if (!removeAt) return;
  await finishGrafanaRemovals(deps, AbortSignal.timeout(GRAFANA_MS)).catch(() => {
    deps.log.warn("The dashboard is removed from Grafana later.", { dashboard_id: id });
  });
}
