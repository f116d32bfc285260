import { createRoute, z } from "@hono/zod-openapi";
import { ById, json, newApi, noFields } from "../http/api.ts";
import { errorReplies } from "../http/replies.ts";
import { Check } from "../workspaces/inspect.ts";
import {
  checkDatasources,
  datasourcesOf,
  DatasourceView,
  repairDatasources,
} from "../grafana/datasources.ts";
import type { Deps } from "./steps.ts";

/** How long a caller waits for Grafana. */
const LIMIT_MS = 30_000;

const list = createRoute({
  method: "get",
  path: "/{id}/datasources",
  summary: "The user's data sources in Grafana",
  request: { params: ById },
  responses: {
    200: json(z.object({ datasources: z.array(DatasourceView) }).openapi("Datasources"), "All."),
    ...errorReplies(400, 404),
  },
});

const check = createRoute({
  method: "post",
  path: "/{id}/datasources/check",
  summary: "Compares folder and data sources in Grafana with what should be",
  request: { params: ById, body: noFields },
  responses: { 200: json(Check, "What was found."), ...errorReplies(400, 404, 409, 422, 503) },
});

const repair = createRoute({
  method: "post",
  path: "/{id}/datasources/repair",
  summary: "Repairs folder and data sources in Grafana (admin)",
  request: { params: ById, body: noFields },
  responses: {
    200: json(Check, "What is left afterwards."),
    ...errorReplies(400, 403, 404, 409, 422, 503),
  },
});

/** Under `/api/v1/users`: what is a user's in Grafana. */
export function datasourceApi(deps: Deps) {
  const limit = () => AbortSignal.timeout(LIMIT_MS);
  return newApi()
    .openapi(list, async (c) => {
      const { id } = c.req.valid("param");
      return c.json({ datasources: await datasourcesOf(deps, c.var.who, id) }, 200);
    })
    .openapi(check, async (c) => {
      const { id } = c.req.valid("param");
      return c.json(await checkDatasources(deps, c.var.who, id, limit()), 200);
    })
    .openapi(repair, async (c) => {
      const { id } = c.req.valid("param");
      return c.json(await repairDatasources(deps, c.var.who, id, limit()), 200);
    });
}
