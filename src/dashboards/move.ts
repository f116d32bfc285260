import { z } from "@hono/zod-openapi";
import { AppError, ExternalError } from "../errors.ts";
import type { Who } from "../who.ts";
import { grafanaOf, type UserGrafana } from "../grafana/grafana.ts";
import { type Deps, removalFrom } from "../grafana/removal.ts";
import { dashboardUid } from "../workspaces/names.ts";
import { listMovable, type Movable } from "../pipeline/board_store.ts";
import { moveTo, requestRewrite } from "../pipeline/row.ts";
import { changeableDashboard, visibleDashboard } from "./listing.ts";
import { publicUrl } from "../pipeline/create/upsert.ts";

export const Moving = z.object({
  moving: z.int().openapi({ description: "How many dashboards are moving." }),
}).openapi("Moving");

/** Overwrites a person's change or deletion. Throws 404, 409 `not_in_grafana`. */
export async function rewriteDashboard({ db }: Deps, who: Who, id: number) {
  await changeableDashboard(db, who, id);
  if (!await requestRewrite(db, id)) {
    const message = "This dashboard is not in Grafana, or its table no longer exists.";
    throw new AppError("not_in_grafana", 409, message);
  }
  return await visibleDashboard(db, who, id);
}

/** Throws 404, 409 `grafana_unset`, `already_there` or `archived`. */
export async function moveDashboard(deps: Deps, who: Who, id: number) {
  const { user_id, archived_at } = await changeableDashboard(deps.db, who, id);
  if (archived_at) {
    throw new AppError(
      "archived",
      409,
      "The table of this dashboard no longer exists, so it cannot move.",
    );
  }
  const target = await targetOf(deps, user_id);
  const row = (await listMovable(deps.db, user_id)).find((row) => row.id === id);
  if (!row || isThere(row, target)) {
    throw new AppError("already_there", 409, "This dashboard is already in that Grafana.");
  }
  await move(deps, row, target);
  return await visibleDashboard(deps.db, who, id);
}

/** Moves all dashboards that `who` sees; skips users without a Grafana. */
export async function moveDashboards(deps: Deps, who: Who) {
  const rows = await listMovable(deps.db, who.role === "admin" ? undefined : who.user_id);
  let moving = 0;
  for (const [user_id, theirs] of Map.groupBy(rows, ({ user_id }) => user_id)) {
    const target = await targetOf(deps, user_id).catch((error) => {
      if (!(error instanceof AppError)) throw error;
    });
    for (const row of target ? theirs : []) {
      if (isThere(row, target!)) continue;
      await move(deps, row, target!);
      moving++;
    }
  }
  return { moving };
}

const isThere = ({ source, grafana_base }: Movable, { base }: UserGrafana) =>
  source === "grafana" && grafana_base === base;

async function targetOf(deps: Deps, user_id: number): Promise<UserGrafana> {
  try {
    const target = await grafanaOf(deps, user_id);
    if (target) return target;
  } catch (error) {
    if (!(error instanceof ExternalError)) throw error;
    throw new AppError("grafana_unset", 409, error.message);
  }
  throw new AppError("grafana_unset", 409, "No Grafana is configured. Set GRAFANA_BASE_URL.");
}

/** Enqueues the removal of the copy in the previous Grafana. */
async function move(deps: Deps, row: Movable, target: UserGrafana): Promise<void> {
  const uid = dashboardUid(deps.installation, row.id);
  const left = row.grafana_base;
  const removeAt = left === null ? undefined : await removalFrom(deps, row.user_id, left);
  await deps.db.begin(async (tx) => {
    await moveTo(tx, row.id, target.base, publicUrl(target, `/d/${uid}`));
    await removeAt?.(tx, { what: "dashboard", uid, dashboard_id: row.id });
  });
}
