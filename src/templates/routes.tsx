import { createRoute, z } from "@hono/zod-openapi";
import { type Context, Hono } from "hono";
import { BoardPage } from "../../views/board.tsx";
import { BoardHeader } from "../../views/board_header.tsx";
import { body, ById, json, newApi } from "../http/api.ts";
import { byId, readJsonOf } from "../http/forms.ts";
import { errorReplies } from "../http/replies.ts";
import type { Env } from "../who.ts";
import { Choices, NewTemplate, Template, TemplateDetails } from "./input.ts";
import * as preview from "./preview.ts";
import * as templates from "./templates.ts";
import { Question } from "../boards/variables.ts";

const list = createRoute({
  method: "get",
  path: "/",
  summary: "The templates: the built-in ones, then your own by name",
  responses: {
    200: json(z.object({ templates: z.array(Template) }).openapi("Templates"), "All of them."),
    ...errorReplies(),
  },
});

const add = createRoute({
  method: "post",
  path: "/",
  summary: "A template from a Grafana dashboard, at most 2 MiB (admin)",
  request: { body: body(NewTemplate) },
  responses: {
    201: json(TemplateDetails, "Added; `warnings` say what to mind."),
    ...errorReplies(400, 403, 409, 413, 415, 422, 503),
  },
});

const show = createRoute({
  method: "get",
  path: "/{id}",
  summary: "One template with its dashboard, its versions and where it is chosen",
  request: { params: ById },
  responses: { 200: json(TemplateDetails, "The template."), ...errorReplies(400, 404) },
});

const showVersion = createRoute({
  method: "get",
  path: "/{id}/versions/{version}",
  summary: "One template as it was in one version",
  request: {
    params: ById.extend({
      version: z.string().regex(/^[1-9]\d{0,8}$/, "must be a number").transform(Number)
        .openapi({ type: "integer", example: 1 }),
    }),
  },
  responses: { 200: json(TemplateDetails, "The template."), ...errorReplies(400, 404) },
});

const change = createRoute({
  method: "put",
  path: "/{id}",
  summary: "A new version, which boards take from their next run on (admin)",
  request: { params: ById, body: body(NewTemplate) },
  responses: {
    200: json(TemplateDetails, "The template as it is now."),
    ...errorReplies(400, 403, 404, 409, 413, 415, 422, 503),
  },
});

const choose = createRoute({
  method: "put",
  path: "/{id}/choices",
  summary: "Where a template is chosen, in place of what was (admin)",
  request: { params: ById, body: body(z.strictObject({ choose: Choices }).openapi("NewChoices")) },
  responses: {
    200: json(TemplateDetails, "The template as it is now."),
    ...errorReplies(400, 403, 404, 409, 413, 415, 422),
  },
});

const remove = createRoute({
  method: "delete",
  path: "/{id}",
  summary: "Removes a template; its boards change with their next run (admin)",
  request: { params: ById },
  responses: { 204: { description: "Removed." }, ...errorReplies(400, 403, 404, 409) },
});

const look = createRoute({
  method: "get",
  path: "/{id}/preview",
  summary: "A page that draws the template on sample data",
  request: { params: ById },
  responses: {
    200: {
      description: "The page; it is good for an hour.",
      content: { "text/html": { schema: z.string() } },
    },
    ...errorReplies(400, 404, 503),
  },
});

export async function previewPage(c: Context, deps: templates.Deps, id: number) {
  const shown = await templates.drawnOf(deps, id);
  const board = await preview.previewBoard(deps, shown.drawn);
  const signature = await preview.signPreview(deps.signingKey, id, shown.version);
  const { from = "", to = "" } = board.time ?? {};
  const title = `${shown.drawn.name}, on sample data`;
  c.header("Cache-Control", "no-store");
  return c.html(
    <BoardPage
      title={title}
      dashboard={board}
      query_url={`/template-previews/${id}/query?signed=${signature}`}
      header={<BoardHeader title={title} from={from} to={to} signed_in />}
    />,
  );
}

export function templateApi(deps: templates.Deps) {
  return newApi()
    .openapi(list, async (c) => c.json({ templates: await templates.listTemplates(deps) }, 200))
    .openapi(
      add,
      async (c) => c.json(await templates.addTemplate(deps, c.var.who, c.req.valid("json")), 201),
    )
    .openapi(show, async (c) => {
      const { id } = c.req.valid("param");
      return c.json(await templates.showTemplate(deps, c.var.who, id), 200);
    })
    .openapi(showVersion, async (c) => {
      const { id, version } = c.req.valid("param");
      return c.json(await templates.showTemplate(deps, c.var.who, id, version), 200);
    })
    .openapi(change, async (c) => {
      const { id } = c.req.valid("param");
      return c.json(
        await templates.changeTemplate(deps, c.var.who, id, c.req.valid("json")),
        200,
      );
    })
    .openapi(choose, async (c) => {
      const { id } = c.req.valid("param");
      const { choose } = c.req.valid("json");
      return c.json(await templates.chooseTemplate(deps, c.var.who, id, () => choose), 200);
    })
    .openapi(remove, async (c) => {
      await templates.removeTemplate(deps, c.var.who, c.req.valid("param").id);
      return c.body(null, 204);
    })
    .openapi(look, (c) => previewPage(c, deps, c.req.valid("param").id) as never);
}

/** Under `/template-previews`: the queries of a preview's page, by its signature. */
export function previewQueries(deps: templates.Deps) {
  return new Hono<Env>().post("/:id/query", byId, async (c) => {
    const { id } = c.req.valid("param");
    const version = await preview.signedVersion(deps.signingKey, id, c.req.query("signed") ?? "");
    const question = await readJsonOf(c, Question);
    const { drawn } = await templates.drawnOf(deps, id, version);
    const answer = await preview.queryPreview(deps, drawn, question, c.req.raw.signal);
    c.header("Cache-Control", "no-store");
    return c.json(answer.body);
  });
}
