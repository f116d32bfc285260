import { audited, type AuditedAction, SYSTEM } from "../audit/audit.ts";
import { sealCredential } from "../credentials/credentials.ts";
import { open, seal } from "../credentials/seal.ts";
import { credentialAad } from "../credentials/sealed.ts";
import { lockCredential, replaceValue } from "../credentials/store.ts";
import { AppError, ExternalError, unavailable } from "../errors.ts";
import { whileAnswering } from "../external/postgres/answer.ts";
import { visibleUser } from "../users/users.ts";
import type { Who } from "../who.ts";
import { datasourceStep, KINDS, urlCredential } from "../workspaces/names.ts";
import { endSessions, makeRoles, ownershipTag, setLogin } from "../workspaces/provision.ts";
import { passwordAad, sealPasswords } from "../workspaces/password.ts";
import { asRefusal, eachServer } from "../workspaces/servers.ts";
import { isInGrafana } from "../grafana/steps.ts";
import { type Deps, GRAFANA_WAIT_MS, runSteps } from "./steps.ts";
import { loginUrl } from "../workspaces/logins.ts";
import * as store from "../workspaces/store.ts";
import { logFailure } from "../external/log/failure.ts";

/**
 * New passwords for owner and reader, new values of the three logins, and an end of the connections that
 * the old ones opened. Throws 404, 409 `workspace_pending`, 503 where the server is unavailable (the job
 * then finishes the change).
 */
export async function rotateDatabasePassword(deps: Deps, who: Who, id: number): Promise<void> {
  const { db, sealKeys } = deps;
  await visibleUser(db, who, id);
  const workspace = await store.findWorkspace(db, id);
  if (!workspace) throw new AppError("workspace_unknown", 404, "This user has no databases.");
  const steps = await store.stepsOf(db, id);
  if (steps.some(({ name, state }) => state !== "done" && !isInGrafana(name))) {
    const message = "The workspace is not complete yet: wait until it is, or have it repaired.";
    throw new AppError("workspace_pending", 409, message);
  }
  const { master } = deps.servers.of(workspace.server);
  await whileAnswering(master, () =>
    store.lockWorkspace(db, workspace, async () => {
      if (!(await store.findWorkspace(db, id))?.next_owner_password) {
        const { owner, reader } = await sealPasswords(sealKeys, id);
        await store.keepNextPasswords(db, id, owner, reader);
      }
      try {
        await applyNextPasswords(deps, who, id);
      } catch (error) {
        const known = asRefusal(error);
        if (!(known instanceof ExternalError)) throw error;
        throw unavailable("server_refused", `Not changed yet, and tried again: ${known.message}`);
      }
    }));
  // The change is done: what Grafana refuses now is retried by the job.
  await runSteps(deps, workspace, { grafanaMs: GRAFANA_WAIT_MS }).catch((error) => {
    logFailure(deps.log, "A new password has not reached Grafana yet.", asRefusal(error), {
      username: workspace.username,
    });
  });
}

/** The next passwords, on the server first and then in the rows: repeated, it comes to the same. */
async function applyNextPasswords(deps: Deps, who: Pick<Who, "username" | "from">, id: number) {
  const { db, sealKeys, servers, installation } = deps;
  const workspace = await store.findWorkspace(db, id);
  if (!workspace?.next_owner_password || !workspace.next_reader_password) return;
  const { username, is_active } = workspace;
  const passwords = {
    owner: await open(sealKeys, passwordAad(id, "owner"), workspace.next_owner_password),
    reader: await open(sealKeys, passwordAad(id, "reader"), workspace.next_reader_password),
  };
  const server = servers.of(workspace.server);
  const tag = ownershipTag(installation, username);
  await makeRoles(server, username, tag, passwords);
  if (!is_active) await setLogin(server, username, tag, false);
  // Before the rows say that all is done: a kill in between would leave them open.
  await endSessions(server, username, tag);
  const entry: AuditedAction = { action: "password.rotate", subject: username, user_id: id };
  await audited(db, who, entry, async (tx) => {
    await store.takeNextPasswords(tx, id);
    await store.resetSteps(tx, id, KINDS.map(datasourceStep));
    for (const kind of KINDS) {
      const key_name = urlCredential(kind);
      const key_value = loginUrl(server, username, kind, passwords);
      const held = await lockCredential(tx, id, key_name);
      if (held) {
        const sealed = await seal(sealKeys, credentialAad(id, key_name), key_value);
        await replaceValue(tx, held, sealed, who.username, held.expires_at);
      } else {
        await sealCredential({ db: tx, sealKeys }, id, { key_name, key_value }, who.username);
      }
    }
  });
}

/** Goes on with changes that a server refused, or that a killed process left. */
export async function finishPasswords(deps: Deps, signal: AbortSignal): Promise<void> {
  const waiting = await store.unfinishedPasswords(deps.db);
  await eachServer(
    waiting,
    signal,
    (workspace) =>
      store.lockWorkspace(
        deps.db,
        workspace,
        () => applyNextPasswords(deps, SYSTEM, workspace.user_id),
      )
        .then(() => true, (error) => {
          logFailure(deps.log, "New passwords were not set yet.", asRefusal(error), {
            username: workspace.username,
          });
          return false;
        }),
  );
}
