import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import { errorReplies, refuse } from "../errors.ts";
import { Id } from "../users/paging.ts";
import type { Env } from "../who.ts";
import { type Deps, KeyName, revealCredential, Revealed } from "./credentials.ts";

const reveal = createRoute({
  method: "get",
  path: "/{id}/credentials/{key_name}",
  summary: "A credential with its value",
  request: { params: z.object({ id: Id, key_name: KeyName }) },
  responses: {
    200: { description: "The value.", content: { "application/json": { schema: Revealed } } },
    ...errorReplies(400, 404),
  },
});

/** Under `/api/v1/users`: a user's credentials. */
export function credentialApi(deps: Deps) {
  return new OpenAPIHono<Env>({ defaultHook: refuse }).openapi(reveal, async (c) => {
    const { id, key_name } = c.req.valid("param");
    c.header("Cache-Control", "no-store");
    return c.json(await revealCredential(deps, c.var.who, id, key_name), 200);
  });
}
