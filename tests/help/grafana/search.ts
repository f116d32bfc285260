import { Hono } from "hono";
import { scopesOf } from "./dashboards.ts";
import {
  type Dashboard,
  dashboardUrl,
  type Folder,
  folderUrl,
  slugOf,
  type State,
} from "./state.ts";
import type { Env } from "./tokens.ts";

/** /api/search: everything that the caller may read and that fits, by title. */
export function searchRoutes(state: State) {
  const { folders, dashboards } = state;
  return new Hono<Env>().get("/", (c) => {
    const all = (name: string) => c.req.queries(name) ?? [];
    const [types, tags, uids] = [all("type"), all("tag"), all("dashboardUIDs")];
    const [folderUids, text] = [all("folderUIDs"), (c.req.query("query") ?? "").toLowerCase()];
    const [limit, page] = [Number(c.req.query("limit")) || 1000, Number(c.req.query("page")) || 1];
    const hits = [
      ...[...folders.values()].filter(({ uid }) => c.var.may("folders:read", `folders:uid:${uid}`))
        .map((folder) => folderHit(state, folder)),
      ...[...dashboards.values()].filter((one) => c.var.may("dashboards:read", ...scopesOf(one)))
        .map((one) => dashboardHit(state, one)),
    ].filter((hit) =>
      (types.length === 0 || types.includes(hit.type)) &&
      tags.every((tag) => hit.tags.includes(tag)) &&
      (uids.length === 0 || uids.includes(hit.uid)) &&
      (folderUids.length === 0 || folderUids.includes(hit.folderUid ?? "general")) &&
      hit.title.toLowerCase().includes(text)
    ).sort((a, b) => a.title.toLowerCase() < b.title.toLowerCase() ? -1 : 1);
    return c.json(hits.slice((page - 1) * limit, page * limit));
  });
}

type Hit = ReturnType<typeof hitOf> & { folderUid?: string };

function hitOf(one: { id: number; uid: string; title: string }, url: string, type: string) {
  const { id, uid, title } = one;
  const tags: string[] = [];
  const uri = `db/${slugOf(title)}`;
  return { id, uid, title, uri, url, slug: "", type, tags, isStarred: false, sortMeta: 0 };
}

const folderHit = (state: State, folder: Folder): Hit =>
  hitOf(folder, folderUrl(state, folder), "dash-folder");

function dashboardHit(state: State, dashboard: Dashboard): Hit {
  const hit = hitOf(dashboard, dashboardUrl(state, dashboard), "dash-db");
  hit.tags = [...dashboard.json.tags ?? []].sort();
  const folder = state.folders.get(dashboard.folderUid);
  if (!folder) return hit;
  const { id: folderId, uid: folderUid, title: folderTitle } = folder;
  return { ...hit, ...{ folderId, folderUid, folderTitle, folderUrl: folderUrl(state, folder) } };
}
