import { Hono } from "hono";
import {
  checkUid,
  type Dashboard,
  type DashboardJson,
  dashboardUrl,
  folderUrl,
  newUid,
  Refusal,
  seconds,
  slugOf,
  type State,
} from "./state.ts";
import { denied, type Env, type May, need } from "./tokens.ts";

type Save = {
  dashboard?: DashboardJson;
  folderUid?: string;
  message?: string;
  overwrite?: boolean;
};

/** Where a right on a dashboard may come from: itself or its folder. */
export const scopesOf = ({ uid, folderUid }: Pick<Dashboard, "uid" | "folderUid">) => [
  `dashboards:uid:${uid}`,
  `folders:uid:${folderUid || "general"}`,
];

/** Puts a new version of a dashboard, or its first one. */
export function putDashboard(
  state: State,
  old: Dashboard | undefined,
  { uid, folderUid, json, message = "" }: {
    uid: string;
    folderUid: string;
    json: DashboardJson;
    message?: string;
  },
): Dashboard {
  const [version, id] = [(old?.version ?? 0) + 1, old?.id ?? state.nextId()];
  const updated = seconds();
  const title = json.title ?? "";
  const stored = { ...json, id, uid, version, title };
  const history = [...old?.history ?? [], { version, created: updated, message, json: stored }];
  const created = old?.created ?? updated;
  const madeInGeneral = old?.madeInGeneral ?? folderUid === "";
  const dashboard: Dashboard = {
    ...{ id, uid, title, folderUid, madeInGeneral, version, created, updated },
    json: stored,
    history,
  };
  state.dashboards.set(uid, dashboard);
  return dashboard;
}

/** /api/dashboards */
export function dashboardRoutes(state: State) {
  const { dashboards } = state;
  const found = (uid: string, may: May, action: string): Dashboard => {
    const dashboard = dashboards.get(uid);
    if (!dashboard) throw new Refusal(404, { message: "Dashboard not found", traceID: "" });
    if (!may(action, ...scopesOf(dashboard))) throw denied(action);
    return dashboard;
  };
  return new Hono<Env>()
    .post("/db", need(["dashboards:create", "dashboards:write"]), async (c) => {
      const body: Save = await c.req.json().catch(() => ({}));
      const dashboard = save(state, body, c.var.may);
      const { id, uid, title, version } = dashboard;
      const url = dashboardUrl(state, dashboard);
      return c.json({ id, slug: slugOf(title), status: "success", uid, url, version });
    })
    .get("/uid/:uid", need("dashboards:read"), (c) => {
      const dashboard = found(c.req.param("uid"), c.var.may, "dashboards:read");
      return c.json({ meta: metaOf(state, dashboard, c.var.may), dashboard: dashboard.json });
    })
    .get("/uid/:uid/versions", need("dashboards:write"), (c) => {
      const { id, uid, history } = found(c.req.param("uid"), c.var.may, "dashboards:write");
      const limit = Number(c.req.query("limit")) || history.length;
      return c.json(
        history.toReversed().slice(0, limit).map(({ version, created, message }) => ({
          ...{ id: version, dashboardId: id, uid, parentVersion: version - 1, restoredFrom: 0 },
          ...{ version, created, createdBy: "Anonymous", message },
        })),
      );
    })
    .delete("/uid/:uid", need("dashboards:delete"), (c) => {
      const { id, uid, title } = found(c.req.param("uid"), c.var.may, "dashboards:delete");
      dashboards.delete(uid);
      return c.json({ id, title, message: `Dashboard ${title} deleted` });
    });
}

/** Writes a dashboard in the order in which Grafana 9.4 makes its checks. Throws Refusal. */
function save(state: State, { dashboard: json, ...how }: Save, may: May): Dashboard {
  if (!json || typeof json !== "object") {
    throw new Refusal(400, { message: "bad request data", traceID: "" });
  }
  const { folderUid = "", message = "", overwrite = false } = how;
  const { folders, dashboards } = state;
  checkFolder(state, folderUid, may);
  const title = (json.title ?? "").trim();
  if (!title) {
    throw new Refusal(400, { message: "Dashboard title cannot be empty", status: "empty-name" });
  }
  const uid = json.uid || newUid();
  checkUid(uid);
  if (folders.has(uid)) {
    throw new Refusal(400, { message: "Dashboard cannot be changed to a folder" });
  }
  let old = dashboards.get(uid);
  if (old && (json.version ?? 0) !== old.version && !overwrite) {
    throw new Refusal(412, {
      message: "The dashboard has been changed by someone else",
      status: "version-mismatch",
    });
  }
  const taken = namesake(state, title, folderUid, old);
  if (taken && !overwrite) {
    throw new Refusal(412, {
      message: "A dashboard with the same name in the folder already exists",
      status: "name-exists",
    });
  }
  // Overwriting goes for the title: whoever has it is replaced, under its own uid.
  old = taken ?? old;
  const place = { uid: old?.uid ?? uid, folderUid };
  const right = old ? "dashboards:write" : "dashboards:create";
  const isAllowed = old ? may(right, ...scopesOf(old)) : may(right, scopesOf(place)[1]!);
  if (
    !isAllowed || (old?.folderUid !== folderUid && !may("dashboards:create", scopesOf(place)[1]!))
  ) {
    throw new Refusal(403, { message: "Access denied to save dashboard" });
  }
  return putDashboard(state, old, { ...place, json: { ...json, title }, message });
}

function checkFolder({ folders }: State, uid: string, may: May) {
  if (uid === "") return;
  if (!folders.has(uid)) throw new Refusal(400, { message: "Folder not found", traceID: "" });
  if (may("folders:read", `folders:uid:${uid}`)) return;
  throw new Refusal(500, { message: "Error while checking folder ID", traceID: "" });
}

/**
 * Another dashboard of the folder with this title. Grafana 9.4 compares the slugs, and with those of all
 * folders too: throws Refusal for one (dashboard_service's query of 9.x: `slug=? AND (is_folder OR folder_id=?)`).
 */
function namesake(state: State, title: string, folderUid: string, own?: Dashboard) {
  const slug = slugOf(title);
  if ([...state.folders.values()].some((folder) => slugOf(folder.title) === slug)) {
    throw new Refusal(400, {
      message: "Dashboard name cannot be the same as folder",
      status: "name-match",
    });
  }
  return [...state.dashboards.values()].find((one) =>
    one !== own && one.folderUid === folderUid && slugOf(one.title) === slug
  );
}

function metaOf(state: State, dashboard: Dashboard, may: May) {
  const { folderUid, title, created, updated, version } = dashboard;
  const folder = state.folders.get(folderUid);
  const can = may("dashboards:write", ...scopesOf(dashboard));
  const annotations = { canAdd: can, canEdit: can, canDelete: can };
  return {
    type: "db",
    canSave: can,
    canEdit: can,
    canAdmin: may("dashboards.permissions:write", ...scopesOf(dashboard)),
    canStar: true,
    canDelete: may("dashboards:delete", ...scopesOf(dashboard)),
    slug: slugOf(title),
    url: dashboardUrl(state, dashboard),
    expires: "0001-01-01T00:00:00Z",
    ...{ created, updated, updatedBy: "Anonymous", createdBy: "Anonymous", version },
    hasAcl: false,
    isFolder: false,
    folderId: folder?.id ?? 0,
    folderUid,
    folderTitle: folder?.title ?? "General",
    folderUrl: folder ? folderUrl(state, folder) : "",
    provisioned: false,
    provisionedExternalId: "",
    annotationsPermissions: { dashboard: annotations, organization: annotations },
    hasPublicDashboard: false,
    publicDashboardAccessToken: "",
    publicDashboardUid: "",
    publicDashboardEnabled: false,
  };
}
