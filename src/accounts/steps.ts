import { AppError, ExternalError } from "../errors.ts";
import { once } from "../external/abort.ts";
import type { Deps } from "../grafana/datasources.ts";
import { grafanaOf, isGrafanaUnavailable, timeoutError } from "../grafana/grafana.ts";
import { GRAFANA_STEPS, isInGrafana } from "../grafana/steps.ts";
import { passwordsOf } from "../workspaces/logins.ts";
import { asRefusal, eachServer } from "../workspaces/servers.ts";
import { SERVER_STEPS } from "../workspaces/steps.ts";
import * as store from "../workspaces/store.ts";
import { logFailure } from "../external/log/failure.ts";

export type { Deps } from "../grafana/datasources.ts";

/** All steps in order. A workspace is ready once those of its server are done: tables are found then. */
export const stepNames = ({ outside }: Pick<Deps, "outside">): string[] =>
  [...SERVER_STEPS, ...(outside.grafana ? GRAFANA_STEPS : [])].map(({ name }) => name);

/** How it ended: all is done, a step failed, or its server or Grafana does not answer. */
type Ended = "done" | "failed" | "unavailable";
type Owner = Pick<store.Workspace, "user_id" | "username" | "server">;

/** Time limits for Grafana: in a job, and where a caller waits. */
const GRAFANA_MS = 60_000;
export const GRAFANA_WAIT_MS = 5_000;
const never = new AbortController().signal;

/**
 * Runs the steps that are left until one fails. Transient failures are retried by the job, permanent ones
 * need a person. `grafanaMs` limits the steps in Grafana together; an aborted `signal` ends the work, and
 * nothing is recorded after it.
 */
export async function runSteps(
  deps: Deps,
  { user_id, ...owner }: Owner,
  { grafanaMs = GRAFANA_MS, signal = never }: { grafanaMs?: number; signal?: AbortSignal } = {},
): Promise<Ended> {
  // Another Grafana or password meanwhile plans steps anew: what is read here once belongs together.
  const { run, left, ended } = await store.lockWorkspace(deps.db, owner, async () => {
    const workspace = await store.findWorkspace(deps.db, user_id);
    if (!workspace) return { left: [], ended: "done" as const };
    // Roles are created with LOGIN: applyLogins() removes it for an inactive user.
    if (!workspace.is_active) await store.recordLogin(deps.db, user_id, true);
    const run = stepRunner(deps, workspace);
    const all = await store.stepsLeft(deps.db, user_id);
    const onServer = all.filter(({ name }) => !isInGrafana(name));
    const ended = await runAll(onServer, (step) => run(step, signal, signal), signal);
    if (ended === "done") await store.markReady(deps.db, user_id);
    // The logins of a user that is not active are closed: its data sources would not answer.
    const left = workspace.is_active ? all.filter(({ name }) => isInGrafana(name)) : [];
    return { run, left, ended };
  });
  if (!run || ended !== "done" || left.length === 0) return ended;
  // Without the lock: a silent Grafana would hold up others, and each call can be repeated.
  const limit = AbortSignal.any([signal, AbortSignal.timeout(grafanaMs)]);
  return await runAll(left, (step) => run(step, limit, signal), signal);
}

async function runAll(
  steps: store.StepLeft[],
  run: (step: store.StepLeft) => Promise<Ended>,
  signal: AbortSignal,
): Promise<Ended> {
  for (const step of steps) {
    if (signal.aborted) return "failed";
    const ended = await run(step);
    if (ended !== "done") return ended;
  }
  return "done";
}

/** Runs one step and records the result, unless `stop` is aborted; `limit` ends the work alone. */
function stepRunner(deps: Deps, workspace: store.Workspace) {
  const passwordsOnce = once(() => passwordsOf(deps, workspace));
  const targetOnce = once(() => grafanaOf(deps, workspace.user_id));
  async function work(name: string, limit: AbortSignal) {
    const server = deps.servers.of(workspace.server);
    const passwords = await passwordsOnce();
    const onServer = SERVER_STEPS.find((step) => step.name === name);
    if (onServer) return await onServer.run({ deps, workspace, server, passwords });
    const inGrafana = GRAFANA_STEPS.find((step) => step.name === name);
    const target = await targetOnce(); // undefined: there is no Grafana any more
    const { reader: password } = passwords;
    if (target) await inGrafana?.run({ deps, workspace, server, password, target }, limit);
  }
  return async (step: store.StepLeft, limit: AbortSignal, stop: AbortSignal): Promise<Ended> => {
    try {
      await work(step.name, limit);
      await store.recordStep(deps.db, workspace.user_id, step, "done", null);
      return "done";
    } catch (thrown) {
      if (stop.aborted) return "failed";
      const error = limit.aborted && !(thrown instanceof ExternalError) ? timeoutError() : thrown;
      return await recordFailure(deps, workspace, step, asRefusal(error));
    }
  };
}

async function recordFailure(
  deps: Pick<Deps, "db" | "log">,
  { user_id, username }: store.Workspace,
  step: store.StepLeft,
  error: unknown,
): Promise<Ended> {
  const known = error instanceof ExternalError || error instanceof AppError;
  const why = known ? error.message : "Unexpected error. Check the log.";
  const state = isPermanent(error) ? "failed" : "pending";
  const wait = error instanceof ExternalError ? error.more.retryAfterSeconds : undefined;
  await store.recordStep(deps.db, user_id, step, state, why, wait);
  logFailure(deps.log, "A workspace step failed.", error, { username, step: step.name });
  return !isInGrafana(step.name) || isGrafanaUnavailable(error) ? "unavailable" : "failed";
}

/** Missing rights, names of others: nothing that passes. */
function isPermanent(error: unknown): boolean {
  if (!(error instanceof ExternalError)) return false;
  return error.permanent || ["42501", "0LP01", "28000", "28P01"].includes(error.more.code ?? "");
}

/** Time limit of one pass over all workspaces: other maintenance waits for it. */
const PASS_MS = 45_000;

/** Runs what is left of all workspaces: a server was unavailable, or the process was killed. */
export async function finishWorkspaces(deps: Deps, signal: AbortSignal): Promise<void> {
  const waiting = (await store.unfinishedWorkspaces(deps.db)).map((owner) => ({
    owner,
    // A silent Grafana delays nobody's databases, and a user's own one nobody else.
    server: owner.step && isInGrafana(owner.step)
      ? `Grafana ${owner.has_own_grafana ? owner.user_id : ""}`
      : owner.server,
  }));
  await eachServer(
    waiting,
    AbortSignal.any([signal, AbortSignal.timeout(PASS_MS)]),
    ({ owner }) =>
      runSteps(deps, owner, { signal }).then((ended) => ended !== "unavailable", (error) => {
        logFailure(deps.log, "The steps of a workspace failed.", error, {
          username: owner.username,
        });
        return false;
      }),
  );
}
