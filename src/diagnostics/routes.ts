import { createRoute } from "@hono/zod-openapi";
import { json, newApi } from "../http/api.ts";
import { errorReplies } from "../http/replies.ts";
import { type Deps, Diagnosis, showDiagnosis } from "./diagnose.ts";

const show = createRoute({
  method: "get",
  path: "/",
  summary: "Runs every check; takes up to 30 s (admin)",
  responses: {
    200: json(Diagnosis, "What was found."),
    ...errorReplies(403),
  },
});

/** `/api/v1/diagnosis`. */
export function diagnosisApi(deps: Deps) {
  return newApi()
    .openapi(show, async (c) => c.json(await showDiagnosis(deps, c.var.who), 200));
}
