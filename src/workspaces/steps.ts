import { sealCredential } from "../credentials/credentials.ts";
import { open } from "../credentials/seal.ts";
import { findCredential } from "../credentials/store.ts";
import { AppError, ExternalError } from "../errors.ts";
import { databaseUrl, type Db } from "../external/postgres.ts";
import { GRAFANA_STEPS } from "./datasource_store.ts";
import { datasourceStep, folderStep } from "./datasources.ts";
import { grafanaOf } from "./grafana.ts";
import * as names from "./names.ts";
import { grantReading, makeDatabase, makeRoles, markOf, type Passwords } from "./parts.ts";
import { passwordPlace } from "./password.ts";
import { asRefusal, eachServer, type WorkspaceServer } from "./servers.ts";
import * as store from "./store.ts";
import type { Deps } from "./workspaces.ts";

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
      makeRoles(server, username, markOf(deps.installation, username), passwords),
  },
  ...names.KINDS.map((kind) => ({
    name: `database_${kind}`,
    run: ({ deps, workspace: { username }, server }: Work) =>
      makeDatabase(server, username, markOf(deps.installation, username), kind),
  })),
  {
    name: "grants",
    run: ({ workspace: { username }, server, passwords }) =>
      grantReading(server, username, passwords),
  },
  { name: "credentials", run: addLogins },
];

/** A part in Grafana; one for which there is no Grafana any more is nothing to be done. */
async function runInGrafana(deps: Deps, workspace: store.Workspace, name: string, ms: number) {
  const signal = AbortSignal.timeout(ms);
  const place = await grafanaOf(deps, workspace.user_id);
  const kind = names.KINDS.find((kind) => name === `datasource_${kind}`);
  try {
    if (place && kind) await datasourceStep(deps, workspace, place, kind, signal);
    else if (place) await folderStep(deps, workspace, place, signal);
  } catch (error) {
    if (!signal.aborted || error instanceof ExternalError) throw error;
    throw new ExternalError("Grafana", "Grafana has not answered yet. It is tried again.", false);
  }
}

function addLogins({ deps, workspace, server, passwords }: Work): Promise<void> {
  return deps.db.begin((tx) => sealLogins({ ...deps, db: tx }, workspace, server, passwords));
}

/** The three logins that are the user's own; one that is there already is left as it is. */
export async function sealLogins(
  { db, sealKeys }: { db: Db } & Pick<Deps, "sealKeys">,
  { user_id, username }: Pick<store.Workspace, "user_id" | "username">,
  server: WorkspaceServer,
  passwords: Passwords,
): Promise<void> {
  for (const kind of names.KINDS) {
    const key_name = names.urlCredential(kind);
    if (await findCredential(db, user_id, key_name)) continue;
    const key_value = loginUrl(server, username, kind, passwords);
    await sealCredential({ db, sealKeys }, user_id, { key_name, key_value }, "system");
  }
}

/** The owner's login, at the address at which people reach the server. */
export function loginUrl(
  { place, shown }: WorkspaceServer,
  username: string,
  kind: names.Kind,
  { owner: password }: Passwords,
): string {
  const database = names.databaseName(username, kind);
  return databaseUrl({ ...place, ...shown, user: names.ownerRole(username), password, database });
}

export async function passwordsOf({ sealKeys }: Deps, workspace: store.Workspace) {
  const { user_id, owner_password, reader_password } = workspace;
  return {
    owner: await open(sealKeys, passwordPlace(user_id, "owner"), owner_password),
    reader: await open(sealKeys, passwordPlace(user_id, "reader"), reader_password),
  };
}

/**
 * Goes on with a workspace until it is complete or a step does not come off: what passes is tried again
 * by the job, the rest is for a person. One process at a time works on a user's workspace, which is ready
 * once its databases are: tables are found also while Grafana is away, for which `grafanaMs` are waited.
 * False: not complete, as the rows say.
 */
export async function runSteps(
  deps: Deps,
  user_id: number,
  username: string,
  grafanaMs = GRAFANA_MS,
): Promise<boolean> {
  const { server = "" } = await store.findWorkspace(deps.db, user_id) ?? {};
  return await store.holdWorkspace(deps.db, { server, username }, async () => {
    const workspace = await store.findWorkspace(deps.db, user_id);
    if (!workspace) return true;
    // Roles are made with LOGIN: where the user is not active, settleLogins() takes it away again.
    if (!workspace.is_active) await store.noteLogin(deps.db, user_id, true);
    const left = (await store.stepsOf(deps.db, user_id)).filter(({ state }) => state !== "done");
    const run = async (steps: store.StepRow[]) => {
      for (const { name } of steps) {
        if (!await runStep(deps, workspace, name, grafanaMs)) return false;
      }
      return true;
    };
    if (!await run(left.filter(({ name }) => !isInGrafana(name)))) return false;
    await store.noteReady(deps.db, user_id);
    return await run(left.filter(({ name }) => isInGrafana(name)));
  });
}

/** False: not done, as the row says. */
async function runStep(deps: Deps, workspace: store.Workspace, name: string, grafanaMs: number) {
  const { user_id } = workspace;
  try {
    if (isInGrafana(name)) await runInGrafana(deps, workspace, name, grafanaMs);
    else {
      const server = deps.servers.of(workspace.server);
      const passwords = await passwordsOf(deps, workspace);
      const step = STEPS.find((step) => step.name === name);
      await step?.run({ deps, workspace, server, passwords });
    }
    await store.noteStep(deps.db, user_id, name, "done", null);
    return true;
  } catch (thrown) {
    const error = asRefusal(thrown);
    const known = error instanceof ExternalError || error instanceof AppError;
    const why = known ? error.message : "Unexpected error: see the log.";
    const state = isFinal(error) ? "failed" : "pending";
    await store.noteStep(deps.db, user_id, name, state, why);
    if (!known) deps.log(`workspaces: ${workspace.username}: ${name}: ${nameOf(error)}`);
    return false;
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
    signal,
    ({ user_id, username }) =>
      runSteps(deps, user_id, username).catch((error) => {
        deps.log(`workspaces: ${username}: ${nameOf(error)}`);
        return false;
      }),
  );
}
