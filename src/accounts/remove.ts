import { z } from "@hono/zod-openapi";
import { audited } from "../audit/audit.ts";
import { whileAnswering } from "../external/postgres/answer.ts";
import { deleteUser, lockUser } from "../users/store.ts";
import { unknownUser, visibleUser } from "../users/users.ts";
import { adminOnly, type Who } from "../who.ts";
import { requireOneAdmin } from "./change.ts";
import { databaseName, KINDS } from "../workspaces/names.ts";
import { userRemoval } from "../grafana/removal.ts";
import { dashboardsInGrafana } from "../pipeline/board_store.ts";
import { finishGrafanaRemovals } from "../pipeline/removal.ts";
import { dropWorkspace, ownershipTag, setLogin } from "../workspaces/provision.ts";
import { findRemoval, insertRemoval, REMOVAL, type Removal } from "../workspaces/removal.ts";
import { asRefusal, inWords } from "../workspaces/servers.ts";
import { type Failure, runRetries } from "../retries/retries.ts";
import type { Retry } from "../retries/store.ts";
import { isUnavailable } from "../external/postgres/postgres.ts";
import * as store from "../workspaces/store.ts";
import { type Deps, GRAFANA_WAIT_MS } from "./steps.ts";
import { logFailure } from "../external/log/failure.ts";

const Fate = z.enum(["kept", "dropped", "dropping"]);
export const RemovedUser = z.object({
  id: z.int(),
  username: z.string(),
  databases: z.object({ timing: Fate, qor: Fate, drc: Fate }).partial(),
}).openapi("RemovedUser");
type Removed = z.infer<typeof RemovedUser>;

/**
 * Removes a user with its keys, credentials and dashboards. Its databases are kept, with roles that
 * cannot log in, or dropped; what a server or Grafana refuses now (`dropping`) is retried by the job.
 * Throws 404, 403, and 409 `last_admin`.
 */
export async function removeUser(
  deps: Deps,
  who: Who,
  id: number,
  databases: "keep" | "drop",
): Promise<Removed> {
  const { username } = await visibleUser(deps.db, who, id);
  const server = await removeRows(deps, who, { id, username }, databases);
  await finishGrafanaRemovals(deps, AbortSignal.timeout(GRAFANA_WAIT_MS)).catch(() => {
    deps.log.warn("A removed user's things leave Grafana later.", { username });
  });
  if (server === undefined) return { id, username, databases: {} };
  const never = new AbortController().signal;
  const done = await whileAnswering(deps.servers.of(server).master, async () => {
    await finishRemovals(deps, never, username);
    return await findRemoval(deps.db, username) === undefined;
  }).catch(() => false);
  const fate = databases === "keep" ? "kept" : done ? "dropped" : "dropping";
  return { id, username, databases: { timing: fate, qor: fate, drc: fate } };
}

/** Removes all of a user from our database. Returns the server of its workspace, where it had one. */
async function removeRows(
  deps: Deps,
  who: Who,
  { id, username }: { id: number; username: string },
  databases: "keep" | "drop",
): Promise<string | undefined> {
  const entry = { action: "user.remove", subject: username, user_id: id } as const;
  const enqueueRemoval = await userRemoval(deps, id, await dashboardsInGrafana(deps.db, id));
  return await audited(deps.db, who, entry, async (tx) => {
    adminOnly(who);
    await requireOneAdmin(tx, id);
    if (!await lockUser(tx, id)) throw unknownUser();
    const workspace = await store.findWorkspace(tx, id);
    await deleteUser(tx, id);
    await enqueueRemoval(tx);
    if (!workspace) return undefined;
    const { server } = workspace;
    await insertRemoval(tx, { username, databases, server });
    for (const kind of databases === "keep" ? KINDS : []) {
      await store.insertOrphan(tx, { name: databaseName(username, kind), username, kind, server });
    }
    return server;
  });
}

type ServerDeps = Pick<Deps, "db" | "servers" | "log" | "installation">;

/** What the removals of users left to be done on the servers. */
export const finishRemovals = (deps: ServerDeps, signal: AbortSignal, username?: string) =>
  runRetries(deps.db, { [REMOVAL]: (retry) => finishRemoval(deps, retry) }, signal, username);

function finishRemoval(
  { db, servers, log, installation }: ServerDeps,
  { subject: username, target, payload }: Retry,
): Promise<Failure | undefined> {
  const { databases } = payload as Pick<Removal, "databases">;
  const tag = ownershipTag(installation, username);
  return store.lockWorkspace(db, { server: target, username }, async () => {
    if (await findRemoval(db, username) !== databases) return undefined;
    const server = servers.of(target);
    if (databases === "keep") await setLogin(server, username, tag, false);
    else await dropWorkspace(server, username, tag);
  }).catch((error) => {
    logFailure(log, "A workspace was not removed yet.", asRefusal(error), { username });
    return { message: inWords(error), unavailable: isUnavailable(error) };
  });
}
