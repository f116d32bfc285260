import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import { errorReplies, refuse } from "../../errors.ts";
import { Id } from "../../http/paging.ts";
import { Described } from "../../measures/describe.ts";
import { Correction } from "../../measures/mapping/correction.ts";
import type { Env } from "../../who.ts";
import type { Deps } from "../../workspaces/workspaces.ts";
import { changeMapping, resetMapping, showMapping } from "./mapping.ts";

const path = "/{id}/mapping";
const params = z.object({ id: Id });
const json = <T,>(schema: T) => ({ content: { "application/json": { schema } } });
const answer = (description: string) => ({ 200: { description, ...json(Described) } });

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
  request: { params, body: json(Correction) },
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
  return new OpenAPIHono<Env>({ defaultHook: refuse })
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
