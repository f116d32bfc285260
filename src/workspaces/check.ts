import { z } from "@hono/zod-openapi";
import { audited } from "../audit/audit.ts";
import { AppError, ExternalError, unavailable } from "../errors.ts";
import { isAway, isRoleFull } from "../external/postgres/postgres.ts";
import { whileAnswering } from "../external/postgres/answer.ts";
import { adminOnly, visibleUser } from "../users/users.ts";
import type { Who } from "../who.ts";
import { settleLogin } from "./change.ts";
import { GRAFANA_STEPS } from "./datasource_store.ts";
import { mendInGrafana } from "./datasources.ts";
import { grafanaOf, isGrafanaAway, type UserGrafana } from "./grafana.ts";
import { type Finding, inspect } from "./inspect.ts";
import { databaseName, KINDS, ownerRole, readerRole } from "./names.ts";
import { limitConnections, markOf } from "./parts.ts";
import { asRefusal, eachServer, inWords } from "./servers.ts";
import { passwordsOf, runSteps, STEPS } from "./steps.ts";
import * as store from "./store.ts";
import type { Deps } from "./workspaces.ts";

export const Check = z.object({
  ok: z.boolean(),
  findings: z.array(z.object({
    what: z.string().openapi({ example: "role ada_reader" }),
    expected: z.string().openapi({ example: "may log in" }),
    found: z.string().openapi({ example: "may not log in" }),
  })),
}).openapi("Check");
export const Mending = z.strictObject({
  recreate: z.boolean().default(false).openapi({
    description: "Makes a database that has vanished anew, empty.",
  }),
}).openapi("Mending");

async function workspaceFor(deps: Deps, id: number): Promise<store.Workspace> {
  const workspace = await store.findWorkspace(deps.db, id);
  if (!workspace) throw new AppError("workspace_unknown", 404, "This user has no databases.");
  return workspace;
}

async function compare(deps: Deps, workspace: store.Workspace) {
  const { user_id, username, is_active } = workspace;
  const server = deps.servers.of(workspace.server);
  const passwords = await passwordsOf(deps, workspace);
  const mark = markOf(deps.installation, username);
  const findings = await inspect({ server, username, mark, is_active, passwords });
  await store.noteCheck(deps.db, user_id, findings);
  return { ok: findings.length === 0, findings };
}

/** What differs from what should be. Throws 404, 503 where the server is away. */
export async function checkWorkspace(deps: Deps, who: Who, id: number) {
  await visibleUser(deps.db, who, id);
  const workspace = await workspaceFor(deps, id);
  return await sayingAway(() => compare(deps, workspace));
}

/**
 * Mends what can be mended without loss, and says what is left. A database that has vanished is made
 * anew only with `recreate`. Admins only.
 */
export async function mendWorkspace(
  deps: Deps,
  who: Who,
  id: number,
  { recreate }: z.infer<typeof Mending>,
) {
  const { username } = await visibleUser(deps.db, who, id);
  const deed = { action: "workspace.mend", subject: username, user_id: id } as const;
  await audited(deps.db, who, deed, async () => {
    adminOnly(who);
    await workspaceFor(deps, id);
  });
  const { master } = deps.servers.of((await workspaceFor(deps, id)).server);
  return await sayingAway(() =>
    whileAnswering(master, async () => {
      const workspace = await workspaceFor(deps, id);
      const steps = await store.stepsOf(deps.db, id);
      const { findings } = await compare(deps, workspace);
      const missing = KINDS.filter((kind) => isMissing(findings, databaseName(username, kind)));
      const made = (kind: string) =>
        steps.some(({ name, state }) => name === `database_${kind}` && state === "done");
      const vanished = recreate ? [] : missing.filter(made).map((kind) => `database_${kind}`);
      await takeAway(deps, workspace, findings);
      const again = [...STEPS.map(({ name }) => name), ...GRAFANA_STEPS]
        .filter((name) => !vanished.includes(name));
      await store.resetSteps(deps.db, id, again);
      await runSteps(deps, id, username, { grafanaMs: GRAFANA_WAITS_MS });
      await settleLogin(deps, id);
      return await compare(deps, await workspaceFor(deps, id));
    })
  );
}

const isMissing = (findings: Finding[], database: string) =>
  findings.some(({ what, found }) => what === `database ${database}` && found === "missing");

/** Takes away what was granted beside our own: rights of the roles, memberships either way, others' ways in. */
async function takeAway(
  deps: Deps,
  { username, server: name }: store.Workspace,
  findings: Finding[],
) {
  const { master } = deps.servers.of(name);
  const [owner, reader] = [ownerRole(username), readerRole(username)];
  const roles = await master<{ role: string; group: string }[]>`
    select r.rolname::text as role, g.rolname::text as "group"
    from pg_auth_members m join pg_roles g on g.oid = m.roleid join pg_roles r on r.oid = m.member
    where r.rolname::text = any(${[owner, reader]})
      or g.rolname::text = any(${[owner, reader]}) and r.rolname <> current_user`;
  for (const { role, group } of roles) await master`revoke ${master(group)} from ${master(role)}`;
  for (const role of [owner, reader]) {
    const rights = findings.find(({ what, expected }) =>
      what === `role ${role}` && expected === "no rights of its own"
    );
    if (!rights) continue;
    const without = rights.found.split(", ").map((right) => `NO${right}`).join(" ");
    await master`alter role ${master(role)} ${master.unsafe(without)}`;
  }
  for (const kind of KINDS) {
    const database = databaseName(username, kind);
    if (isMissing(findings, database)) continue;
    const others = await master<{ name: string }[]>`
      select distinct pg_get_userbyid(a.grantee)::text as name
      from pg_database d, aclexplode(d.datacl) a
      where d.datname = ${database} and a.grantee <> 0
        and pg_get_userbyid(a.grantee) not in (${owner}, ${reader})`;
    for (const other of others) {
      await master`revoke all on database ${master(database)} from ${master(other.name)}`;
    }
    if (
      findings.some(({ what, expected }) =>
        what === `database ${database}` && expected === "takes connections"
      )
    ) await master`alter database ${master(database)} with allow_connections true`;
  }
}

async function sayingAway<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    const error = asRefusal(thrown);
    if (!(error instanceof ExternalError) || !error.more.code) throw thrown;
    throw unavailable("server_refused", error.message);
  }
}

/** How long whoever has a workspace mended waits for Grafana. */
const GRAFANA_WAITS_MS = 10_000;

/** Of each server in a minute: 200,000 workspaces are seen once a day. */
const MOST_CHECKED = 150;
/** How long Grafana is tended in a minute: meanwhile nothing else is. */
const LOOK_MS = 20_000;

/** The connection limits protect the others: what differs is set right before it is compared. */
async function keepLimits({ servers, installation }: Deps, workspace: store.Workspace) {
  const { username, server } = workspace;
  await limitConnections(servers.of(server), username, markOf(installation, username));
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
      if (isAway(error) && !isRoleFull(error)) return false;
      await store.noteCheck(deps.db, user_id, [{ what: "workspace", expected: "checked", found }]);
      return true;
    }
  });
  await mendAllInGrafana(deps, due, signal);
}

/** Grafana by Grafana, at the same time: one that is away, or slow, delays its own only. */
async function mendAllInGrafana(deps: Deps, due: store.Workspace[], signal: AbortSignal) {
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
    ({ workspace, place }) => mendQuietly(deps, workspace, place, limit),
  );
}

/** What differs in Grafana is mended; what does not come off stands on the data sources. False: it is away. */
async function mendQuietly(
  deps: Deps,
  workspace: store.Workspace,
  place: UserGrafana,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    await mendInGrafana(deps, workspace, place, signal);
    return true;
  } catch (error) {
    if (signal.aborted) return false;
    deps.log(`workspaces: ${workspace.username} in Grafana: ${inWords(error)}`);
    return !isGrafanaAway(error);
  }
}
