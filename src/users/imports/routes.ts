import { createRoute, z } from "@hono/zod-openapi";
import type { Sql } from "../../external/postgres/postgres.ts";
import { body, ById, json, newApi } from "../../http/api.ts";
import { Id } from "../../http/paging.ts";
import { errorReplies, withSecret } from "../../http/replies.ts";
import {
  createImportKey,
  ImportKey,
  importKeysOf,
  MadeImportKey,
  NewImportKey,
  removeImportKey,
} from "./keys.ts";

const path = "/{id}/import-keys";

const create = createRoute({
  method: "post",
  path,
  summary: "A key that may only import files, for CI",
  request: { params: ById, body: body(NewImportKey) },
  responses: {
    201: json(MadeImportKey, "Shown this once."),
    ...errorReplies(400, 404, 409, 413, 415, 422),
  },
});

const list = createRoute({
  method: "get",
  path,
  summary: "A user's import keys, the newest first",
  request: { params: ById },
  responses: {
    200: json(z.object({ import_keys: z.array(ImportKey) }).openapi("ImportKeys"), "All of them."),
    ...errorReplies(400, 404),
  },
});

const remove = createRoute({
  method: "delete",
  path: `${path}/{key_id}`,
  summary: "Ends an import key",
  request: { params: ById.extend({ key_id: Id }) },
  responses: { 204: { description: "Ended." }, ...errorReplies(400, 404) },
});

/** Under `/api/v1/users`. */
export function importKeyApi(deps: { db: Sql }) {
  return newApi()
    .openapi(create, async (c) => {
      const { id } = c.req.valid("param");
      withSecret(c);
      return c.json(await createImportKey(deps, c.var.who, id, c.req.valid("json")), 201);
    })
    .openapi(list, async (c) => {
      const { id } = c.req.valid("param");
      return c.json({ import_keys: await importKeysOf(deps, c.var.who, id) }, 200);
    })
    .openapi(remove, async (c) => {
      const { id, key_id } = c.req.valid("param");
      await removeImportKey(deps, c.var.who, id, key_id);
      return c.body(null, 204);
    });
}
