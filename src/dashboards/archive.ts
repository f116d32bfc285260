import { ExternalError } from "../errors.ts";
import { grafanaAt } from "../workspaces/grafana.ts";
import { ensureFolder } from "../workspaces/grafana_parts.ts";
import { archiveUid, dashboardUid } from "../workspaces/names.ts";
import type { Deps as WorkspaceDeps } from "../workspaces/workspaces.ts";
import * as store from "./grafana_store.ts";
import { refile } from "./put.ts";

/** Moves the dashboards whose tables are gone into their users' archive folders in Grafana. */
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

/** A dashboard that a person deleted, or put there already, needs nothing. */
async function archive(deps: WorkspaceDeps, row: store.Archiving, signal: AbortSignal) {
  const { id, user_id, username, grafana_base, grafana_version } = row;
  const { db, installation } = deps;
  const target = await grafanaAt(deps, user_id, grafana_base);
  const found = await target.grafana.findDashboard(dashboardUid(installation, id), signal);
  const folder = archiveUid(installation, user_id);
  if (!found || found.folderUid === folder) {
    // It may be our own move whose end we did not see.
    const ours = found?.version === grafana_version + 1;
    return await store.noteArchived(db, id, ours ? found.version : null);
  }
  await ensureFolder(target.grafana, folder, `${username} archive`, signal);
  const version = await refile(target, found, folder, signal);
  if (version === undefined) {
    throw new ExternalError("Grafana", "Somebody is changing this dashboard in Grafana.", false);
  }
  await store.noteArchived(db, id, found.version === grafana_version ? version : null);
}
