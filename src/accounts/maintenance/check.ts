import { z } from "@hono/zod-openapi";
import { audited } from "../../audit/audit.ts";
import { AppError, ExternalError, unavailable } from "../../errors.ts";
import { isRoleFull, isUnavailable } from "../../external/postgres/postgres.ts";
import { whileAnswering } from "../../external/postgres/answer.ts";
import { visibleUser } from "../../users/users.ts";
import { adminOnly, type Who } from "../../who.ts";
import { applyLogin } from "../change.ts";
import { ensureInGrafana, GRAFANA_STEPS, openGrafanaWork } from "../../grafana/steps.ts";
import { grafanaOf, isGrafanaUnavailable, type UserGrafana } from "../../grafana/grafana.ts";
import { inspect } from "../../workspaces/inspect.ts";
import { databaseName, KINDS } from "../../workspaces/names.ts";
import { isMissing, revokeExtras } from "../../workspaces/revoke.ts";
import { limitConnections, ownershipTag } from "../../workspaces/provision.ts";
import { asRefusal, eachServer, inWords } from "../../workspaces/servers.ts";
import { SERVER_STEPS } from "../../workspaces/steps.ts";
import { type Deps, runSteps } from "../steps.ts";
import { passwordsOf } from "../../workspaces/logins.ts";
import * as store from "../../workspaces/store.ts";
import { logFailure } from "../../external/log/failure.ts";

export const Repair = z.strictObject({
  recreate: z.boolean().default(false).openapi({
    description: "Makes a database that has vanished anew, empty.",
  }),
}).openapi("Repair");

async function workspaceFor(deps: Pick<Deps, "db">, id: number): Promise<store.Workspace> {
  const workspace = await store.findWorkspace(deps.db, id);
  if (!workspace) throw new AppError("workspace_unknown", 404, "This user has no databases.");
  return workspace;
}

async function compare(deps: Deps, workspace: store.Workspace) {
  const { user_id, username, is_active } = workspace;
  const server = deps.servers.of(workspace.server);
  const passwords = await passwordsOf(deps, workspace);
  const tag = ownershipTag(deps.installation, username);
  const findings = await inspect({ server, username, tag, is_active, passwords });
  const names = KINDS.map((kind) => databaseName(username, kind));
  const sizes = [...(await store.databaseSizes(server.master, names)).values()];
  const bytes = sizes.reduce((sum, bytes) => sum + bytes, 0);
  await store.recordCheck(deps.db, user_id, findings, bytes);
  return { ok: findings.length === 0, findings };
}

/** What differs from what should be. Throws 404, 503 where the server is unavailable. */
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
  const entry = { action: "workspace.repair", subject: username, user_id: id } as const;
  await audited(deps.db, who, entry, async () => {
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
      const again = [...SERVER_STEPS, ...GRAFANA_STEPS].map(({ name }) => name)
        .filter((name) => !vanished.includes(name));
      await store.resetSteps(deps.db, id, again);
      await runSteps(deps, workspace, { grafanaMs: REPAIR_GRAFANA_MS });
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

/** Time limit for Grafana in a repair that a caller waits for. */
const REPAIR_GRAFANA_MS = 10_000;

/** Of each server in a minute: 200,000 workspaces are checked once a day. */
const MOST_CHECKED = 150;
/** Budget per minute for Grafana repairs; they block other maintenance. */
const GRAFANA_BUDGET_MS = 20_000;

/** Connection limits protect the other users: a difference is repaired before the check. */
async function keepLimits(
  { servers, installation }: Pick<Deps, "servers" | "installation">,
  workspace: store.Workspace,
) {
  const { username, server } = workspace;
  await limitConnections(servers.of(server), username, ownershipTag(installation, username));
}

/** The daily drift check of every workspace; the user's page shows the findings. */
export async function checkWorkspaces(deps: Deps, signal: AbortSignal): Promise<void> {
  const servers = deps.servers.all.map(({ name }) => name);
  const due = await store.uncheckedWorkspaces(deps.db, servers, MOST_CHECKED);
  await eachServer(due, signal, async (workspace) => {
    const { user_id, username } = workspace;
    try {
      await keepLimits(deps, workspace);
      const { ok, findings } = await compare(deps, workspace);
      if (!ok) {
        deps.log.warn("The drift check has findings.", { username, findings: findings.length });
      }
      return true;
    } catch (error) {
      const found = inWords(error);
      logFailure(deps.log, "A workspace could not be checked.", asRefusal(error), { username });
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

/** All Grafanas at the same time: one that is unavailable or slow delays its own only. */
async function repairAllInGrafana(deps: Deps, due: store.Workspace[], signal: AbortSignal) {
  const byGrafana = await Promise.all(due.map(async (workspace) => {
    const target = await grafanaOf(deps, workspace.user_id).catch((error) => {
      logFailure(deps.log, "A workspace's Grafana could not be used.", asRefusal(error), {
        username: workspace.username,
      });
    });
    return target ? [{ workspace, target, server: target.isOwn ? workspace.username : "" }] : [];
  }));
  const limit = AbortSignal.any([signal, AbortSignal.timeout(GRAFANA_BUDGET_MS)]);
  await eachServer(
    byGrafana.flat(),
    limit,
    ({ workspace, target }) => repairQuietly(deps, workspace, target, limit),
  );
}

/** False: this Grafana is unavailable. What could not be repaired is shown on the data sources. */
async function repairQuietly(
  deps: Deps,
  workspace: store.Workspace,
  target: UserGrafana,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    await ensureInGrafana(await openGrafanaWork(deps, workspace, target), KINDS, signal);
    return true;
  } catch (error) {
    if (signal.aborted) return false;
    logFailure(deps.log, "A workspace could not be repaired in Grafana.", asRefusal(error), {
      username: workspace.username,
    });
    return !isGrafanaUnavailable(error);
  }
}
