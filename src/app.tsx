import { OpenAPIHono } from "@hono/zod-openapi";
import type { Context, MiddlewareHandler } from "hono";
import { getCookie } from "hono/cookie";
import { cors } from "hono/cors";
import { PageContext } from "../views/parts/page.tsx";
import { ProblemPage } from "../views/problem.tsx";
import { boardsOfTemplate } from "./pipeline/board_store.ts";
import { templatePages } from "./templates/page_routes.tsx";
import { previewQueries, templateApi } from "./templates/routes.tsx";
import { credentialApi } from "./accounts/credential_routes.ts";
import type { Outside } from "./credentials/hosts.ts";
import { boardPages } from "./dashboards/board/routes.tsx";
import { ignoredApi, ignoredPages } from "./dashboards/ignored/routes.tsx";
import { dashboardApi, dashboardPages, scanApi } from "./dashboards/routes.tsx";
import type { ScanResult } from "./pipeline/scan/scan.ts";
import { type Deps as DiagnosisDeps } from "./diagnostics/diagnose.ts";
import { diagnosisPages, documentPages } from "./diagnostics/page_routes.tsx";
import { metricsRoute } from "./diagnostics/metrics/routes.ts";
import { diagnosisApi } from "./diagnostics/routes.ts";
import { AppError } from "./errors.ts";
import { errorBody, errorReplies, refuse } from "./http/replies.ts";
import { DEADLINES, withDeadline } from "./external/postgres/deadlines.ts";
import { isMigrated } from "./external/postgres/migrate.ts";
import { asUnavailable, type Sql } from "./external/postgres/postgres.ts";
import type { Events } from "./external/events.ts";
import { addressOf, byKey, bySession, type Peer, sessionCookie } from "./users/authenticate.ts";
import { limitBody, readJson } from "./http/body.ts";
import { errorOf } from "./http/errors.ts";
import type { Imports } from "./imports/import.ts";
import { importPages } from "./imports/page_routes.tsx";
import { importKeyPages } from "./accounts/pages/import_key_routes.tsx";
import { importKeyApi } from "./users/imports/routes.ts";
import { importApi, importApiOfUser } from "./imports/routes.ts";
import { type Deps as HomeDeps, homePages } from "./home/routes.tsx";
import type { Document } from "./home/reference.ts";
import { referencePages } from "./home/reference_routes.tsx";
import { health } from "./http/health.ts";
import { issueFormToken, onlyOwnForms, QUESTION } from "./http/form_token.ts";
import { liveEvents } from "./http/live.ts";
import { onlyKnown, operationsIn } from "./http/methods.ts";
import { requestMetrics } from "./http/metrics.ts";
import { themeOf, themePages } from "./http/page.ts";
import { requestLog } from "./http/request_log.ts";
import { fromOurPages, securityHeaders } from "./http/security.ts";
import { type StaticFiles, staticFiles } from "./http/static_files.ts";
import { auditPages } from "./audit/page_routes.tsx";
import { auditApi } from "./audit/routes.ts";
import { type Deps as SlackDeps, slackRoutes } from "./slack/routes.ts";
import type { FailureLimit } from "./users/failure_limit.ts";
import { keyApi, signInPages } from "./users/routes.tsx";
import { sessionApi, sessionPages } from "./users/session_routes.ts";
import { findUserByName } from "./users/store.ts";
import { whoBySession } from "./users/sign_in.ts";
import { type Env, mayChange, type MembersSee, type Who } from "./who.ts";
import { maintenancePages } from "./accounts/pages/maintenance_routes.tsx";
import { maintenanceApi, orphanApi } from "./accounts/maintenance/routes.ts";
import { credentialPages } from "./accounts/pages/credential_routes.tsx";
import { datasourcePages } from "./accounts/pages/datasource_routes.tsx";
import { datasourceApi } from "./accounts/datasource_routes.ts";
import { userPages } from "./accounts/pages/routes.tsx";
import { userApi } from "./accounts/routes.ts";
import type { Deps as WorkspaceDeps } from "./accounts/steps.ts";
import type { Log } from "./external/log/log.ts";
import { logFailure } from "./external/log/failure.ts";

export type Deps = WorkspaceDeps & DiagnosisDeps & HomeDeps & SlackDeps & {
  adminKey: string | undefined;
  adoptedKeys?: ReadonlySet<string>;
  failures: FailureLimit;
  trust_proxy: boolean;
  members_see?: MembersSee | undefined;
  metrics_token?: string | undefined;
  outside: Outside;
  signingKey: CryptoKey;
  frontend_url: string;
  events: Events;
  imports: Imports;
  look: (who: Who) => Promise<ScanResult>;
  stopped: AbortSignal;
  log: Log;
};
type AppEnv = Env & Peer;

/** Everything that a request passes, in order. */
export async function makeApp(deps: Deps) {
  const frontend = new URL(deps.frontend_url);
  const app = new OpenAPIHono<AppEnv>({ defaultHook: refuse });
  app.use(requestLog(deps.log));
  app.use(requestMetrics, (_, next) => withDeadline(DEADLINES.call, next));
  app.route("/", health(() => readinessOf(deps.db)));
  app.route("/metrics", metricsRoute(deps));
  app.use(securityHeaders);
  const files = await staticFiles();
  app.route("/static", files.app);
  app.route("/slack", slackRoutes(deps));
  app.use("/api/v1/*", cors({ origin: frontend.origin }));
  const { router, document } = api(deps);
  app.route("/api/v1", router);
  const secure = isSecure(deps);
  const forms = { key: deps.signingKey, session: sessionCookie(secure), secure };
  const pages = new Set<string>();
  app.use(inPage(files, forms, pages), limitBody);
  app.use(fromOurPages(frontend.origin), onlyOwnForms(forms));
  mountPages(app, deps);
  app.route("/api", referencePages(document as Document, deps.frontend_url));
  for (const { method, path } of app.routes) if (method === "GET") pages.add(path);
  app.notFound((c) => fail(new AppError("not_found", 404, "There is nothing at this address."), c));
  app.onError((error, c) => {
    const known = errorOf(error, c);
    if (known.status >= 500) {
      logFailure(deps.log, "A request failed.", error);
    }
    return fail(known, c);
  });
  return app;
}

const isSecure = ({ frontend_url }: Deps) => new URL(frontend_url).protocol === "https:";

const entryOf = (deps: Deps) => ({
  cookie: sessionCookie(isSecure(deps)),
  trustProxy: deps.trust_proxy,
});

/** What answers in HTML gets what the parts of a page ask for. */
function inPage(
  { url: asset, modules }: StaticFiles,
  forms: Parameters<typeof issueFormToken>[1],
  pages: ReadonlySet<string>,
): MiddlewareHandler {
  return async (c, next) => {
    const { pathname, search } = new URL(c.req.url);
    const form_token = await issueFormToken(c, forms);
    const address = pathname + search;
    const who = () => c.get("who") as Who | undefined;
    const page = {
      ...{ asset, modules, pages, theme: themeOf(c), form_token, address },
      mayChange: (row: { user_id: number }) => mayChange(who()!, row),
    };
    const html = c.html.bind(c);
    c.html = ((content: string, ...rest: []) =>
      html(
        <PageContext.Provider value={page}>{content}</PageContext.Provider>,
        ...rest,
      )) as typeof html;
    await next();
  };
}

/** Their visitors sign in first. */
const SIGNED_IN = [
  "/",
  "/audit",
  "/audit.csv",
  "/systems",
  "/dashboards/*",
  "/imports",
  "/templates/*",
  "/users/*",
  "/diagnosis/*",
  "/docs/*",
  "/events",
  "/api",
];

function mountPages(app: OpenAPIHono<AppEnv>, deps: Deps) {
  const secure = isSecure(deps);
  const cookie = sessionCookie(secure);
  const session = async (c: Context) => {
    const who = await whoBySession(deps, getCookie(c, cookie));
    return who && { ...who, from: "" };
  };
  const from = (c: Context) => addressOf(c, deps.trust_proxy);
  app.route("/", themePages({ secure }));
  app.route("/", signInPages(deps, { cookie, secure, from }));
  app.route("/boards", boardPages({ ...deps, session }));
  app.route("/template-previews", previewQueries(withBoards(deps)));
  const signedIn = bySession(deps, entryOf(deps));
  for (const path of SIGNED_IN) app.use(path, signedIn);
  const userIdOf = async (username: string) => (await findUserByName(deps.db, username))?.id;
  app.route("/", auditPages({ db: deps.db, userIdOf }));
  app.route("/", homePages(deps));
  app.route("/dashboards/ignored", ignoredPages(deps));
  app.route("/dashboards", dashboardPages(deps));
  app.route("/imports", importPages({ ...deps, userIdOf }));
  app.route("/templates", templatePages(withBoards(deps)));
  app.route("/users", userPages(deps));
  app.route("/users", importKeyPages(deps));
  app.route("/users", sessionPages(deps));
  app.route("/users", maintenancePages(deps));
  app.route("/users", datasourcePages(deps));
  app.route("/users", credentialPages(deps));
  app.route("/diagnosis", diagnosisPages(deps));
  app.route("/docs", documentPages());
  app.get("/events", liveEvents(deps.events, deps.stopped, session));
}

/** Templates do not know the dashboards that they draw. */
const withBoards = (deps: Deps) => ({
  ...deps,
  boardsOf: (id: number, user_id?: number) => boardsOfTemplate(deps.db, id, user_id),
});

const DOCUMENT = {
  openapi: "3.1.0",
  info: { title: "Dashkeeper", version: "1" },
  servers: [{ url: "/api/v1" }],
  security: [{ key: [] }],
};

/** `/api/v1`: checks the caller, then the body, then the routes. */
function api(deps: Deps) {
  const api = new OpenAPIHono<AppEnv>({ defaultHook: refuse });
  api.openAPIRegistry.registerComponent("securitySchemes", "key", {
    type: "http",
    scheme: "bearer",
  });
  api.doc31("/openapi.json", DOCUMENT);
  const operations = (c: Context) => known(c.req.path.slice("/api/v1".length));
  api.use(
    byKey(deps, entryOf(deps)),
    limitBody,
    readJson,
    onlyKnown(operations),
  );
  api.route("/", keyApi(deps));
  api.route("/users", userApi(deps));
  api.route("/users", importKeyApi(deps).route("/", importApiOfUser(deps)));
  api.route("/users", sessionApi(deps));
  api.route("/users", maintenanceApi(deps));
  api.route("/users", datasourceApi(deps));
  api.route("/users", credentialApi(deps));
  api.route("/imports", importApi(deps));
  api.route("/orphans", orphanApi(deps));
  api.route("/dashboards", dashboardApi(deps));
  api.route("/ignored", ignoredApi(deps));
  api.route("/templates", templateApi(withBoards(deps)));
  api.route("/audit", auditApi(deps));
  api.route("/diagnosis", diagnosisApi(deps));
  api.route("/scan", scanApi(deps.look));
  for (const definition of api.openAPIRegistry.definitions) {
    if (definition.type !== "route") continue;
    // The middleware above refuses these.
    const body = definition.route.method === "get" ? [] : [400, 413, 415] as const;
    const replies = errorReplies(403, 422, 429, 503, ...body);
    Object.assign(definition.route.responses, { ...replies, ...definition.route.responses });
  }
  const document = api.getOpenAPI31Document(DOCUMENT);
  const known = operationsIn(document.paths ?? {});
  return { router: api, document };
}

async function readinessOf(db: Sql): Promise<string | undefined> {
  try {
    const ready = await withDeadline(DEADLINES.probe, () => isMigrated(db));
    return ready
      ? undefined
      : "The database lacks migrations of this version: restart the service.";
  } catch (error) {
    return asUnavailable(error)?.message ?? "The database cannot be used: see the log.";
  }
}

function fail(error: AppError, c: Context<AppEnv>) {
  for (const [name, value] of Object.entries(error.more.headers ?? {})) c.header(name, value);
  const { path } = c.req;
  const page = !/^\/(?:api\/|slack\/|metrics$)/.test(path) && !QUESTION.test(path);
  if (!page) return c.json(errorBody(error, c.var.request_id), error.status);
  const { status, message } = error;
  const props = { status, message, request_id: c.var.request_id, who: c.get("who") };
  const wait = error.more.headers?.["Retry-After"];
  if (status === 503 && wait && c.req.method === "GET") c.header("Refresh", wait);
  return c.html(<ProblemPage {...props} />, status);
}
