import { ExternalError } from "../errors.ts";
import { grafanaAt } from "../grafana/grafana.ts";
import { ensureFolder } from "../grafana/provision.ts";
import { archiveUid, dashboardUid } from "../workspaces/names.ts";
import type { Deps as WorkspaceDeps } from "../grafana/removal.ts";
import * as store from "./archive_store.ts";
import { beingChanged, isEdited, refile } from "./create/upsert.ts";

/** Moves dashboards of dropped tables into their users' archive folders in Grafana. */
export async function archiveDashboards(deps: WorkspaceDeps, signal: AbortSignal): Promise<void> {
  const away = new Set<string>();
  for (const row of await store.dueForArchive(deps.db)) {
    if (signal.aborted) return;
    if (away.has(row.grafana_base)) continue;
    try {
      await archive(deps, row, signal);
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof ExternalError)) throw error;
      await store.postponeArchive(deps.db, row.id, `Not archived yet: ${error.message}`);
      if (!error.permanent) away.add(row.grafana_base);
    }
  }
}

async function archive(deps: WorkspaceDeps, row: store.Archiving, signal: AbortSignal) {
  const { id, user_id, username, grafana_base } = row;
  const { db, installation } = deps;
  const target = await grafanaAt(deps, user_id, grafana_base);
  const found = await target.grafana.findDashboard(dashboardUid(installation, id), signal);
  const folder = archiveUid(installation, user_id);
  // It may be there after our own move whose response was lost.
  const isOurs = found && !isEdited(found, row);
  if (!found || found.folderUid === folder) {
    return await store.markArchived(db, row, isOurs ? found.version : null);
  }
  await ensureFolder(target.grafana, folder, `${username} archive`, signal);
  const board = JSON.stringify(found.dashboard);
  if (isOurs && !await store.beginArchiving(db, row, found.version, board)) return;
  const version = await refile(target, found, folder, signal);
  if (version === undefined) throw beingChanged();
  await store.markArchived(db, row, isOurs ? version : null);
}
