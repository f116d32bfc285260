import { createRoute, z } from "@hono/zod-openapi";
import { ById, newApi } from "../../http/api.ts";
import { errorReplies } from "../../http/replies.ts";
import type { Sql } from "../../external/postgres/postgres.ts";
import { PICTURE_TYPES, type PictureType } from "../../previews/outcome.ts";
import { showPreview } from "./preview.ts";

const SUMMARIES = {
  gif: "The newest preview, animated",
  png: "A still picture of the whole board from the newest preview",
  webp: "A thumbnail of the newest preview, 400 pixels wide",
};

const route = <What extends PictureType>(what: What) =>
  createRoute({
    method: "get",
    path: `/{id}/preview.${what}`,
    summary: SUMMARIES[what],
    request: {
      params: ById,
      query: z.strictObject({
        at: z.iso.datetime().optional().openapi({
          description: "Cache key: the picture's time.",
        }),
      }),
      headers: z.object({
        "if-none-match": z.string().optional().openapi({
          description: "ETag of the cached picture.",
        }),
      }),
    },
    responses: {
      200: {
        description: "The picture, with an ETag.",
        content: { [`image/${what}`]: { schema: z.string().openapi({ format: "binary" }) } },
      },
      304: { description: "Not modified." },
      ...errorReplies(400, 404),
    },
  });

/** `W/"a", "b"` → a, b: compressing proxies make a tag weak. */
const tagsIn = (header = "") =>
  header.split(",").map((tag) => tag.trim().replace(/^(?:W\/)?"(.*)"$/, "$1"));

export function previewApi({ db }: { db: Sql }) {
  const api = newApi();
  for (const what of PICTURE_TYPES) {
    api.openapi(route(what), async (c) => {
      const known = tagsIn(c.req.header("if-none-match"));
      const { id } = c.req.valid("param");
      const { tag, bytes } = await showPreview(db, c.var.who, id, what, known);
      const headers = { ETag: `"${tag}"`, "Cache-Control": "private, no-cache" };
      if (!bytes) return c.body(null, 304, headers);
      return c.body(new Uint8Array(bytes), 200, {
        ...headers,
        "Content-Type": `image/${what}`,
        "Content-Length": `${bytes.length}`, // for HEAD, which would say 0
      });
    });
  }
  return api;
}
