import { z } from "@hono/zod-openapi";
import { audited } from "../audit/audit.ts";
import { AppError, ExternalError, unavailable } from "../errors.ts";
import type { Db } from "../external/postgres/postgres.ts";
import { visibleUser } from "../users/users.ts";
import { adminOnly, type Who } from "../who.ts";
import type { Check, Finding } from "../workspaces/inspect.ts";
import * as rows from "./store.ts";
import {
  type Deps as GrafanaDeps,
  grafanaOf,
  namingRights,
  timeoutError,
  type UserGrafana,
} from "./grafana.ts";
import { differences } from "./provision.ts";
import { ensureInGrafana, openGrafanaWork, wantedSource } from "./steps.ts";
import * as names from "../workspaces/names.ts";
import type { Servers } from "../workspaces/servers.ts";
import * as store from "../workspaces/store.ts";

export type Deps = GrafanaDeps & { servers: Servers; installation: string };

export const DatasourceView = z.object({
  uid: z.string().openapi({ example: "dk-3f2a9c-2-timing" }),
  name: z.string().openapi({ example: "ada timing" }),
  kind: z.enum(names.KINDS),
  state: z.enum(["pending", "ready", "failed"]),
  message: z.string().nullable(),
  checked_at: z.iso.datetime().nullable(),
}).openapi("Datasource");
type DatasourceView = z.infer<typeof DatasourceView>;

export async function datasourcesOf(
  deps: { db: Db; installation: string },
  who: Who,
  id: number,
): Promise<DatasourceView[]> {
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
    const step = steps.find(({ name }) => name === names.datasourceStep(kind));
    if (!step || step.state === "done") return [];
    const state = step.state === "failed" ? "failed" : "pending";
    const { message } = step;
    return [{ uid, name: `${username} ${kind}`, kind, state, message, checked_at: null }];
  });
}

/** Throws 404, 409 `grafana_unset`, 503 `grafana_refused`. */
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
    (workspace, target) => compare(deps, workspace, target, signal),
  );
}

/** Admins only. Throws as checkDatasources(), and 409 `user_inactive`. */
export async function repairDatasources(deps: Deps, who: Who, id: number, signal: AbortSignal) {
  const { username } = await visibleUser(deps.db, who, id);
  const entry = { action: "datasources.repair", subject: username, user_id: id } as const;
  await audited(deps.db, who, entry, async () => await adminOnly(who));
  return await inGrafana(deps, id, signal, async (workspace, target) => {
    if (!workspace.is_active) {
      const message = "The logins of this user are closed: activate the user first.";
      throw new AppError("user_inactive", 409, message);
    }
    const work = await openGrafanaWork(deps, workspace, target);
    await ensureInGrafana(work, names.KINDS, signal).catch((error) => {
      if (!(error instanceof ExternalError) || error.more.code !== "datasource_silent") throw error;
    });
    return await compare(deps, workspace, target, signal);
  });
}

async function inGrafana<T>(
  deps: Deps,
  id: number,
  signal: AbortSignal,
  work: (workspace: store.Workspace, target: UserGrafana) => Promise<T>,
): Promise<T> {
  const workspace = await store.findWorkspace(deps.db, id);
  if (!workspace) throw new AppError("workspace_unknown", 404, "This user has no databases.");
  try {
    const target = await grafanaOf(deps, id);
    if (target) return await namingRights(target, signal, () => work(workspace, target));
  } catch (error) {
    const known = signal.aborted && error === signal.reason ? timeoutError() : error;
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
  target: UserGrafana,
  signal: AbortSignal,
) {
  const { user_id, username } = workspace;
  const findings: Finding[] = [];
  const folder = await target.grafana.findFolder(
    names.folderUid(deps.installation, user_id),
    signal,
  );
  if (!folder) findings.push(missing(`folder ${username}`));
  for (const kind of names.KINDS) {
    findings.push(...await compareSource(deps, workspace, target, kind, signal));
  }
  return { ok: findings.length === 0, findings };
}

const missing = (what: string): Finding => ({ what, expected: "there", found: "missing" });

/** Records the state for the page. */
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
