import { createRoute, z } from "@hono/zod-openapi";
import { ById, json, newApi, noFields, optionalBody } from "../../http/api.ts";
import { errorReplies } from "../../http/replies.ts";
import { checkWorkspace, Repair, repairWorkspace } from "./check.ts";
import { Check } from "../../workspaces/inspect.ts";
import { rotateDatabasePassword } from "../database_password.ts";
import { dropOrphan, Orphan, orphans } from "../../workspaces/orphans.ts";
import type { Deps } from "../steps.ts";

const password = createRoute({
  method: "post",
  path: "/{id}/database-password",
  summary: "New passwords of the database roles, and new values of the three logins",
  request: { params: ById, body: noFields },
  responses: {
    204: { description: "Changed; old connections are ended." },
    ...errorReplies(400, 404, 409, 422, 503),
  },
});

const check = createRoute({
  method: "post",
  path: "/{id}/check",
  summary: "Compares roles, databases and grants with what should be",
  request: { params: ById, body: noFields },
  responses: { 200: json(Check, "What was found."), ...errorReplies(400, 404, 422, 503) },
});

const repair = createRoute({
  method: "post",
  path: "/{id}/repair",
  summary: "Repairs what can be repaired without loss (admin)",
  request: { params: ById, body: optionalBody(Repair) },
  responses: {
    200: json(Check, "What is left afterwards."),
    ...errorReplies(400, 403, 404, 422, 503),
  },
});

/** Under `/api/v1/users`: the care of a workspace. */
export function maintenanceApi(deps: Deps) {
  return newApi()
    .openapi(password, async (c) => {
      await rotateDatabasePassword(deps, c.var.who, c.req.valid("param").id);
      return c.body(null, 204);
    })
    .openapi(
      check,
      async (c) => c.json(await checkWorkspace(deps, c.var.who, c.req.valid("param").id), 200),
    )
    .openapi(repair, async (c) => {
      const { id } = c.req.valid("param");
      return c.json(await repairWorkspace(deps, c.var.who, id, c.req.valid("json")), 200);
    });
}

const list = createRoute({
  method: "get",
  path: "/",
  summary: "Databases that outlived their users (admin)",
  responses: {
    200: json(z.object({ orphans: z.array(Orphan) }).openapi("Orphans"), "All of them."),
    ...errorReplies(403),
  },
});

const drop = createRoute({
  method: "delete",
  path: "/{name}",
  summary: "Drops one, with a username's last one its roles (admin)",
  request: { params: z.object({ name: z.string().max(63) }) },
  responses: { 204: { description: "Dropped." }, ...errorReplies(403, 404, 503) },
});

/** `/api/v1/orphans`. */
export function orphanApi(deps: Deps) {
  return newApi()
    .openapi(list, async (c) => c.json({ orphans: await orphans(deps, c.var.who) }, 200))
    .openapi(drop, async (c) => {
      await dropOrphan(deps, c.var.who, c.req.valid("param").name);
      return c.body(null, 204);
    });
}
