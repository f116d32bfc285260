import { type Context, Hono } from "hono";
import { dashboardRoutes, putDashboard } from "./dashboards.ts";
import { datasourceRoutes } from "./datasources.ts";
import { type Fault, Faults } from "./faults.ts";
import { folderRoutes, makeFolder } from "./folders.ts";
import { LOGIN_PAGE, pageCalls, pageRoutes } from "./page.ts";
import { queryRoutes } from "./query.ts";
import { searchRoutes } from "./search.ts";
import {
  type Dashboard,
  type DashboardJson,
  type Datasource,
  newUid,
  Refusal,
  seconds,
  type State,
} from "./state.ts";
import {
  type Env,
  mayOf,
  need,
  type Permissions,
  permissionsOf,
  type Role,
  Tokens,
} from "./tokens.ts";

export type { Dashboard, DashboardJson, Datasource, Fault, Permissions, Role };
export type { Folder } from "./state.ts";
export type Seen = {
  method: string;
  /** With its query. */
  path: string;
  token: string | undefined;
  /** As JSON, or the text that it is. */
  body: unknown;
  /** Whose query it is: `x-panel-id`. */
  panel: string | null;
};
export type Options = {
  /** "/grafana": everything is served below it, as with serve_from_sub_path. */
  subPath?: string;
  /** Whose signs the page shows; the API is 9.4's. */
  version?: "9.4" | "13";
  /** Its page asks for things without an end, asks twice, and moves. */
  isBusy?: boolean;
  /** How long a token's rights are remembered, as Grafana does for up to a minute; default: not. */
  rightsSeconds?: number;
};

const ORGANISATION = {
  ...{ id: 1, name: "Main Org." },
  address: { address1: "", address2: "", city: "", zipCode: "", state: "", country: "" },
};
const HEALTH = { commit: "8f3e923057", database: "ok" };
const VERSIONS = { "9.4": "9.4.0-pre", "13": "13.0.1" };

function accountRoutes(state: State, rightsSeconds: number) {
  return new Hono<Env>()
    .get("/org", need("orgs:read"), (c) => c.json(ORGANISATION))
    .get("/user", () => {
      throw new Refusal(404, { message: "user not found" });
    })
    .get(
      "/access-control/user/permissions",
      (c) => c.json(permissionsOf(state, c.var.token, rightsSeconds)),
    )
    .get("/access-control/user/actions", (c) => {
      const actions = Object.keys(permissionsOf(state, c.var.token, rightsSeconds));
      return c.json(Object.fromEntries(actions.map((action) => [action, true])));
    });
}

function makeApp(state: State, rightsSeconds: number) {
  const { subPath, version, tokens } = state;
  const app = new Hono<Env>().basePath(subPath);
  app.get("/api/health", (c) => c.json({ ...HEALTH, version: VERSIONS[version] }));
  app.get("/login", (c) => c.html(LOGIN_PAGE));
  app.use(async (c, next) => {
    const header = c.req.header("authorization") ?? null;
    const isApi = c.req.path.startsWith(`${subPath}/api/`);
    if (!header && !isApi) {
      const body = `<a href="${subPath}/login">Found</a>.\n\n`;
      return c.html(body, 302, { location: `${subPath}/login` });
    }
    const token = tokens.find(header);
    c.set("token", token);
    c.set("may", mayOf(permissionsOf(state, token, rightsSeconds)));
    await next();
  });
  app.route("/api", accountRoutes(state, rightsSeconds));
  app.route("/api/datasources", datasourceRoutes(state));
  app.route("/api/ds/query", queryRoutes(state));
  app.route("/api/folders", folderRoutes(state));
  app.route("/api/dashboards", dashboardRoutes(state));
  app.route("/api/search", searchRoutes(state));
  app.route("/api", pageCalls(state));
  app.route("/", pageRoutes(state));
  app.notFound((c) => c.json({ message: "Not found" }, 404));
  app.onError((error, c) => refuse(error, c));
  return app;
}

function refuse(error: Error, c: Context) {
  if (error instanceof Refusal) return c.json(error.body, error.status as 400);
  console.error("The Grafana of the test failed:", error);
  return c.json({ message: "Internal Server Error", traceID: "" }, 500);
}

/** What a person, or a second product, does to the Grafana beside the API. */
function handsOf(state: State) {
  const { dashboards, folders, datasources } = state;
  const there = <T>(one: T | undefined): T => {
    if (one) return one;
    throw new Error("There is no such thing in the Grafana of the test.");
  };
  return {
    /** Saves a dashboard as changed in Grafana's editor: its next version. */
    edit(uid: string, change: (dashboard: DashboardJson) => DashboardJson | void): Dashboard {
      const old = there(dashboards.get(uid));
      const copy = structuredClone(old.json);
      const json = change(copy) ?? copy;
      return putDashboard(state, old, { uid, folderUid: old.folderUid, json });
    },
    /** Moves a dashboard to a folder ("": General). */
    move(uid: string, folderUid: string) {
      const old = there(dashboards.get(uid));
      putDashboard(state, old, { uid, folderUid, json: old.json });
    },
    /** Removes the dashboard, data source, or folder with its dashboards. */
    remove(uid: string) {
      const wasThere = [dashboards, datasources, folders].map((map) => map.delete(uid));
      if (!wasThere.includes(true)) there(undefined);
      for (const { uid: own, folderUid } of dashboards.values()) {
        if (folderUid === uid) dashboards.delete(own);
      }
    },
    renameFolder(uid: string, title: string) {
      const folder = there(folders.get(uid));
      Object.assign(folder, { title, version: folder.version + 1, updated: seconds() });
    },
    addFolder: (title: string, uid = newUid()) => makeFolder(state, uid, title),
    addDashboard(
      { title, folderUid = "", uid = newUid(), ...more }: DashboardJson & {
        title: string;
        folderUid?: string;
        uid?: string;
      },
    ): Dashboard {
      const json = { schemaVersion: 37, tags: [], panels: [], ...more, title };
      return putDashboard(state, undefined, { uid, folderUid, json });
    },
    addDatasource(name: string, more: Partial<Datasource> = {}): Datasource {
      const source: Datasource = {
        ...{ id: state.nextId(), uid: newUid(), name, type: "postgres", access: "proxy" },
        ...{ url: "127.0.0.1:1", user: "stranger", database: "", isDefault: false, version: 1 },
        ...{ jsonData: {}, secureJsonData: {}, ...more },
      };
      datasources.set(source.uid, source);
      return source;
    },
  };
}

/** Takes requests, notes each, and answers with a fault or with what `app` says. */
function serve(app: (request: Request) => Response | Promise<Response>, faults: Faults) {
  const seen: Seen[] = [];
  const listen = (port: number) =>
    Deno.serve({ hostname: "127.0.0.1", port, onListen() {} }, async (request) => {
      const { url, method, headers } = request;
      const { pathname, search } = new URL(url);
      const bytes = await request.bytes();
      const token = headers.get("authorization")?.replace(/^Bearer /i, "");
      const panel = headers.get("x-panel-id");
      seen.push({ method, path: pathname + search, token, body: parsed(bytes), panel });
      const copy = new Request(url, { method, headers, body: bytes.length > 0 ? bytes : null });
      return await faults.pass(copy, () => app(copy));
    });
  let server: Deno.HttpServer<Deno.NetAddr> | undefined = listen(0);
  const { port } = server.addr;
  return {
    seen,
    origin: `http://127.0.0.1:${port}`,
    start() {
      server ??= listen(port);
    },
    async stop() {
      await server?.shutdown();
      server = undefined;
    },
  };
}

/** A Grafana for tests: it answers as a recorded 9.4 did, keeps what it is given and asks real databases. */
export function startGrafana(options: Options = {}) {
  const { subPath = "", version = "9.4", isBusy = false, rightsSeconds = 0 } = options;
  const ended = new AbortController();
  const tokens = new Tokens();
  let lastId = 0;
  const state: State = {
    ...{ subPath, version, isBusy, tokens, ended: ended.signal },
    ...{ datasources: new Map(), folders: new Map(), dashboards: new Map() },
    nextId: () => ++lastId,
  };
  const faults = new Faults(ended.signal);
  const app = makeApp(state, rightsSeconds);
  const server = serve((request) => app.fetch(request), faults);
  const { origin, seen, start, stop } = server;
  return Promise.resolve({
    origin,
    /** What GRAFANA_BASE_URL would be. */
    url: origin + subPath,
    tokens: {
      admin: tokens.add("Admin"),
      editor: tokens.add("Editor"),
      viewer: tokens.add("Viewer"),
    },
    addToken: (rights: Role | Permissions) => tokens.add(rights),
    revoke: (token: string) => tokens.set(token, "revoked"),
    expire: (token: string) => tokens.set(token, "expired"),
    /** As a minute later: what is remembered of rights is forgotten. */
    forgetRights: () => tokens.forgetRights(),
    fault: (fault: Fault) => faults.add(fault),
    clearFaults: () => faults.clear(),
    /** All calls, oldest first. */
    seen,
    /** Refuses connections, keeping all that it has, until start() brings it back at the same address. */
    stop,
    start,
    datasources: state.datasources,
    folders: state.folders,
    dashboards: state.dashboards,
    ...handsOf(state),
    async [Symbol.asyncDispose]() {
      ended.abort();
      await stop();
    },
  });
}
export type StandIn = Awaited<ReturnType<typeof startGrafana>>;

function parsed(bytes: Uint8Array): unknown {
  if (bytes.length === 0) return undefined;
  const text = new TextDecoder().decode(bytes);
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
