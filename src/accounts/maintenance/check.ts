import { z } from "@hono/zod-openapi";
import { audited } from "../../audit/audit.ts";
import { AppError, ExternalError, unavailable } from "../../errors.ts";
import { isRoleFull, isUnavailable } from "../../external/postgres/postgres.ts";
import { whileAnswering } from "../../external/postgres/answer.ts";
import { visibleUser } from "../../users/users.ts";
import { adminOnly } from "../../who.ts";
import type { Who } from "../../who.ts";
import { applyLogin } from "../change.ts";
import { GRAFANA_STEPS } from "../../grafana/store.ts";
import { repairInGrafana } from "../../grafana/datasources.ts";
import { grafanaOf, isGrafanaUnavailable, type UserGrafana } from "../../grafana/grafana.ts";
import { inspect } from "../../workspaces/inspect.ts";
import { databaseName, KINDS } from "../../workspaces/names.ts";
import { isMissing, revokeExtras } from "../../workspaces/revoke.ts";
import { limitConnections, ownershipTag } from "../../workspaces/provision.ts";
import { asRefusal, eachServer, inWords } from "../../workspaces/servers.ts";
import { runSteps, STEPS } from "../steps.ts";
import { passwordsOf } from "../../workspaces/logins.ts";
import * as store from "../../workspaces/store.ts";
import type { Deps } from "../../workspaces/workspaces.ts";

export const Repair = z.strictObject({
  recreate: z.boolean().default(false).openapi({
    description: "Makes a database that has vanished anew, empty.",
  }),
}).openapi("Repair");

async function workspaceFor(deps: Deps, id: number): Promise<store.Workspace> {
  const workspace = await store.findWorkspace(deps.db, id);
  if (!workspace) throw new AppError("workspace_unknown", 404, "This user has no databases.");
  return workspace;
}

async function compare(deps: Deps, workspace: store.Workspace) {
  const { user_id, username, is_active } = workspace;
  const server = deps.servers.of(workspace.server);
  const passwords = await passwordsOf(deps, workspace);
  const mark = ownershipTag(deps.installation, username);
  const findings = await inspect({ server, username, mark, is_active, passwords });
  await store.recordCheck(deps.db, user_id, findings);
  return { ok: findings.length === 0, findings };
}

/** What differs from what should be. Throws 404, 503 where the server is away. */
export async function checkWorkspace(deps: Deps, who: Who, id: number) {
  await visibleUser(deps.db, who, id);
  const workspace = await workspaceFor(deps, id);
  return await reportingUnavailable(() => compare(deps, workspace));
}

/**
 * Repairs what can be repaired without loss, and says what is left. A database that has vanished is made
 * anew only with `recreate`. Admins only.
 */
export async function repairWorkspace(
  deps: Deps,
  who: Who,
  id: number,
  { recreate }: z.infer<typeof Repair>,
) {
  const { username } = await visibleUser(deps.db, who, id);
  const deed = { action: "workspace.repair", subject: username, user_id: id } as const;
  await audited(deps.db, who, deed, async () => {
    adminOnly(who);
    await workspaceFor(deps, id);
  });
  const { master } = deps.servers.of((await workspaceFor(deps, id)).server);
  return await reportingUnavailable(() =>
    whileAnswering(master, async () => {
      const workspace = await workspaceFor(deps, id);
      const steps = await store.stepsOf(deps.db, id);
      const { findings } = await compare(deps, workspace);
      const missing = KINDS.filter((kind) => isMissing(findings, databaseName(username, kind)));
      const made = (kind: string) =>
        steps.some(({ name, state }) => name === `database_${kind}` && state === "done");
      const vanished = recreate ? [] : missing.filter(made).map((kind) => `database_${kind}`);
      await revokeExtras(deps, workspace, findings);
      const again = [...STEPS.map(({ name }) => name), ...GRAFANA_STEPS]
        .filter((name) => !vanished.includes(name));
      await store.resetSteps(deps.db, id, again);
      await runSteps(deps, id, username, { grafanaMs: GRAFANA_WAITS_MS });
      await applyLogin(deps, id);
      return await compare(deps, await workspaceFor(deps, id));
    })
  );
}

async function reportingUnavailable<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    const error = asRefusal(thrown);
    if (!(error instanceof ExternalError) || !error.more.code) throw thrown;
    throw unavailable("server_refused", error.message);
  }
}

/** How long whoever has a workspace repaired waits for Grafana. */
const GRAFANA_WAITS_MS = 10_000;

/** Of each server in a minute: 200,000 workspaces are seen once a day. */
const MOST_CHECKED = 150;
/** How long Grafana is tended in a minute: meanwhile nothing else is. */
const LOOK_MS = 20_000;

/** The connection limits protect the others: what differs is set right before it is compared. */
async function keepLimits({ servers, installation }: Deps, workspace: store.Workspace) {
  const { username, server } = workspace;
  await limitConnections(servers.of(server), username, ownershipTag(installation, username));
}

/** Looks once a day at every workspace; what it finds is shown on the user's page. */
export async function checkWorkspaces(deps: Deps, signal: AbortSignal): Promise<void> {
  const servers = deps.servers.all.map(({ name }) => name);
  const due = await store.uncheckedWorkspaces(deps.db, servers, MOST_CHECKED);
  await eachServer(due, signal, async (workspace) => {
    const { user_id, username } = workspace;
    try {
      await keepLimits(deps, workspace);
      const { ok, findings } = await compare(deps, workspace);
      if (!ok) deps.log(`workspaces: ${username}: ${findings.length} findings`);
      return true;
    } catch (error) {
      const found = inWords(error);
      deps.log(`workspaces: ${username}: ${found}`);
      if (isUnavailable(error) && !isRoleFull(error)) return false;
      await store.recordCheck(deps.db, user_id, [{
        what: "workspace",
        expected: "checked",
        found,
      }]);
      return true;
    }
  });
  await repairAllInGrafana(deps, due, signal);
}

/** Grafana by Grafana, at the same time: one that is away, or slow, delays its own only. */
async function repairAllInGrafana(deps: Deps, due: store.Workspace[], signal: AbortSignal) {
  const placed = await Promise.all(due.map(async (workspace) => {
    const place = await grafanaOf(deps, workspace.user_id).catch((error) => {
      deps.log(`workspaces: ${workspace.username} in Grafana: ${inWords(error)}`);
    });
    return place ? [{ workspace, place, server: place.isOwn ? workspace.username : "" }] : [];
  }));
  const limit = AbortSignal.any([signal, AbortSignal.timeout(LOOK_MS)]);
  await eachServer(
    placed.flat(),
    limit,
    ({ workspace, place }) => repairQuietly(deps, workspace, place, limit),
  );
}

/** What differs in Grafana is repaired; what does not come off stands on the data sources. False: it is away. */
async function repairQuietly(
  deps: Deps,
  workspace: store.Workspace,
  place: UserGrafana,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    await repairInGrafana(deps, workspace, place, signal);
    return true;
  } catch (error) {
    if (signal.aborted) return false;
    deps.log(`workspaces: ${workspace.username} in Grafana: ${inWords(error)}`);
    return !isGrafanaUnavailable(error);
  }
}
