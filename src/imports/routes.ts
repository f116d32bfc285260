import { createRoute, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { ById, json, newApi } from "../http/api.ts";
import { cursor, IdQuery, Limit, writeCursor } from "../http/paging.ts";
import { errorReplies } from "../http/replies.ts";
import type { Env } from "../who.ts";
import { ImportFields } from "./fields.ts";
import { type Deps, importFiles } from "./import.ts";
import { pageOfImports } from "./list.ts";
import { ImportResult, ListedImport } from "./result.ts";

const request = {
  query: ImportFields,
  body: {
    required: true,
    description: "A report file as it is, or several as multipart/form-data; each may be gzipped.",
    content: { "application/octet-stream": { schema: z.string().openapi({ format: "binary" }) } },
  },
};
const responses = {
  200: json(ImportResult, "What a dry run would write."),
  201: json(ImportResult, "Written."),
  ...errorReplies(400, 403, 404, 409, 413, 415, 422, 429, 503),
};
const summary = "Imports report files";
const ofUser = { request: { ...request, params: ById }, path: "/{id}/imports" } as const;

const put = createRoute({ method: "put", path: "/", summary, request, responses });
const post = createRoute({ method: "post", path: "/", summary, request, responses });
const putOfUser = createRoute({ method: "put", summary, responses, ...ofUser });
const postOfUser = createRoute({ method: "post", summary, responses, ...ofUser });

const list = createRoute({
  method: "get",
  path: "/",
  summary: "The imports, newest first",
  request: {
    query: z.strictObject({
      user_id: IdQuery,
      format: z.string().max(100).regex(/^[^\0]*$/, "must be text without NUL").optional(),
      run_id: z.string().max(200).regex(/^[^\0]*$/, "must be text without NUL").optional(),
      limit: Limit,
      cursor: cursor(/^[1-9]\d{0,14}$/),
    }),
  },
  responses: {
    200: json(
      z.object({ imports: z.array(ListedImport), next_cursor: z.string().nullable() })
        .openapi("Imports"),
      "One page.",
    ),
    ...errorReplies(404, 422),
  },
});

type Calls = Context<Env>;

async function take(deps: Deps, c: Calls, user_id: number) {
  const { raw } = c.req;
  const result = await importFiles(deps, c.var.who, user_id, {
    query: c.req.query(),
    body: raw.body as ReadableStream<Uint8Array> | null,
    content_type: c.req.header("content-type") ?? null,
    is_gzip: /^(?:x-)?gzip$/i.test(c.req.header("content-encoding")?.trim() ?? ""),
    signal: raw.signal,
  });
  const isDry = result.imports.every(({ import_id }) => import_id === null);
  return c.json(result, isDry ? 200 : 201);
}

/** `/imports`: the caller's own files, and the list. */
export function importApi(deps: Deps) {
  return newApi()
    .openapi(put, (c) => take(deps, c, c.var.who.user_id))
    .openapi(post, (c) => take(deps, c, c.var.who.user_id))
    .openapi(list, async (c) => {
      const { limit, cursor, ...filter } = c.req.valid("query");
      const below = Number(cursor ?? Number.MAX_SAFE_INTEGER);
      const { imports, next } = await pageOfImports(deps.db, c.var.who, filter, { limit, below });
      return c.json({ imports, next_cursor: writeCursor(next) }, 200);
    });
}

/** Under `/users`: an admin's imports into a user's databases. */
export function importApiOfUser(deps: Deps) {
  return newApi()
    .openapi(putOfUser, (c) => take(deps, c, c.req.valid("param").id))
    .openapi(postOfUser, (c) => take(deps, c, c.req.valid("param").id));
}
