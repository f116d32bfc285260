import { ExternalError } from "../errors.ts";
import { hasCredential } from "../credentials/store.ts";
import type { Outside } from "../credentials/hosts.ts";
import type { SealKeys } from "../credentials/seal.ts";
import type { Datasource } from "../external/grafana/datasources.ts";
import { asExternal, databaseUrl, type Db, tryLogin } from "../external/postgres/postgres.ts";
import { passwordsOf } from "../workspaces/logins.ts";
import * as names from "../workspaces/names.ts";
import type { Servers, WorkspaceServer } from "../workspaces/servers.ts";
import * as workspaces from "../workspaces/store.ts";
import { namingRights, type UserGrafana } from "./grafana.ts";
import { ensureDatasource, ensureFolder } from "./provision.ts";
import { failPending, isAt, recordDatasource } from "./store.ts";

type Owner = Pick<workspaces.Workspace, "user_id" | "username">;
type Deps = { db: Db; installation: string; outside: Outside };

export type GrafanaWork = {
  deps: Deps;
  workspace: Owner;
  server: WorkspaceServer;
  password: string;
  target: UserGrafana;
};
type Step = { name: string; run: (work: GrafanaWork, signal: AbortSignal) => Promise<void> };

export const GRAFANA_STEPS: Step[] = [
  {
    name: "grafana_folder",
    run: ({ deps, workspace, target }, signal) => folderStep(deps, workspace, target, signal),
  },
  ...names.KINDS.map((kind): Step => ({
    name: names.datasourceStep(kind),
    run: (work, signal) => datasourceStep(work, kind, signal),
  })),
];
const STEP_NAMES = GRAFANA_STEPS.map(({ name }) => name);

export const isInGrafana = (step: string) => STEP_NAMES.includes(step);

export const planSteps = (db: Db, user_id: number) => workspaces.addSteps(db, user_id, STEP_NAMES);

/** Failed steps and those of another Grafana start again. */
export const planAllSteps = (db: Db, base: string) =>
  workspaces.addAllSteps(db, STEP_NAMES, (user_id) => isAt(db, user_id, base));

/** Keeps the steps of users with their own Grafana. */
export async function dropSteps(db: Db): Promise<void> {
  await failPending(db);
  await workspaces.dropSteps(
    db,
    STEP_NAMES,
    (user_id) => hasCredential(db, user_id, ["GRAFANA_BASE_URL"]),
  );
}

/** What a data source takes of the database server: panels of one board ask about six at a time. */
const LIMITS = { maxOpenConns: 5, maxIdleConns: 2, connMaxLifetime: 600 };

export async function wantedSource(
  deps: Omit<Deps, "db">,
  { user_id, username }: Owner,
  server: WorkspaceServer,
  kind: names.Kind,
): Promise<Datasource> {
  const { address } = server;
  const { db_host, db_port } = server.name === "" ? deps.outside.grafana ?? {} : {};
  const host = db_host ?? address.host;
  return {
    uid: names.datasourceUid(deps.installation, user_id, kind),
    name: `${username} ${kind}`,
    type: "postgres",
    access: "proxy",
    url: `${host.includes(":") ? `[${host}]` : host}:${db_port ?? address.port}`,
    user: names.readerRole(username),
    jsonData: {
      database: names.databaseName(username, kind),
      sslmode: await sslMode(server),
      postgresVersion: 1500,
      ...LIMITS,
    },
  };
}

/** Grafana has no sslmode "prefer": use what our own connection negotiated. */
async function sslMode({ address, master }: WorkspaceServer): Promise<string> {
  if (address.ssl === "require" || address.ssl === "verify-full") return address.ssl;
  if (address.ssl !== "prefer") return "disable";
  return await workspaces.isEncrypted(master) ? "require" : "disable";
}

export async function folderStep(
  deps: Pick<Deps, "installation">,
  { user_id, username }: Owner,
  target: UserGrafana,
  signal: AbortSignal,
): Promise<void> {
  const uid = names.folderUid(deps.installation, user_id);
  await namingRights(target, signal, () => ensureFolder(target.grafana, uid, username, signal));
}

async function datasourceStep(
  { deps, workspace, server, password, target }: GrafanaWork,
  kind: names.Kind,
  signal: AbortSignal,
): Promise<void> {
  const wanted = await wantedSource(deps, workspace, server, kind);
  const { base } = target;
  const record = (name: string, state: "ready" | "pending" | "failed", message: string | null) =>
    recordDatasource(deps.db, workspace.user_id, { kind, name, base, state, message });
  try {
    const name = await namingRights(
      target,
      signal,
      () => ensureDatasource(target.grafana, wanted, password, signal),
    );
    await record(name, "ready", null);
  } catch (thrown) {
    if (!(thrown instanceof ExternalError)) throw thrown;
    const isSilent = thrown.more.code === "datasource_silent";
    const error = isSilent && await ownError(server, wanted, password) || thrown;
    await record(wanted.name, error.permanent ? "failed" : "pending", error.message);
    throw error;
  }
}

/** Our own error, if any: then Grafana's message is not the cause. */
async function ownError(
  { address }: WorkspaceServer,
  { user, jsonData }: Datasource,
  password: string,
): Promise<ExternalError | undefined> {
  const database = `${jsonData.database}`;
  try {
    await tryLogin(databaseUrl({ ...address, user, password, database }), address);
  } catch (thrown) {
    const error = asExternal(thrown);
    if (!(error instanceof ExternalError)) throw thrown;
    const sentence = `Neither Grafana nor Dashkeeper gets in: ${error.message}`;
    return new ExternalError("PostgreSQL", sentence, false, { code: "datasource_silent" });
  }
}

/** The work for a workspace whose passwords are still sealed. */
export async function openGrafanaWork(
  deps: Deps & { servers: Servers; sealKeys: SealKeys },
  workspace: workspaces.Workspace,
  target: UserGrafana,
): Promise<GrafanaWork> {
  const { reader: password } = await passwordsOf(deps, workspace);
  return { deps, workspace, server: deps.servers.of(workspace.server), password, target };
}

/** Marks their steps as done. Throws as the steps do, after all were tried. */
export async function ensureInGrafana(
  work: GrafanaWork,
  kinds: readonly names.Kind[],
  signal: AbortSignal,
): Promise<void> {
  const { deps, workspace, target } = work;
  const done = (name: string) => workspaces.recordStepDone(deps.db, workspace.user_id, name);
  await folderStep(deps, workspace, target, signal);
  await done("grafana_folder");
  let fault: unknown;
  for (const kind of kinds) {
    await datasourceStep(work, kind, signal)
      .then(() => done(names.datasourceStep(kind)), (error) => fault ??= error);
  }
  if (fault) throw fault;
}
