import { sealCredential } from "../credentials/credentials.ts";
import { open } from "../credentials/seal.ts";
import { findCredential } from "../credentials/store.ts";
import { AppError, ExternalError } from "../errors.ts";
import { databaseUrl, type Db } from "../external/postgres.ts";
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
 * The parts of a workspace, in order. Each can be repeated, finds what is already there, and takes it
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
 * by the job, the rest is for a person. One process at a time works on a user's workspace. False: not
 * complete, as the rows say.
 */
export async function runSteps(deps: Deps, user_id: number, username: string): Promise<boolean> {
  const { server = "" } = await store.findWorkspace(deps.db, user_id) ?? {};
  return await store.holdWorkspace(deps.db, { server, username }, async () => {
    const workspace = await store.findWorkspace(deps.db, user_id);
    if (!workspace) return true;
    // Roles are made with LOGIN: where the user is not active, settleLogins() takes it away again.
    if (!workspace.is_active) await store.noteLogin(deps.db, user_id, true);
    for (const { name, state } of await store.stepsOf(deps.db, user_id)) {
      if (state === "done") continue;
      const step = STEPS.find((step) => step.name === name);
      if (!step || !await runStep(deps, workspace, step)) return false;
    }
    await store.noteReady(deps.db, user_id);
    return true;
  });
}

/** False: not done, as the row says. */
async function runStep(deps: Deps, workspace: store.Workspace, step: Step): Promise<boolean> {
  const { user_id } = workspace;
  try {
    const server = deps.servers.of(workspace.server);
    const passwords = await passwordsOf(deps, workspace);
    await step.run({ deps, workspace, server, passwords });
    await store.noteStep(deps.db, user_id, step.name, "done", null);
    return true;
  } catch (thrown) {
    const error = asRefusal(thrown);
    const known = error instanceof ExternalError || error instanceof AppError;
    const why = known ? error.message : "Unexpected error: see the log.";
    const state = isFinal(error) ? "failed" : "pending";
    await store.noteStep(deps.db, user_id, step.name, state, why);
    if (!known) deps.log(`workspaces: ${workspace.username}: ${step.name}: ${nameOf(error)}`);
    return false;
  }
}

/** Missing rights, foreign names: nothing that passes. */
function isFinal(error: unknown): boolean {
  if (!(error instanceof ExternalError)) return false;
  return error.permanent || ["42501", "0LP01", "28000", "28P01"].includes(error.more.code ?? "");
}

const nameOf = (error: unknown) => error instanceof Error ? error.name : "unknown error";

/** Goes on with the workspaces that are not complete: a server was away, or the process was killed. */
export async function finishWorkspaces(deps: Deps, signal: AbortSignal): Promise<void> {
  const waiting = await store.unfinishedWorkspaces(deps.db);
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
