import { createRoute } from "@hono/zod-openapi";
import { json, newApi } from "../http/api.ts";
import { errorReplies } from "../http/replies.ts";
import { type Deps, diagnose, Diagnosis } from "./diagnose.ts";

const show = createRoute({
  method: "get",
  path: "/",
  summary: "What is missing, and what to do (admin)",
  responses: {
    200: json(Diagnosis, "Findings."),
    ...errorReplies(403),
  },
});

/** `/api/v1/diagnosis`. */
export function diagnosisApi(deps: Deps) {
  return newApi()
    .openapi(show, async (c) => c.json(await diagnose(deps, c.var.who), 200));
}
