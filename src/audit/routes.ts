import { createRoute, z } from "@hono/zod-openapi";
import { ACTIONS } from "./audit.ts";
import { json, newApi } from "../http/api.ts";
import { errorReplies } from "../http/replies.ts";
import type { Sql } from "../external/postgres/postgres.ts";
import { AuditEntry, Moment, Outcome, pageOfAudit, Text } from "./page.ts";
import { cursor, IdQuery, Limit, writeCursor } from "../http/paging.ts";

const list = createRoute({
  method: "get",
  path: "/",
  summary: "Who did what, newest first (admin)",
  request: {
    query: z.strictObject({
      user_id: IdQuery,
      actor: Text.optional().openapi({ example: "ada" }),
      action: z.enum(ACTIONS).optional(),
      subject: Text.optional().openapi({ example: "ada/SLACK_BOT_TOKEN" }),
      outcome: Outcome.optional(),
      from: Moment.optional().openapi({ example: "2026-01-01T00:00:00Z" }),
      to: Moment.optional().openapi({ description: "Excluded." }),
      limit: Limit,
      cursor: cursor(/^[1-9]\d{0,14}$/),
    }),
  },
  responses: {
    200: json(
      z.object({ entries: z.array(AuditEntry), next_cursor: z.string().nullable() }).openapi(
        "Audit",
      ),
      "One page.",
    ),
    ...errorReplies(403, 404, 422),
  },
});

export function auditApi({ db }: { db: Sql }) {
  return newApi().openapi(list, async (c) => {
    const { limit, cursor, ...filter } = c.req.valid("query");
    const below = Number(cursor ?? Number.MAX_SAFE_INTEGER);
    const { entries, next } = await pageOfAudit(db, c.var.who, filter, { limit, below });
    return c.json({ entries, next_cursor: writeCursor(next) }, 200);
  });
}
