import { z } from "@hono/zod-openapi";
import { audited } from "../audit/audit.ts";
import { AppError, ExternalError } from "../errors.ts";
import { asExternal, type Db } from "../external/postgres.ts";
import { holdActiveAdmins, holdUser, updateUser } from "../users/store.ts";
import { adminOnly, Role, unknownUser, visibleUser } from "../users/users.ts";
import type { Who } from "../who.ts";
import { letLogIn } from "./parts.ts";
import * as store from "./store.ts";
import { type Deps, showUser } from "./workspaces.ts";

export const UserChange = z.strictObject({
  role: Role.optional(),
  is_active: z.boolean().optional(),
})
  .refine((change) => Object.keys(change).length > 0, "must name role or is_active")
  .openapi("UserChange");

/**
 * Changes a user's role, or whether it is active: an inactive user's keys, sessions and database roles
 * let nobody in. Throws 404, 403, and 409 `last_admin`.
 */
export async function changeUser(
  deps: Deps,
  who: Who,
  id: number,
  change: z.infer<typeof UserChange>,
) {
  const { username } = await visibleUser(deps.db, who, id);
  const deed = { action: "user.change", subject: username, user_id: id } as const;
  await audited(deps.db, who, deed, async (tx) => {
    adminOnly(who);
    if (change.role === "member" || change.is_active === false) await keepOneAdmin(tx, id);
    if (!await holdUser(tx, id)) throw unknownUser();
    await updateUser(tx, id, change);
  });
  if (change.is_active !== undefined) await settleLogins(deps, id);
  return await showUser(deps, who, id);
}

/** Throws 409 where `id` is the only active admin. Other such calls wait for this transaction. */
export async function keepOneAdmin(tx: Db, id: number): Promise<void> {
  const admins = await holdActiveAdmins(tx);
  if (admins.length === 1 && admins[0] === id) {
    const message = "This is the last active admin: make another one first.";
    throw new AppError("last_admin", 409, message);
  }
}

/**
 * Makes the servers' roles follow the users: what a server refuses now is done by the job later. Those of
 * the user `changed` in any case, for what was refused may have been done by half.
 */
export async function settleLogins(deps: Deps, changed?: number): Promise<void> {
  for (const { user_id, username } of await store.wrongLogins(deps.db, changed ?? 0)) {
    await store.holdWorkspace(deps.db, username, () => settleLogin(deps, user_id));
  }
}

async function settleLogin({ db, servers, log }: Deps, user_id: number): Promise<void> {
  const workspace = await store.findWorkspace(db, user_id);
  if (!workspace) return;
  const { username, server, is_active } = workspace;
  try {
    await letLogIn(servers.of(server), username, is_active);
    await store.noteLogin(db, user_id, is_active);
  } catch (thrown) {
    const error = asExternal(thrown);
    if (!(error instanceof ExternalError || error instanceof AppError)) throw error;
    log(`workspaces: the roles of ${username}: ${error.message}`);
  }
}
