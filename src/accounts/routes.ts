import { createRoute, z } from "@hono/zod-openapi";
import { body, ById, json, newApi } from "../http/api.ts";
import { errorReplies, withSecret } from "../http/replies.ts";
import { cursor, Limit, writeCursor } from "../http/paging.ts";
import { Role } from "../users/users.ts";
import { ListedUser, listedUsers, WorkspaceState } from "./list.ts";
import { changeUser, UserChange } from "./change.ts";
import { RemovedUser, removeUser } from "./remove.ts";
import type { Deps } from "./steps.ts";
import { CreatedUser, createUser, NewUser, showUser, UserWithWorkspace } from "./create.ts";

const create = createRoute({
  method: "post",
  path: "/",
  summary: "A new user with its key, databases and credentials (admin)",
  request: { body: body(NewUser) },
  responses: {
    201: json(CreatedUser, "Made. The key is shown this once."),
    ...errorReplies(400, 403, 409, 413, 415, 422, 503),
  },
});

const list = createRoute({
  method: "get",
  path: "/",
  summary: "The users by name (admin)",
  request: {
    query: z.strictObject({
      limit: Limit,
      cursor: cursor(/^[\w-]{1,32}$/),
      q: z.string().max(32).regex(/^[^\0]*$/, "must be text without NUL").optional().openapi({
        description: "How the username begins.",
      }),
      is_active: z.enum(["true", "false"]).transform((text) => text === "true").optional()
        .openapi({ type: "boolean" }),
      role: Role.optional(),
      workspace: WorkspaceState.optional(),
    }),
  },
  responses: {
    200: json(
      z.object({ users: z.array(ListedUser), next_cursor: z.string().nullable() }).openapi("Users"),
      "One page.",
    ),
    ...errorReplies(403, 422),
  },
});

const show = createRoute({
  method: "get",
  path: "/{id}",
  summary: "One user",
  request: { params: ById },
  responses: { 200: json(UserWithWorkspace, "The user."), ...errorReplies(400, 404) },
});

const change = createRoute({
  method: "patch",
  path: "/{id}",
  summary: "Another role, or active or not (admin)",
  request: { params: ById, body: body(UserChange) },
  responses: {
    200: json(UserWithWorkspace, "The user as it is now."),
    ...errorReplies(400, 403, 404, 409, 413, 415, 422),
  },
});

const remove = createRoute({
  method: "delete",
  path: "/{id}",
  summary: "Removes a user; its databases are kept or dropped (admin)",
  request: {
    params: ById,
    query: z.strictObject({ databases: z.enum(["keep", "drop"]).default("keep") }),
  },
  responses: {
    200: json(RemovedUser, "Removed."),
    ...errorReplies(400, 403, 404, 409, 422),
  },
});

/** Under `/api/v1/users`. */
export function userApi(deps: Deps) {
  return newApi()
    .openapi(create, async (c) => {
      withSecret(c);
      return c.json(await createUser(deps, c.var.who, c.req.valid("json")), 201);
    })
    .openapi(list, async (c) => {
      const { limit, cursor: after = "", ...filter } = c.req.valid("query");
      const { users, next } = await listedUsers(deps.db, c.var.who, filter, { limit, after });
      return c.json({ users, next_cursor: writeCursor(next) }, 200);
    })
    .openapi(
      show,
      async (c) => c.json(await showUser(deps, c.var.who, c.req.valid("param").id), 200),
    )
    .openapi(change, async (c) => {
      const { id } = c.req.valid("param");
      return c.json(await changeUser(deps, c.var.who, id, c.req.valid("json")), 200);
    })
    .openapi(remove, async (c) => {
      const { id } = c.req.valid("param");
      const { databases } = c.req.valid("query");
      return c.json(await removeUser(deps, c.var.who, id, databases), 200);
    });
}
