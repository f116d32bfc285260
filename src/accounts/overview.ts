import type { Who } from "../who.ts";
import { DEADLINES, withDeadline } from "../external/postgres/deadlines.ts";
import { visibleUser } from "../users/users.ts";
import type { Finding } from "../workspaces/inspect.ts";
import { databaseName, type Kind, KINDS, ownerRole, urlCredential } from "../workspaces/names.ts";
import * as store from "../workspaces/store.ts";
import type { Db } from "../external/postgres/postgres.ts";
import { findRefusals } from "../pipeline/messages_store.ts";
import { tablesByKind } from "../pipeline/scan/store.ts";
import type { Servers } from "../workspaces/servers.ts";
import { workspaceOf } from "../workspaces/workspaces.ts";

/** `bytes` is null where the server does not say; `line` opens it, the password left out. */
export type DatabaseView = {
  kind: Kind;
  name: string;
  bytes: number | null;
  tables: number;
  line: string;
};
export type Overview = {
  state: "pending" | "ready" | "failed";
  steps: store.StepRow[];
  databases: DatabaseView[];
  checked_at: string | null;
  findings: Finding[];
};

type Shown = ReturnType<Servers["of"]>["shown"];

const lineOf = ({ host, port }: Shown, username: string, name: string) =>
  `psql -h ${host} -p ${port} -U ${ownerRole(username)} ${name}`;

export type Connection = { kind: Kind; line: string; credential: string };

/** The user's own way into each database: a line without the password, and the credential that holds it. */
export async function connectionsOf(
  deps: { db: Db; servers: Servers },
  { user_id, username }: Who,
): Promise<Connection[]> {
  const workspace = await store.findWorkspace(deps.db, user_id);
  if (!workspace) return [];
  const { shown } = deps.servers.of(workspace.server);
  return KINDS.map((kind) => ({
    kind,
    line: lineOf(shown, username, databaseName(username, kind)),
    credential: urlCredential(kind),
  }));
}

/** Why Slack refuses the user's messages, as sentences. Throws 404 as visibleUser(). */
export async function slackRefusals(db: Db, who: Who, id: number): Promise<string[]> {
  await visibleUser(db, who, id);
  return (await findRefusals(db, id)).map(({ message }) => message);
}

/** What the page of a user shows of its workspace; null: it has none. Throws 404 as visibleUser(). */
export async function overviewOf(
  deps: { db: Db; servers: Servers },
  who: Who,
  id: number,
): Promise<Overview | null> {
  const { username } = await visibleUser(deps.db, who, id);
  const [workspace, steps] = await Promise.all([
    store.findWorkspace(deps.db, id),
    workspaceOf(deps.db, id),
  ]);
  if (!workspace || !steps) return null;
  const { shown, master } = deps.servers.of(workspace.server);
  const names = KINDS.map((kind) => databaseName(username, kind));
  const [sizes, tables, check] = await Promise.all([
    withDeadline(DEADLINES.aside, () => store.databaseSizes(master, names))
      .catch(() => new Map<string, number>()),
    tablesByKind(deps.db, id),
    store.lastCheck(deps.db, id),
  ]);
  const databases = KINDS.map((kind) => {
    const name = databaseName(username, kind);
    const line = lineOf(shown, username, name);
    return { kind, name, bytes: sizes.get(name) ?? null, tables: tables.get(kind) ?? 0, line };
  });
  return { ...steps, databases, ...check };
}
