import { createRoute, OpenAPIHono } from "@hono/zod-openapi";
import { errorReplies, refuse } from "../errors.ts";
import type { Env } from "../who.ts";
import { type Deps, diagnose, Diagnosis } from "./diagnose.ts";

const show = createRoute({
  method: "get",
  path: "/",
  summary: "What is missing, and what to do (admin)",
  responses: {
    200: { description: "Findings.", content: { "application/json": { schema: Diagnosis } } },
    ...errorReplies(403),
  },
});

/** `/api/v1/diagnosis`. */
export function diagnosisApi(deps: Deps) {
  return new OpenAPIHono<Env>({ defaultHook: refuse })
    .openapi(show, async (c) => c.json(await diagnose(deps, c.var.who), 200));
}
