import { createRoute } from "@hono/zod-openapi";
import { ById as params, json, newApi, optionalBody } from "../../http/api.ts";
import { errorReplies } from "../../http/replies.ts";
import { Described } from "../../measures/describe.ts";
import { Correction } from "../../measures/mapping/correction.ts";
import type { Deps } from "../../workspaces/workspaces.ts";
import { changeMapping, resetMapping, showMapping } from "./mapping.ts";

const path = "/{id}/mapping";
const answer = (description: string) => ({ 200: json(Described, description) });

const show = createRoute({
  method: "get",
  path,
  summary: "How the table is read",
  request: { params },
  responses: { ...answer("The mapping."), ...errorReplies(400, 404, 409) },
});

const change = createRoute({
  method: "put",
  path,
  summary: "Corrects parts of how the table is read; the others stay",
  request: { params, body: optionalBody(Correction) },
  responses: { ...answer("The new mapping."), ...errorReplies(400, 404, 409, 422) },
});

const reset = createRoute({
  method: "delete",
  path,
  summary: "Forgets the correction",
  request: { params },
  responses: { ...answer("The automatic mapping."), ...errorReplies(400, 404, 409) },
});

/** The mapping, under `/api/v1/dashboards`. */
export function mappingApi(deps: Deps) {
  return newApi()
    .openapi(
      show,
      async (c) => c.json(await showMapping(deps, c.var.who, c.req.valid("param").id), 200),
    )
    .openapi(change, async (c) => {
      const { id } = c.req.valid("param");
      return c.json(await changeMapping(deps, c.var.who, id, c.req.valid("json")), 200);
    })
    .openapi(
      reset,
      async (c) => c.json(await resetMapping(deps, c.var.who, c.req.valid("param").id), 200),
    );
}
