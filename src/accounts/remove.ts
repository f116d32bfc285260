import { z } from "@hono/zod-openapi";
import { audited } from "../audit/audit.ts";
import { whileAnswering } from "../external/postgres/answer.ts";
import { deleteUser, lockUser } from "../users/store.ts";
import { unknownUser, visibleUser } from "../users/users.ts";
import { adminOnly, type Who } from "../who.ts";
import { requireOneAdmin } from "./change.ts";
import { databaseName, KINDS } from "../workspaces/names.ts";
import { finishGrafanaRemovals, userRemoval } from "../grafana/removal/removal.ts";
import { dropWorkspace, ownershipTag, setLogin } from "../workspaces/provision.ts";
import { findRemoval, insertRemoval, REMOVAL, type Removal } from "../workspaces/removal.ts";
import { inWords } from "../workspaces/servers.ts";
import { type Failure, runRetries } from "../retries/retries.ts";
import type { Retry } from "../retries/store.ts";
import { isUnavailable } from "../external/postgres/postgres.ts";
import * as store from "../workspaces/store.ts";
import { type Deps, GRAFANA_WAIT_MS } from "./steps.ts";

const Fate = z.enum(["kept", "dropped", "dropping"]);
export const RemovedUser = z.object({
  id: z.int(),
  username: z.string(),
  databases: z.object({ timing: Fate, qor: Fate, drc: Fate }).partial(),
}).openapi("RemovedUser");
type Removed = z.infer<typeof RemovedUser>;

/**
 * Removes a user with its keys, credentials and dashboards. Its databases are kept, with roles that
 * cannot log in, or dropped; what the server refuses now (`dropping`) is done by the job later, and
 * so is what Grafana does not remove at once. Throws
 * 404, 403, and 409 `last_admin`.
 */
export async function removeUser(
  deps: Deps,
  who: Who,
  id: number,
  databases: "keep" | "drop",
): Promise<Removed> {
  const { username } = await visibleUser(deps.db, who, id);
  const entry = { action: "user.remove", subject: username, user_id: id } as const;
  const leaveGrafana = await userRemoval(deps, id);
  const removal = await audited(deps.db, who, entry, async (tx) => {
    adminOnly(who);
    await requireOneAdmin(tx, id);
    if (!await lockUser(tx, id)) throw unknownUser();
    const workspace = await store.findWorkspace(tx, id);
    await deleteUser(tx, id);
    await leaveGrafana(tx);
    if (!workspace) return undefined;
    const { server } = workspace;
    await insertRemoval(tx, { username, databases, server });
    if (databases === "keep") {
      for (const kind of KINDS) {
        await store.insertOrphan(tx, {
          name: databaseName(username, kind),
          username,
          kind,
          server,
        });
      }
    }
    return { username, databases, server };
  });
  await finishGrafanaRemovals(deps, AbortSignal.timeout(GRAFANA_WAIT_MS)).catch(() => {
    deps.log(`grafana: what ${username} had there is removed later`);
  });
  if (!removal) return { id, username, databases: {} };
  const never = new AbortController().signal;
  const done = await whileAnswering(deps.servers.of(removal.server).master, async () => {
    await finishRemovals(deps, never, username);
    return await findRemoval(deps.db, username) === undefined;
  }).catch(() => false);
  const fate = databases === "keep" ? "kept" : done ? "dropped" : "dropping";
  const fates = Object.fromEntries(KINDS.map((kind) => [kind, fate]));
  return { id, username, databases: fates as Removed["databases"] };
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
    const message = inWords(error);
    log(`workspaces: removal of ${username}: ${message}`);
    return { message, unavailable: isUnavailable(error) };
  });
}
