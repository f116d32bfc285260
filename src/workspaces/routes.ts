import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import { errorReplies, refuse } from "../errors.ts";
import { cursor, Id, Limit, writeCursor } from "../users/paging.ts";
import { pageOfUsers, User } from "../users/users.ts";
import type { Env } from "../who.ts";
import {
  CreatedUser,
  createUser,
  type Deps,
  NewUser,
  showUser,
  UserWithDatabases,
} from "./workspaces.ts";

const json = <T>(schema: T, description: string) => ({
  description,
  content: { "application/json": { schema } },
});

const create = createRoute({
  method: "post",
  path: "/",
  summary: "A new user with its key, databases and credentials (admin)",
  request: { body: { required: true, content: { "application/json": { schema: NewUser } } } },
  responses: {
    201: json(CreatedUser, "Made. The key is shown this once."),
    ...errorReplies(400, 403, 409, 413, 415, 422),
  },
});

const list = createRoute({
  method: "get",
  path: "/",
  summary: "The users by name (admin)",
  request: { query: z.strictObject({ limit: Limit, cursor: cursor(/^[\w-]{1,32}$/) }) },
  responses: {
    200: json(
      z.object({ users: z.array(User), next_cursor: z.string().nullable() }).openapi("Users"),
      "One page.",
    ),
    ...errorReplies(403, 422),
  },
});

const show = createRoute({
  method: "get",
  path: "/{id}",
  summary: "One user",
  request: { params: z.object({ id: Id }) },
  responses: { 200: json(UserWithDatabases, "The user."), ...errorReplies(400, 404) },
});

/** Under `/api/v1/users`. */
export function userApi(deps: Deps) {
  return new OpenAPIHono<Env>({ defaultHook: refuse })
    .openapi(create, async (c) => {
      c.header("Cache-Control", "no-store");
      return c.json(await createUser(deps, c.var.who, c.req.valid("json")), 201);
    })
    .openapi(list, async (c) => {
      const { limit, cursor = "" } = c.req.valid("query");
      const { users, next } = await pageOfUsers(deps.db, c.var.who, { limit, after: cursor });
      return c.json({ users, next_cursor: writeCursor(next) }, 200);
    })
    .openapi(
      show,
      async (c) => c.json(await showUser(deps, c.var.who, c.req.valid("param").id), 200),
    );
}
