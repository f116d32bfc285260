import type { Dashboard } from "../../boards/compose.ts";
import type { DashboardJson } from "../../external/grafana/dashboards.ts";
import type { Grafana } from "../../external/grafana/grafana.ts";
import { grafanaAt } from "../../grafana/grafana.ts";
import { dashboardUid } from "../../workspaces/names.ts";
import type { Deps as WorkspaceDeps } from "../../grafana/removal.ts";
import { CAPTURE_HEADER, signCapture } from "../../boards/access.ts";
import { type BoardState, findBoardState, recordSeen } from "../board_store.ts";
import { gone, isEdited } from "../create/upsert.ts";
import type { Claim } from "../row.ts";

export type Deps = WorkspaceDeps & {
  signingKey: CryptoKey;
  /** `base_url`: this service as the browser reaches it; `theme` and `timezone` as in Grafana. */
  capture: { base_url: string; theme?: string; timezone?: string };
};

/** `headers` go to the url's origin only. */
export type CaptureTarget = { url: string; headers: Record<string, string>; dashboard: Dashboard };

/** Since Grafana 12, `kiosk` does not hide these. */
const NO_CONTROLS = {
  "_dash.hideTimePicker": "true",
  "_dash.hideVariables": "true",
  "_dash.hideLinks": "true",
};

/** Throws ExternalError; permanent `gone` when a person deleted the dashboard. */
export async function captureTarget(
  deps: Deps,
  claim: Claim,
  signal: AbortSignal,
): Promise<CaptureTarget> {
  const state = await findBoardState(deps.db, claim.id);
  if (state.grafana_base !== null) return await inGrafana(deps, claim, state, signal);
  if (!state.board) throw new Error(`dashboard ${claim.id} has no board`);
  return {
    url: `${deps.capture.base_url}/boards/${claim.id}`,
    headers: { [CAPTURE_HEADER]: await signCapture(deps.signingKey, claim.id, claim.claim_id) },
    dashboard: state.board as Dashboard,
  };
}

/** The dashboard as stored, perhaps edited. Asks the API, as the page returns 200 for a missing one. */
async function inGrafana(
  deps: Deps,
  { id, user_id }: Claim,
  state: BoardState,
  signal: AbortSignal,
) {
  const { grafana, base, capture_key } = await grafanaAt(deps, user_id, state.grafana_base!);
  const uid = dashboardUid(deps.installation, id);
  const found = await grafana.findDashboard(uid, signal);
  if (!found) throw gone();
  await recordSeen(deps.db, id, isEdited(found, state));
  const dashboard = await withLibraryPanels(grafana, found.dashboard, signal);
  const { theme = "light", timezone } = deps.capture;
  const { from, to } = dashboard.time ?? {};
  const query = new URLSearchParams({ theme, refresh: "", ...NO_CONTROLS });
  if (from && to) {
    for (const [name, time] of [["from", from], ["to", to]]) {
      query.set(name!, inMilliseconds(time!));
    }
  }
  if (timezone) query.set("timezone", timezone);
  return {
    url: `${base}/d/${uid}/x?kiosk&${query}`,
    headers: { authorization: `Bearer ${capture_key}` },
    dashboard,
  };
}

/** A dashboard holds only names of library panels: fetch their types and queries. */
async function withLibraryPanels(grafana: Grafana, dashboard: DashboardJson, signal: AbortSignal) {
  const panels = await Promise.all((dashboard.panels ?? []).map(async (panel: DashboardJson) => {
    const uid = panel.libraryPanel?.uid;
    if (typeof uid !== "string" || panel.type !== undefined) return panel;
    return { ...await grafana.findLibraryPanel(uid, signal), ...panel };
  }));
  return { ...dashboard, panels } as Dashboard;
}

/** Dates in ms as in Grafana's URLs; `now-6h` unchanged. */
function inMilliseconds(time: string): string {
  return /^now/.test(time) || Number.isNaN(Date.parse(time)) ? time : `${Date.parse(time)}`;
}
