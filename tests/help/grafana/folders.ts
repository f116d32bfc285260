import { Hono } from "hono";
import {
  checkUid,
  type Folder,
  folderUrl,
  newUid,
  Refusal,
  seconds,
  slugOf,
  type State,
} from "./state.ts";
import { type Env, type May, need } from "./tokens.ts";

const scope = (uid: string) => `folders:uid:${uid}`;
const MISMATCH = {
  message: "the folder has been changed by someone else",
  status: "version-mismatch",
};
const LEVELS: Record<number, string> = { 1: "View", 2: "Edit", 4: "Admin" };

/** A new folder in General, as if no name were ever taken. */
export function makeFolder(state: State, uid: string, title: string): Folder {
  const at = new Date().toISOString();
  const folder: Folder = {
    ...{ id: state.nextId(), uid, title, version: 1, created: at, updated: at },
    acl: [{ role: "Editor", permission: 2 }, { role: "Viewer", permission: 1 }],
  };
  state.folders.set(uid, folder);
  return folder;
}

/** /api/folders */
export function folderRoutes(state: State) {
  const { folders, dashboards } = state;
  const found = (uid: string): Folder => {
    const folder = folders.get(uid);
    if (folder) return folder;
    throw new Refusal(404, { message: "folder not found", status: "not-found" });
  };
  return new Hono<Env>()
    .get("/", need("folders:read"), (c) =>
      c.json(
        [...folders.values()].filter(({ uid }) => c.var.may("folders:read", scope(uid)))
          .map(({ id, uid, title }) => ({ id, uid, title })),
      ))
    .post("/", need("folders:create"), async (c) => {
      const { uid = newUid(), title = "" } = await read(c.req.json());
      checkTitle(state, title);
      checkUid(uid);
      // Folders and dashboards share their uids.
      if (folders.has(uid) || dashboards.has(uid)) throw new Refusal(412, MISMATCH);
      const folder = makeFolder(state, uid, title);
      const answer = shown(state, folder, c.var.may);
      folder.created = folder.updated = seconds();
      // One's own new folder is open to one at once.
      delete c.var.token.remembered;
      return c.json(answer);
    })
    .get(
      "/:uid",
      need("folders:read", scope),
      (c) => c.json(shown(state, found(c.req.param("uid")), c.var.may)),
    )
    .put("/:uid", need("folders:write", scope), async (c) => {
      const folder = found(c.req.param("uid"));
      const { title = folder.title, version, overwrite } = await read(c.req.json());
      if (version !== folder.version && !overwrite) throw new Refusal(412, MISMATCH);
      checkTitle(state, title, folder);
      Object.assign(folder, { title, version: folder.version + 1, updated: seconds() });
      return c.json(shown(state, folder, c.var.may));
    })
    .delete("/:uid", need("folders:delete", scope), (c) => {
      const { uid } = found(c.req.param("uid"));
      folders.delete(uid);
      for (const dashboard of dashboards.values()) {
        if (dashboard.folderUid === uid) dashboards.delete(dashboard.uid);
      }
      // As recorded: no body at all.
      return c.body("", 200, { "content-type": "application/json" });
    })
    .get(
      "/:uid/permissions",
      need("folders.permissions:read", scope),
      (c) => c.json(permissions(state, found(c.req.param("uid")))),
    )
    .post("/:uid/permissions", need("folders.permissions:write", scope), async (c) => {
      const folder = found(c.req.param("uid"));
      const { items } = await read(c.req.json());
      folder.acl = items ?? [];
      return c.json({ message: "Dashboard permissions updated" });
    });
}

type Body = {
  uid?: string;
  title?: string;
  version?: number;
  overwrite?: boolean;
  items?: Folder["acl"];
};

async function read(json: Promise<Body>): Promise<Body> {
  const body = await json.catch(() => undefined);
  if (body && typeof body === "object") return body;
  throw new Refusal(400, { message: "bad request data", traceID: "" });
}

function checkTitle({ folders, dashboards }: State, title: string, but?: Folder) {
  if (title.trim() === "") throw new Refusal(400, { message: "folder title cannot be empty" });
  const general = [...dashboards.values()].filter(({ folderUid }) => folderUid === "");
  for (const one of [...folders.values(), ...general]) {
    if (one === but || slugOf(one.title) !== slugOf(title)) continue;
    throw new Refusal(409, {
      message: "a folder or dashboard in the general folder with the same name already exists",
    });
  }
}

function shown(state: State, folder: Folder, may: May) {
  const { id, uid, title, created, updated, version } = folder;
  const can = may("folders:write", scope(uid));
  return {
    ...{ id, uid, title, created, updated, version },
    url: folderUrl(state, folder),
    hasAcl: false,
    canSave: can,
    canEdit: can,
    canAdmin: may("folders.permissions:write", scope(uid)),
    canDelete: may("folders:delete", scope(uid)),
    createdBy: "Anonymous",
    updatedBy: "Anonymous",
  };
}

function permissions(state: State, folder: Folder) {
  const { id, uid, title, created, updated, acl } = folder;
  return acl.map(({ role, permission }) => ({
    ...{ folderId: id, created, updated, role, permission, uid, title },
    permissionName: LEVELS[permission],
    slug: slugOf(title),
    url: folderUrl(state, folder),
    isFolder: true,
    inherited: false,
    ...{ userId: 0, userLogin: "", userEmail: "" },
    userAvatarUrl: `${state.subPath}/public/img/user_profile.png`,
    ...{ teamId: 0, teamEmail: "", teamAvatarUrl: "", team: "" },
  }));
}
