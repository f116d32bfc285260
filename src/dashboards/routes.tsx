import { createRoute, z } from "@hono/zod-openapi";
import { zValidator } from "@hono/zod-validator";
import { Hono } from "hono";
import { MessagePage } from "../../views/message.tsx";
import { ById, json, newApi, noFields } from "../http/api.ts";
import { byId } from "../http/forms.ts";
import { errorReplies, refuse } from "../http/replies.ts";
import { writeCursor } from "../http/paging.ts";
import type { Env, Who } from "../who.ts";
import { withShownNumbers } from "../measures/format.ts";
import { KINDS } from "../workspaces/names.ts";
import * as listing from "./listing.ts";
import * as moving from "./move.ts";
import { confirmPosted, postMessage } from "./posting.ts";
import { removeDashboard } from "./remove.ts";
import type { Deps as WorkspaceDeps } from "../grafana/datasources.ts";
import { listPages } from "./list/routes.tsx";
import { placeOf, Query, writePlace } from "./list/query.ts";
import { dashboardPage, mappingApi, mappingPages } from "./mapping/routes.tsx";
import type { Deps as MutingDeps } from "./muting/muting.ts";
import { mutingApi, mutingPages } from "./muting/routes.ts";
import { previewApi } from "./preview/routes.ts";
import type { ScanResult } from "../pipeline/scan/scan.ts";

export type Deps = WorkspaceDeps & MutingDeps;

const list = createRoute({
  method: "get",
  path: "/",
  summary: "Lists dashboards",
  request: { query: Query },
  responses: {
    200: json(
      z.object({ dashboards: z.array(listing.Dashboard), next_cursor: z.string().nullable() })
        .openapi("Dashboards"),
      "One page.",
    ),
    ...errorReplies(404, 422),
  },
});

const show = createRoute({
  method: "get",
  path: "/{id}",
  summary: "Shows a dashboard with its Slack message",
  request: { params: ById },
  responses: { 200: json(listing.DashboardWithMessage, "The row."), ...errorReplies(400, 404) },
});

const action = <Path extends string>(path: Path, summary: string, description = "Accepted.") =>
  createRoute({
    method: "post",
    path,
    summary,
    request: { params: ById, body: noFields },
    responses: { 202: json(listing.Dashboard, description), ...errorReplies(400, 403, 404, 409) },
  });

const retry = action("/{id}/retry", "Retries a stopped dashboard");
const posted = action(
  "/{id}/posted",
  "Counts a message whose post is unclear as sent",
  "It counts as sent. Its place in the channel stays unknown: a later run starts a new thread, unless an earlier one can go on, and a correction does not change it.",
);
const post = action(
  "/{id}/post",
  "Posts a message whose post is unclear, or that was kept without Slack",
  "It will be posted.",
);
const capture = action("/{id}/capture", "Takes a new preview");
const rewrite = action("/{id}/rewrite", "Overwrites a person's change or deletion in Grafana");
const move = action("/{id}/move", "Moves a dashboard to the current Grafana");

const remove = createRoute({
  method: "delete",
  path: "/{id}",
  summary: "Removes a dashboard until its table is created anew (admin)",
  request: { params: ById },
  responses: { 204: { description: "Removed." }, ...errorReplies(400, 403, 404) },
});

const moveAll = createRoute({
  method: "post",
  path: "/move",
  summary: "Moves all dashboards (members: their own) to the current Grafana",
  request: { body: noFields },
  responses: { 202: json(moving.Moving, "Accepted."), ...errorReplies() },
});

function moveApi(deps: Deps) {
  return newApi()
    .openapi(moveAll, async (c) => c.json(await moving.moveDashboards(deps, c.var.who), 202))
    .openapi(
      move,
      async (c) =>
        c.json(await moving.moveDashboard(deps, c.var.who, c.req.valid("param").id), 202),
    )
    .openapi(
      rewrite,
      async (c) =>
        c.json(await moving.rewriteDashboard(deps, c.var.who, c.req.valid("param").id), 202),
    );
}

function postApi({ db }: Deps) {
  return newApi()
    .openapi(
      posted,
      async (c) => c.json(await confirmPosted(db, c.var.who, c.req.valid("param").id), 202),
    )
    .openapi(
      post,
      async (c) => c.json(await postMessage(db, c.var.who, c.req.valid("param").id), 202),
    );
}

export function dashboardApi(deps: Deps) {
  const { db } = deps;
  return newApi()
    .route("/", moveApi(deps))
    .openapi(list, async (c) => {
      const { limit, sort, cursor, ...filter } = c.req.valid("query");
      const page = { limit, sort, after: placeOf(cursor) };
      const { dashboards, next } = await listing.pageOfDashboards(db, c.var.who, filter, page);
      return c.json({ dashboards, next_cursor: writeCursor(next && writePlace(next)) }, 200);
    })
    .openapi(
      show,
      async (c) => c.json(await listing.showDashboard(db, c.var.who, c.req.valid("param").id), 200),
    )
    .openapi(
      retry,
      async (c) =>
        c.json(await listing.retryDashboard(db, c.var.who, c.req.valid("param").id), 202),
    )
    .openapi(
      capture,
      async (c) => c.json(await listing.retakePreview(db, c.var.who, c.req.valid("param").id), 202),
    )
    .route("/", postApi(deps))
    .route("/", mutingApi(deps))
    .openapi(remove, async (c) => {
      await removeDashboard(deps, c.var.who, c.req.valid("param").id);
      return c.body(null, 204);
    })
    .route("/", mappingApi(deps))
    .route("/", previewApi({ db }));
}

const table = {
  username: z.string(),
  kind: z.enum(KINDS),
  schema_name: z.string(),
  table_name: z.string(),
};
const ScanSchema = z.object({
  databases_opened: z.int(),
  found: z.array(z.object({ ...table, run: z.int() })),
  waiting: z.array(z.object({ ...table, why: z.string() })),
  ignored: z.array(z.object({ ...table, why: z.string() })),
}).openapi("Scan");

const scanNow = createRoute({
  method: "post",
  path: "/",
  summary: "Scans for new tables and runs now (admin)",
  request: { body: noFields },
  responses: { 200: json(ScanSchema, "What was found."), ...errorReplies(403) },
});

export function scanApi(scan: (who: Env["Variables"]["who"]) => Promise<ScanResult>) {
  return newApi()
    .openapi(scanNow, async (c) => c.json(await scan(c.var.who), 200));
}

const ACTIONS: Record<string, (deps: Deps, who: Who, id: number) => Promise<unknown>> = {
  retry: ({ db }, who, id) => listing.retryDashboard(db, who, id),
  capture: ({ db }, who, id) => listing.retakePreview(db, who, id),
  posted: ({ db }, who, id) => confirmPosted(db, who, id),
  post: ({ db }, who, id) => postMessage(db, who, id),
  rewrite: moving.rewriteDashboard,
  move: moving.moveDashboard,
};

/** `/dashboards`: the list and one page per row. Without JavaScript, buttons are forms that redirect back. */
export function dashboardPages(deps: Deps) {
  const { db } = deps;
  const from = zValidator("query", z.object({ from: z.literal("row").optional() }), refuse);
  const pages = new Hono<Env>()
    .route("/", listPages(deps))
    .get("/:id", byId, (c) => dashboardPage(c, deps))
    .route("/", mappingPages(deps))
    .route("/", mutingPages(deps))
    .get("/:id/message", byId, async (c) => {
      const { id } = c.req.valid("param");
      const dashboard = withShownNumbers(await listing.showDashboard(db, c.var.who, id));
      return c.html(<MessagePage who={c.var.who} dashboard={dashboard} />);
    })
    .post("/:id/remove", byId, async (c) => {
      await removeDashboard(deps, c.var.who, c.req.valid("param").id);
      return c.redirect("/dashboards", 303);
    });
  for (const [name, act] of Object.entries(ACTIONS)) {
    pages.post(`/:id/${name}`, byId, from, async (c) => {
      const { id } = c.req.valid("param");
      await act(deps, c.var.who, id);
      return c.redirect(c.req.valid("query").from ? `/dashboards/${id}` : "/dashboards", 303);
    });
  }
  return pages;
}
