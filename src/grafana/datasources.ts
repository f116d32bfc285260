import { z } from "@hono/zod-openapi";
import { audited } from "../audit/audit.ts";
import { AppError, ExternalError, unavailable } from "../errors.ts";
import type { Datasource } from "../external/grafana/datasources.ts";
import { asExternal, databaseUrl, tryLogin } from "../external/postgres/postgres.ts";
import { visibleUser } from "../users/users.ts";
import { adminOnly } from "../who.ts";
import type { Who } from "../who.ts";
import type { Check } from "../workspaces/inspect.ts";
import * as rows from "./store.ts";
import { grafanaOf, late, namingRights, type UserGrafana } from "./grafana.ts";
import { differences, ensureDatasource, ensureFolder } from "./provision.ts";
import type { Finding } from "../workspaces/inspect.ts";
import * as names from "../workspaces/names.ts";
import type { WorkspaceServer } from "../workspaces/servers.ts";
import { passwordsOf } from "../workspaces/logins.ts";
import * as store from "../workspaces/store.ts";
import type { Deps } from "../workspaces/workspaces.ts";

export const DatasourceView = z.object({
  uid: z.string().openapi({ example: "dk-3f2a9c-2-timing" }),
  name: z.string().openapi({ example: "ada timing" }),
  kind: z.enum(names.KINDS),
  state: z.enum(["pending", "ready", "failed"]),
  message: z.string().nullable(),
  checked_at: z.iso.datetime().nullable(),
}).openapi("Datasource");
type DatasourceView = z.infer<typeof DatasourceView>;

/** What a data source takes of the database server: panels of one board ask about six at a time. */
const LIMITS = { maxOpenConns: 5, maxIdleConns: 2, connMaxLifetime: 600 };

/** The data source of one kind as it should be, for a server as Grafana sees it. */
export async function wantedSource(
  deps: Deps,
  { user_id, username }: Pick<store.Workspace, "user_id" | "username">,
  server: WorkspaceServer,
  kind: names.Kind,
): Promise<Datasource> {
  const { place } = server;
  const { db_host, db_port } = server.name === "" ? deps.outside.grafana ?? {} : {};
  const host = db_host ?? place.host;
  return {
    uid: names.datasourceUid(deps.installation, user_id, kind),
    name: `${username} ${kind}`,
    type: "postgres",
    access: "proxy",
    url: `${host.includes(":") ? `[${host}]` : host}:${db_port ?? place.port}`,
    user: names.readerRole(username),
    jsonData: {
      database: names.databaseName(username, kind),
      sslmode: await sslMode(server),
      postgresVersion: 1500,
      ...LIMITS,
    },
  };
}

/** Grafana knows no "prefer": what our own connection came to. */
async function sslMode({ place, master }: WorkspaceServer): Promise<string> {
  if (place.ssl === "require" || place.ssl === "verify-full") return place.ssl;
  if (place.ssl !== "prefer") return "disable";
  return await store.isEncrypted(master) ? "require" : "disable";
}

/** The user's folder: found, repaired or made. */
export async function folderStep(
  deps: Deps,
  { user_id, username }: store.Workspace,
  place: UserGrafana,
  signal: AbortSignal,
): Promise<void> {
  const uid = names.folderUid(deps.installation, user_id);
  await namingRights(place, signal, () => ensureFolder(place.grafana, uid, username, signal));
}

/** One data source: found, repaired or made, and what it came to written down. */
export async function datasourceStep(
  deps: Deps,
  workspace: store.Workspace,
  place: UserGrafana,
  kind: names.Kind,
  signal: AbortSignal,
): Promise<void> {
  const server = deps.servers.of(workspace.server);
  const { reader: password } = await passwordsOf(deps, workspace);
  const wanted = await wantedSource(deps, workspace, server, kind);
  const note = (name: string, state: DatasourceView["state"], message: string | null) =>
    rows.recordDatasource(deps.db, workspace.user_id, {
      kind,
      name,
      base: place.base,
      state,
      message,
    });
  try {
    const name = await namingRights(
      place,
      signal,
      () => ensureDatasource(place.grafana, wanted, password, signal),
    );
    await note(name, "ready", null);
  } catch (thrown) {
    if (!(thrown instanceof ExternalError)) throw thrown;
    const isSilent = thrown.more.code === "datasource_silent";
    const error = isSilent && await ownError(server, wanted, password) || thrown;
    await note(wanted.name, error.permanent ? "failed" : "pending", error.message);
    throw error;
  }
}

/** Why we do not get into the database either: then Grafana's words are not the cause. */
async function ownError(
  { place }: WorkspaceServer,
  { user, jsonData }: Datasource,
  password: string,
): Promise<ExternalError | undefined> {
  const database = `${jsonData.database}`;
  try {
    await tryLogin(databaseUrl({ ...place, user, password, database }), place);
  } catch (thrown) {
    const error = asExternal(thrown);
    if (!(error instanceof ExternalError)) throw thrown;
    const sentence = `Neither Grafana nor Dashkeeper gets in: ${error.message}`;
    return new ExternalError("PostgreSQL", sentence, false, { code: "datasource_silent" });
  }
}

/** The user's data sources. Throws 404 as visibleUser(). */
export async function datasourcesOf(deps: Deps, who: Who, id: number): Promise<DatasourceView[]> {
  const { username } = await visibleUser(deps.db, who, id);
  const steps = await store.stepsOf(deps.db, id);
  const known = await rows.listDatasources(deps.db, id);
  return names.KINDS.flatMap((kind): DatasourceView[] => {
    const uid = names.datasourceUid(deps.installation, id, kind);
    const row = known.find((row) => row.kind === kind);
    if (row) {
      const { name, state, message, checked_at } = row;
      return [{ uid, name, kind, state, message, checked_at }];
    }
    const step = steps.find(({ name }) => name === `datasource_${kind}`);
    if (!step || step.state === "done") return [];
    const state = step.state === "failed" ? "failed" : "pending";
    const { message } = step;
    return [{ uid, name: `${username} ${kind}`, kind, state, message, checked_at: null }];
  });
}

/** What in Grafana differs from what should be. Throws 404, 409 `grafana_unset`, 503 `grafana_refused`. */
export async function checkDatasources(
  deps: Deps,
  who: Who,
  id: number,
  signal: AbortSignal,
): Promise<z.infer<typeof Check>> {
  await visibleUser(deps.db, who, id);
  return await inGrafana(
    deps,
    id,
    signal,
    (workspace, place) => compare(deps, workspace, place, signal),
  );
}

/**
 * Repairs what differs and says what is left. Admins only. Throws as checkDatasources(), and 409
 * `user_inactive`.
 */
export async function repairDatasources(deps: Deps, who: Who, id: number, signal: AbortSignal) {
  const { username } = await visibleUser(deps.db, who, id);
  const deed = { action: "datasources.repair", subject: username, user_id: id } as const;
  await audited(deps.db, who, deed, async () => await adminOnly(who));
  return await inGrafana(deps, id, signal, async (workspace, place) => {
    if (!workspace.is_active) {
      const message = "The logins of this user are closed: activate the user first.";
      throw new AppError("user_inactive", 409, message);
    }
    await repairInGrafana(deps, workspace, place, signal).catch((error) => {
      // What is still amiss is told below.
      if (!(error instanceof ExternalError) || error.more.code !== "datasource_silent") throw error;
    });
    return await compare(deps, workspace, place, signal);
  });
}

/** Folder and data sources as they should be. Throws as the steps do, once all were tried. */
export async function repairInGrafana(
  deps: Deps,
  workspace: store.Workspace,
  place: UserGrafana,
  signal: AbortSignal,
): Promise<void> {
  await ensureInGrafana(deps, workspace, place, names.KINDS, signal);
}

/**
 * The user's folder and these data sources, whose steps are then done as well. Throws as the steps do,
 * once all were tried.
 */
export async function ensureInGrafana(
  deps: Deps,
  workspace: store.Workspace,
  place: UserGrafana,
  kinds: readonly names.Kind[],
  signal: AbortSignal,
): Promise<void> {
  const done = (name: string) => rows.recordStepDone(deps.db, workspace.user_id, name);
  await folderStep(deps, workspace, place, signal);
  await done("grafana_folder");
  let fault: unknown;
  for (const kind of kinds) {
    await datasourceStep(deps, workspace, place, kind, signal)
      .then(() => done(`datasource_${kind}`), (error) => fault ??= error);
  }
  if (fault) throw fault;
}

async function inGrafana<T>(
  deps: Deps,
  id: number,
  signal: AbortSignal,
  work: (workspace: store.Workspace, place: UserGrafana) => Promise<T>,
): Promise<T> {
  const workspace = await store.findWorkspace(deps.db, id);
  if (!workspace) throw new AppError("workspace_unknown", 404, "This user has no databases.");
  try {
    const place = await grafanaOf(deps, id);
    if (place) return await namingRights(place, signal, () => work(workspace, place));
  } catch (error) {
    const known = signal.aborted && error === signal.reason ? late() : error;
    if (!(known instanceof ExternalError)) throw error;
    throw unavailable("grafana_refused", known.message);
  }
  throw new AppError(
    "grafana_unset",
    409,
    "There is no Grafana for this user: set GRAFANA_BASE_URL.",
  );
}

async function compare(
  deps: Deps,
  workspace: store.Workspace,
  place: UserGrafana,
  signal: AbortSignal,
) {
  const { user_id, username } = workspace;
  const findings: Finding[] = [];
  const folder = await place.grafana.findFolder(
    names.folderUid(deps.installation, user_id),
    signal,
  );
  if (!folder) findings.push(missing(`folder ${username}`));
  for (const kind of names.KINDS) {
    findings.push(...await compareSource(deps, workspace, place, kind, signal));
  }
  return { ok: findings.length === 0, findings };
}

const missing = (what: string): Finding => ({ what, expected: "there", found: "missing" });

/** What differs of one data source, which is written down for the page. */
async function compareSource(
  deps: Deps,
  { user_id, username, server, is_active }: store.Workspace,
  { grafana, base }: UserGrafana,
  kind: names.Kind,
  signal: AbortSignal,
): Promise<Finding[]> {
  const wanted = await wantedSource(deps, { user_id, username }, deps.servers.of(server), kind);
  const what = `data source ${wanted.name}`;
  const found = await grafana.findDatasource(wanted.uid, signal);
  const findings = found
    ? differences(found, wanted).map(({ what: field, ...finding }) => ({
      what: `${what}: ${field}`,
      ...finding,
    }))
    : [missing(what)];
  // Nobody gets in with the logins of a user that is not active.
  const fault = found && is_active
    ? await grafana.query(wanted.uid, "select 1", signal)
    : undefined;
  if (fault !== undefined) findings.push({ what, expected: "answers a query", found: fault });
  const message =
    findings.map(({ what, expected, found }) => `${what}: should be ${expected}, is ${found}`).join(
      "; ",
    ) || null;
  if (is_active) {
    const state = message === null ? "ready" : "pending";
    const name = found?.name ?? wanted.name;
    await rows.recordDatasource(deps.db, user_id, { kind, name, base, state, message });
  }
  return findings;
}
