import { createRoute, z } from "@hono/zod-openapi";
import { zValidator } from "@hono/zod-validator";
import { Hono } from "hono";
import { body, ById as params, json, newApi, noFields } from "../../http/api.ts";
import { byId, refuseForged } from "../../http/forms.ts";
import { errorReplies, refuse } from "../../http/replies.ts";
import type { Env } from "../../who.ts";
import { Dashboard } from "../listing.ts";
import {
  acknowledgeDashboard,
  type Deps,
  Mute,
  muteDashboard,
  unmuteDashboard,
  untilAfter,
} from "./muting.ts";

const path = "/{id}/mute";

const mute = createRoute({
  method: "post",
  path,
  summary: "Mutes a dashboard: its runs are captured, and not posted",
  request: { params, body: body(Mute) },
  responses: { 200: json(Dashboard, "The row."), ...errorReplies(400, 403, 404, 422) },
});

const unmute = createRoute({
  method: "delete",
  path,
  summary: "Unmutes a dashboard: the runs found from now on are posted",
  request: { params },
  responses: { 200: json(Dashboard, "The row."), ...errorReplies(400, 403, 404) },
});

const acknowledge = createRoute({
  method: "post",
  path: "/{id}/acknowledge",
  summary: "Acknowledges that the newest run got worse",
  request: { params, body: noFields },
  responses: { 200: json(Dashboard, "The row."), ...errorReplies(400, 403, 404, 409) },
});

export function mutingApi(deps: Deps) {
  const { db } = deps;
  return newApi()
    .openapi(mute, async (c) => {
      const { until } = c.req.valid("json");
      return c.json(await muteDashboard(db, c.var.who, c.req.valid("param").id, until), 200);
    })
    .openapi(
      unmute,
      async (c) => c.json(await unmuteDashboard(db, c.var.who, c.req.valid("param").id), 200),
    )
    .openapi(acknowledge, async (c) => {
      return c.json(await acknowledgeDashboard(deps, c.var.who, c.req.valid("param").id), 200);
    });
}

/** The forms of a dashboard's page, to which they lead back. */
export function mutingPages(deps: Deps) {
  const { db } = deps;
  const chosen = zValidator(
    "form",
    z.object({ for: z.enum(["day", "week", "good"]) }),
    refuseForged,
  );
  const from = zValidator("query", z.object({ from: z.literal("row").optional() }), refuse);
  return new Hono<Env>()
    .post("/:id/mute", byId, from, chosen, async (c) => {
      const { id } = c.req.valid("param");
      await muteDashboard(db, c.var.who, id, untilAfter(c.req.valid("form").for));
      return c.redirect(`/dashboards/${id}`, 303);
    })
    .post("/:id/unmute", byId, from, async (c) => {
      const { id } = c.req.valid("param");
      await unmuteDashboard(db, c.var.who, id);
      return c.redirect(`/dashboards/${id}`, 303);
    })
    .post("/:id/acknowledge", byId, from, async (c) => {
      const { id } = c.req.valid("param");
      await acknowledgeDashboard(deps, c.var.who, id);
      return c.redirect(`/dashboards/${id}`, 303);
    });
}
