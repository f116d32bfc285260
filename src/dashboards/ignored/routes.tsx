import { createRoute, z } from "@hono/zod-openapi";
import { zValidator } from "@hono/zod-validator";
import { Hono } from "hono";
import type { Sql } from "../../external/postgres/postgres.ts";
import { body, json, newApi } from "../../http/api.ts";
import { errorReplies, refuse } from "../../http/replies.ts";
import type { Env } from "../../who.ts";
import { IgnoredTable, readView, TableName, visibleIgnored } from "./ignored.ts";

const list = createRoute({
  method: "get",
  path: "/",
  summary: "Lists ignored views and tables with the reason",
  responses: {
    200: json(
      z.object({ ignored: z.array(IgnoredTable) }).openapi("IgnoredTables"),
      "All of them.",
    ),
    ...errorReplies(),
  },
});

const read = createRoute({
  method: "post",
  path: "/read",
  summary: "Reads a view like a table",
  request: { body: body(TableName) },
  responses: { 202: json(TableName, "The next scan reads it."), ...errorReplies(404, 409) },
});

export function ignoredApi({ db }: { db: Sql }) {
  return newApi()
    .openapi(list, async (c) => {
      const ignored = await visibleIgnored(db, c.var.who);
      return c.json({ ignored: ignored.map(({ user_id: _, type: __, ...table }) => table) }, 200);
    })
    .openapi(read, async (c) => c.json(await readView(db, c.var.who, c.req.valid("json")), 202));
}

export function ignoredPages({ db }: { db: Sql }) {
  return new Hono<Env>().post("/read", zValidator("form", TableName, refuse), async (c) => {
    await readView(db, c.var.who, c.req.valid("form"));
    return c.redirect("/dashboards", 303);
  });
}
