import { z } from "@hono/zod-openapi";
import { audited } from "../audit/audit.ts";
import { AppError } from "../errors.ts";
import type { Db, Sql } from "../external/postgres/postgres.ts";
import { whileAnswering } from "../external/postgres/answer.ts";
import { lockActiveAdmins, lockUser, updateUser } from "../users/store.ts";
import { Role, unknownUser, visibleUser } from "../users/users.ts";
import { adminOnly, type Who } from "../who.ts";
import { ownershipTag, setLogin } from "../workspaces/provision.ts";
import { asRefusal, eachServer } from "../workspaces/servers.ts";
import * as store from "../workspaces/store.ts";
import type { Servers } from "../workspaces/servers.ts";
import { showUser } from "./create.ts";
import type { Log } from "../external/log/log.ts";
import { logFailure } from "../external/log/failure.ts";

/** What makes the server's roles follow a user. */
export type Deps = {
  db: Sql;
  servers: Servers;
  installation: string;
  log: Log;
};

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
  const entry = { action: "user.change", subject: username, user_id: id } as const;
  await audited(deps.db, who, entry, async (tx) => {
    adminOnly(who);
    if (change.role === "member" || change.is_active === false) await requireOneAdmin(tx, id);
    if (!await lockUser(tx, id)) throw unknownUser();
    await updateUser(tx, id, change);
  });
  const workspace = change.is_active !== undefined && await store.findWorkspace(deps.db, id);
  if (workspace) {
    // A failure is retried by the job.
    await whileAnswering(deps.servers.of(workspace.server).master, () => applyLogin(deps, id))
      .catch(() => {});
  }
  return await showUser(deps, who, id);
}

/** Throws 409 where `id` is the only active admin. Other such calls wait for this transaction. */
export async function requireOneAdmin(tx: Db, id: number): Promise<void> {
  const admins = await lockActiveAdmins(tx);
  if (admins.length === 1 && admins[0] === id) {
    const message = "This is the last active admin: make another one first.";
    throw new AppError("last_admin", 409, message);
  }
}

/** Makes the servers' roles follow the users: what a server refuses now is done by the job later. */
export async function applyLogins(deps: Deps, signal: AbortSignal): Promise<void> {
  const wrong = await store.wrongLogins(deps.db);
  await eachServer(wrong, signal, ({ user_id }) => applyLogin(deps, user_id));
}

/** The roles of one workspace follow its user. False: not now, as the log says. */
export async function applyLogin(deps: Deps, user_id: number): Promise<boolean> {
  const known = await store.findWorkspace(deps.db, user_id);
  if (!known) return true;
  const { username, server } = known;
  try {
    return await store.lockWorkspace(deps.db, { server, username }, async () => {
      const workspace = await store.findWorkspace(deps.db, user_id);
      if (!workspace) return true;
      const { is_active } = workspace;
      const tag = ownershipTag(deps.installation, username);
      await setLogin(deps.servers.of(server), username, tag, is_active);
      await store.recordLogin(deps.db, user_id, is_active);
      return true;
    });
  } catch (error) {
    logFailure(deps.log, "The roles of a workspace were not changed.", asRefusal(error), {
      username,
    });
    return false;
  }
}
