import { AppError, ExternalError } from "../errors.ts";
import { GRAFANA_STEPS, postponeStep } from "../grafana/store.ts";
import { datasourceStep, folderStep } from "../grafana/datasources.ts";
import { grafanaOf, isGrafanaUnavailable, late } from "../grafana/grafana.ts";
import * as names from "../workspaces/names.ts";
import {
  grantReading,
  makeDatabase,
  makeRoles,
  ownershipTag,
  type Passwords,
} from "../workspaces/provision.ts";
import { passwordsOf, sealLogins } from "../workspaces/logins.ts";
import { asRefusal, eachServer, type WorkspaceServer } from "../workspaces/servers.ts";
import * as store from "../workspaces/store.ts";
import type { Deps } from "../workspaces/workspaces.ts";

type Work = {
  deps: Deps;
  workspace: store.Workspace;
  server: WorkspaceServer;
  passwords: Passwords;
};
type Step = { name: string; run: (work: Work) => Promise<void> };

/**
 * The parts of a workspace on its database server, in order. Each can be repeated, finds what is already there, and takes it
 * over only if it is ours.
 */
export const STEPS: Step[] = [
  {
    name: "roles",
    run: ({ deps, workspace: { username }, server, passwords }) =>
      makeRoles(server, username, ownershipTag(deps.installation, username), passwords),
  },
  ...names.KINDS.map((kind) => ({
    name: `database_${kind}`,
    run: ({ deps, workspace: { username }, server }: Work) =>
      makeDatabase(server, username, ownershipTag(deps.installation, username), kind),
  })),
  {
    name: "grants",
    run: ({ workspace: { username }, server, passwords }) =>
      grantReading(server, username, passwords),
  },
  {
    name: "credentials",
    run: ({ deps, workspace, server, passwords }) => sealLogins(deps, workspace, server, passwords),
  },
];

/** A part in Grafana; one for which there is no Grafana any more is nothing to be done. */
async function runInGrafana(
  deps: Deps,
  workspace: store.Workspace,
  name: string,
  signal: AbortSignal,
) {
  const place = await grafanaOf(deps, workspace.user_id);
  const kind = names.KINDS.find((kind) => name === `datasource_${kind}`);
  try {
    if (place && kind) await datasourceStep(deps, workspace, place, kind, signal);
    else if (place) await folderStep(deps, workspace, place, signal);
  } catch (error) {
    if (!signal.aborted || error instanceof ExternalError) throw error;
    throw late();
  }
}

/** How it ended: all is done, a step did not come off, or its server or Grafana is away. */
type Ended = "done" | "refused" | "away";

/**
 * Goes on with a workspace until it is complete or a step does not come off: what passes is tried again
 * by the job, the rest is for a person. A workspace is ready once its databases are: tables are found also
 * while Grafana is away, for which `grafanaMs` are waited. What the rows say when `signal` is aborted is
 * what was done.
 */
export async function runSteps(
  deps: Deps,
  user_id: number,
  username: string,
  { grafanaMs = GRAFANA_MS, signal = never }: { grafanaMs?: number; signal?: AbortSignal } = {},
): Promise<Ended> {
  const { server = "" } = await store.findWorkspace(deps.db, user_id) ?? {};
  // One process at a time works on a user's databases.
  const onServer = await store.lockWorkspace(deps.db, { server, username }, async () => {
    const workspace = await store.findWorkspace(deps.db, user_id);
    if (!workspace) return "done";
    // Roles are made with LOGIN: where the user is not active, applyLogins() takes it away again.
    if (!workspace.is_active) await store.recordLogin(deps.db, user_id, true);
    const ended = await runLeft(deps, workspace, (name) => !isInGrafana(name), signal);
    if (ended === "done") await store.markReady(deps.db, user_id);
    return ended;
  });
  const workspace = await store.findWorkspace(deps.db, user_id);
  // Nobody gets in with the logins of a user that is not active: its data sources would not answer.
  if (onServer !== "done" || !workspace?.is_active) return onServer;
  // Held by nobody: Grafana's silence would keep others from their turn, and each call can be repeated.
  const limited = AbortSignal.any([signal, AbortSignal.timeout(grafanaMs)]);
  return await runLeft(deps, workspace, isInGrafana, limited, signal);
}

/** The steps of one sort that are left; `limit` ends the work, `stop` also what would be written about it. */
async function runLeft(
  deps: Deps,
  workspace: store.Workspace,
  isMeant: (name: string) => boolean,
  limit: AbortSignal,
  stop = limit,
): Promise<Ended> {
  for (const step of await store.stepsLeft(deps.db, workspace.user_id)) {
    if (!isMeant(step.name)) continue;
    if (stop.aborted) return "refused";
    const ended = await runStep(deps, workspace, step, limit, stop);
    if (ended !== "done") return ended;
  }
  return "done";
}

async function runStep(
  deps: Deps,
  workspace: store.Workspace,
  row: store.StepLeft,
  limit: AbortSignal,
  stop: AbortSignal,
): Promise<Ended> {
  const { user_id } = workspace;
  const { name } = row;
  try {
    if (isInGrafana(name)) await runInGrafana(deps, workspace, name, limit);
    else {
      const server = deps.servers.of(workspace.server);
      const passwords = await passwordsOf(deps, workspace);
      const step = STEPS.find((step) => step.name === name);
      await step?.run({ deps, workspace, server, passwords });
    }
    await store.recordStep(deps.db, user_id, row, "done", null);
    return "done";
  } catch (thrown) {
    if (stop.aborted) return "refused";
    const error = asRefusal(thrown);
    const known = error instanceof ExternalError || error instanceof AppError;
    const why = known ? error.message : "Unexpected error: see the log.";
    const state = isFinal(error) ? "failed" : "pending";
    await store.recordStep(deps.db, user_id, row, state, why);
    const pause = error instanceof ExternalError ? error.more.retryAfterSeconds : undefined;
    if (pause) await postponeStep(deps.db, user_id, name, pause);
    if (!known) deps.log(`workspaces: ${workspace.username}: ${name}: ${nameOf(error)}`);
    return !isInGrafana(name) || isGrafanaUnavailable(error) ? "away" : "refused";
  }
}

/** Missing rights, foreign names: nothing that passes. */
function isFinal(error: unknown): boolean {
  if (!(error instanceof ExternalError)) return false;
  return error.permanent || ["42501", "0LP01", "28000", "28P01"].includes(error.more.code ?? "");
}

const nameOf = (error: unknown) => error instanceof Error ? error.name : "unknown error";

/** Whether a step is of Grafana. */
export const isInGrafana = (name: string) => GRAFANA_STEPS.includes(name);
const GRAFANA_MS = 60_000;
/** How long one look goes on: meanwhile nothing else is tended. */
const LOOK_MS = 45_000;
const never = new AbortController().signal;

/** Goes on with the workspaces that are not complete: a server was away, or the process was killed. */
export async function finishWorkspaces(deps: Deps, signal: AbortSignal): Promise<void> {
  const waiting = (await store.unfinishedWorkspaces(deps.db)).map((row) => ({
    ...row,
    // A Grafana that is away delays nobody's databases, and a user's own one nobody else.
    server: row.step && isInGrafana(row.step)
      ? `Grafana ${row.has_own_grafana ? row.user_id : ""}`
      : row.server,
  }));
  await eachServer(
    waiting,
    AbortSignal.any([signal, AbortSignal.timeout(LOOK_MS)]),
    ({ user_id, username }) =>
      runSteps(deps, user_id, username, { signal }).then((ended) => ended !== "away", (error) => {
        deps.log(`workspaces: ${username}: ${nameOf(error)}`);
        return false;
      }),
  );
}
