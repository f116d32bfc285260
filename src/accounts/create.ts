import { z } from "@hono/zod-openapi";
import { audited, type AuditedAction } from "../audit/audit.ts";
import { countCredentials } from "../credentials/store.ts";
import { AppError, ExternalError } from "../errors.ts";
import { DEADLINES, withDeadline } from "../external/postgres/deadlines.ts";
import { asExternal, type Db, isUniqueViolation } from "../external/postgres/postgres.ts";
import { whileAnswering } from "../external/postgres/answer.ts";
import { hashKey, makeKey } from "../users/key.ts";
import { insertKey } from "../users/key_store.ts";
import { insertUser } from "../users/store.ts";
import { Role, User, UserDetails, userDetails, Username } from "../users/users.ts";
import { countDashboards } from "../pipeline/board_store.ts";
import { adminOnly, type Who } from "../who.ts";
import * as names from "../workspaces/names.ts";
import { conflictingNames, ownershipTag } from "../workspaces/provision.ts";
import { insertWithPasswords } from "../workspaces/password.ts";
import type { WorkspaceServer } from "../workspaces/servers.ts";
import { type Deps, GRAFANA_WAIT_MS, runSteps, stepNames } from "./steps.ts";
import { deleteRemoval, findRemoval } from "../workspaces/removal.ts";
import * as store from "../workspaces/store.ts";
import { summary, Workspace, workspaceOf } from "../workspaces/workspaces.ts";
import { logFailure } from "../external/log/failure.ts";

export const NewUser = z.strictObject({
  username: Username,
  role: Role.default("member"),
  adopt: z.boolean().default(false).openapi({
    description: "Takes over the databases that a former user of this name left.",
  }),
}).openapi("NewUser");

const Databases = z.object({ timing: z.string(), qor: z.string(), drc: z.string() }).partial();
const itsOwn = { databases: Databases, workspace: Workspace.nullable() };
const counts = z.object({ dashboards: z.int(), credentials: z.int() });
export const UserWithWorkspace = UserDetails.extend({ counts, ...itsOwn }).openapi(
  "UserWithWorkspace",
);
export const CreatedUser = User.extend({
  ...itsOwn,
  api_key: z.string().openapi({ description: "Shown this once; only its hash is stored." }),
}).openapi("CreatedUser");

/**
 * A new user with its key, three databases and their credentials. The account is there at once and as a
 * whole; steps that a server refuses now are retried by the job. Throws 409 `user_exists`, `name_taken` or
 * `orphans_exist`.
 */
export async function createUser(deps: Deps, who: Who, input: z.infer<typeof NewUser>) {
  const api_key = makeKey();
  const { user, server } = await insertAccount(deps, who, input, await hashKey(api_key));
  // The key is shown this once: from here on nothing may keep the answer back.
  const { id: user_id, username } = user;
  const workspace = await whileAnswering(server.master, async () => {
    const options = { grafanaMs: GRAFANA_WAIT_MS };
    await runSteps(deps, { user_id, username, server: server.name }, options);
    return await workspaceOf(deps.db, user_id);
  })
    .catch((error) => {
      logFailure(deps.log, "A new workspace is not complete yet.", error, { username });
      return summary(stepNames(deps).map(untouched));
    });
  return { ...user, api_key, databases: names.databases(username), workspace };
}

const untouched = (name: string): store.StepRow => ({
  name,
  state: "pending",
  attempts: 0,
  message: null,
});

async function insertAccount(
  deps: Deps,
  who: Who,
  { username, role, adopt }: z.infer<typeof NewUser>,
  hash: Uint8Array,
) {
  const entry: AuditedAction = { action: "user.create", subject: username, user_id: null };
  if (who.role !== "admin") await audited(deps.db, who, entry, async () => await adminOnly(who));
  const left = await store.orphansOf(deps.db, username);
  const server = left[0] ? deps.servers.of(left[0].server) : await leastLoadedServer(deps);
  const tag = left.length > 0 ? ownershipTag(deps.installation, username) : undefined;
  const taken = await takenName(server, username, tag);
  const user = await audited(deps.db, who, entry, async (tx) => {
    const user = await insertUser(tx, username, role).catch((error) => {
      if (!isUniqueViolation(error)) throw error;
      throw new AppError("user_exists", 409, `There is already a user ${username}.`);
    });
    if (taken) throw nameTaken(taken);
    if (await findRemoval(tx, username) === "drop") throw nameTaken(username);
    if (left.length > 0 && !adopt) throw orphansExist(username);
    await store.deleteOrphansOf(tx, username);
    await deleteRemoval(tx, username);
    await insertKey(tx, user.id, hash);
    const workspace = { user_id: user.id, server: server.name };
    await insertWithPasswords(tx, deps.sealKeys, workspace, stepNames(deps));
    entry.user_id = user.id;
    return user;
  });
  return { user, server };
}

/** A name that the user would need and that is in use; not known where a server beside our own is silent. */
async function takenName(server: WorkspaceServer, username: string, tag: string | undefined) {
  const deadline = server.name === "" ? DEADLINES.call : DEADLINES.aside;
  try {
    return (await withDeadline(deadline, () => conflictingNames(server, username, tag)))[0];
  } catch (error) {
    // The steps check again.
    if (server.name === "" || !(asExternal(error) instanceof ExternalError)) throw error;
  }
}

/** The server with the fewest workspaces; the first of equals. */
async function leastLoadedServer({ db, servers }: Pick<Deps, "db" | "servers">) {
  const counts = await store.workspacesByServer(db);
  const count = ({ name }: WorkspaceServer) => counts.get(name) ?? 0;
  return servers.all.toSorted((a, b) => count(a) - count(b))[0]!;
}

function nameTaken(name: string): AppError {
  return new AppError(
    "name_taken",
    409,
    `The server has a role or database "${name}" that is in the way: take another username.`,
  );
}

function orphansExist(username: string): AppError {
  return new AppError(
    "orphans_exist",
    409,
    `A former user ${username} left databases: send "adopt": true to take them over, or drop them.`,
  );
}

/** The user with its workspace. `admin` has none. Throws 404 for what `who` may not see. */
export async function showUser({ db }: { db: Db }, who: Who, id: number) {
  const [user, workspace, dashboards, credentials] = await Promise.all([
    userDetails(db, who, id),
    workspaceOf(db, id),
    countDashboards(db, id),
    countCredentials(db, id),
  ]);
  const counts = { dashboards, credentials };
  return { ...user, counts, databases: workspace ? names.databases(user.username) : {}, workspace };
}
