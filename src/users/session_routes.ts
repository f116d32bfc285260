import { createRoute, z } from "@hono/zod-openapi";
import { zValidator } from "@hono/zod-validator";
import { Hono } from "hono";
import type { Sql } from "../external/postgres/postgres.ts";
import { ById, json, newApi } from "../http/api.ts";
import { byId } from "../http/forms.ts";
import { Id } from "../http/paging.ts";
import { errorReplies, refuse } from "../http/replies.ts";
import type { Env } from "../who.ts";
import { endSession, endSessions, Session, sessionsOf } from "./sessions.ts";

const path = "/{id}/sessions";
const one = ById.extend({ session_id: Id });

const list = createRoute({
  method: "get",
  path,
  summary: "A user's sessions, the last used first",
  request: { params: ById },
  responses: {
    200: json(z.object({ sessions: z.array(Session) }).openapi("Sessions"), "100 at most."),
    ...errorReplies(400, 404),
  },
});

const end = createRoute({
  method: "delete",
  path: `${path}/{session_id}`,
  summary: "Ends a session",
  request: { params: one },
  responses: { 204: { description: "Ended." }, ...errorReplies(400, 404) },
});

const endAll = createRoute({
  method: "delete",
  path,
  summary: "Ends all sessions of a user",
  request: { params: ById },
  responses: {
    200: json(z.object({ ended: z.int() }).openapi("EndedSessions"), "How many."),
    ...errorReplies(400, 404),
  },
});

/** Under `/api/v1/users`. */
export function sessionApi(deps: { db: Sql }) {
  return newApi()
    .openapi(list, async (c) => {
      const { id } = c.req.valid("param");
      return c.json({ sessions: await sessionsOf(deps, c.var.who, id) }, 200);
    })
    .openapi(end, async (c) => {
      const { id, session_id } = c.req.valid("param");
      await endSession(deps, c.var.who, id, session_id);
      return c.body(null, 204);
    })
    .openapi(endAll, async (c) => {
      const { id } = c.req.valid("param");
      return c.json({ ended: await endSessions(deps, c.var.who, id) }, 200);
    });
}

/** Under `/users`: the same by plain forms, which come back to the user's page. */
export function sessionPages(deps: { db: Sql }) {
  return new Hono<Env>()
    .post("/:id/sessions/end", byId, async (c) => {
      const { id } = c.req.valid("param");
      await endSessions(deps, c.var.who, id);
      return c.redirect(`/users/${id}`, 303);
    })
    .post("/:id/sessions/:session_id/end", zValidator("param", one, refuse), async (c) => {
      const { id, session_id } = c.req.valid("param");
      await endSession(deps, c.var.who, id, session_id);
      return c.redirect(`/users/${id}`, 303);
    });
}
