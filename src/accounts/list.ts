import { z } from "@hono/zod-openapi";
import type { Db } from "../external/postgres/postgres.ts";
import type { UserFilter } from "../users/store.ts";
import { pageOfUsers, User } from "../users/users.ts";
import type { Who } from "../who.ts";
import { factsOf, isInState } from "../workspaces/store.ts";

export const WorkspaceState = z.enum(["ready", "pending", "failed"]);
export const ListedUser = User.extend({
  workspace: WorkspaceState.nullable().openapi({ description: "null: the user has none." }),
  bytes: z.int().nullable().openapi({ description: "Of its databases, at the last check." }),
}).openapi("ListedUser");

export type ListFilter = Omit<UserFilter, "also"> & {
  workspace?: z.infer<typeof WorkspaceState> | undefined;
};

/** Users by name with what is known of their workspaces. Admins only. */
export async function listedUsers(
  db: Db,
  who: Who,
  { workspace, ...filter }: ListFilter,
  page: { limit: number; after: string },
) {
  const also = workspace && isInState(db, workspace);
  const { users, next } = await pageOfUsers(db, who, { ...filter, also }, page);
  const facts = await factsOf(db, users.map(({ id }) => id));
  const listed = users.map((user): z.infer<typeof ListedUser> => {
    const { state: workspace = null, bytes = null } = facts.get(user.id) ?? {};
    return { ...user, workspace, bytes };
  });
  return { users: listed, next };
}
