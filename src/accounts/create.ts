import { z } from "@hono/zod-openapi";
import { audited, type AuditedAction } from "../audit/audit.ts";
import { seal } from "../credentials/seal.ts";
import { AppError, ExternalError } from "../errors.ts";
import { DEADLINES, withDeadline } from "../external/postgres/deadlines.ts";
import {
  asExternal,
  type Db,
  isUnavailable,
  isUniqueViolation,
} from "../external/postgres/postgres.ts";
import { whileAnswering } from "../external/postgres/answer.ts";
import { hashKey, makeKey } from "../users/key.ts";
import { insertKey } from "../users/key_store.ts";
import { insertUser } from "../users/store.ts";
import { Role, User, UserDetails, userDetails, Username } from "../users/users.ts";
import { adminOnly } from "../who.ts";
import type { Who } from "../who.ts";
import { planSteps } from "../grafana/store.ts";
import * as names from "../workspaces/names.ts";
import { conflictingNames, ownershipTag } from "../workspaces/provision.ts";
import { makePassword, passwordAad } from "../workspaces/password.ts";
import type { WorkspaceServer } from "../workspaces/servers.ts";
import { runSteps, STEPS } from "./steps.ts";
import * as store from "../workspaces/store.ts";
import { type Deps, summary, Workspace, workspaceOf } from "../workspaces/workspaces.ts";

export const NewUser = z.strictObject({
  username: Username,
  role: Role.default("member"),
  adopt: z.boolean().default(false).openapi({
    description: "Takes over the databases that a former user of this name left.",
  }),
}).openapi("NewUser");

const Databases = z.object({ timing: z.string(), qor: z.string(), drc: z.string() }).partial();
const itsOwn = { databases: Databases, workspace: Workspace.nullable() };
export const UserWithWorkspace = UserDetails.extend(itsOwn).openapi("UserWithWorkspace");
export const CreatedUser = User.extend({
  ...itsOwn,
  api_key: z.string().openapi({ description: "Shown this once; only its hash is stored." }),
}).openapi("CreatedUser");

/** How long whoever creates a user waits for a Grafana that is silent. */
const GRAFANA_WAITS_MS = 5_000;

/**
 * A new user with its key, three databases and their credentials. The account is there at once and as a
 * whole; steps that a server refuses now are made by the job later. Throws 409 `user_exists`,
 * `name_taken` or `orphans_exist`.
 */
export async function createUser(deps: Deps, who: Who, input: z.infer<typeof NewUser>) {
  const api_key = makeKey();
  const { user, server } = await insertAccount(deps, who, input, await hashKey(api_key));
  // From here on there is a user whose key is told this once: whatever happens, it is told.
  const workspace = await whileAnswering(server.master, async () => {
    await runSteps(deps, user.id, user.username, { grafanaMs: GRAFANA_WAITS_MS });
    return await workspaceOf(deps.db, user.id);
  })
    .catch((error) => {
      if (!isUnavailable(error)) deps.log(`workspaces: ${user.username}: ${error?.name}`);
      return summary(STEPS.map(({ name }) => untouched(name)));
    });
  return { ...user, api_key, databases: names.databases(user.username), workspace };
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
  const deed: AuditedAction = { action: "user.create", subject: username, user_id: null };
  if (who.role !== "admin") await audited(deps.db, who, deed, async () => await adminOnly(who));
  const left = await store.orphansOf(deps.db, username);
  const server = left[0] ? deps.servers.of(left[0].server) : await leastLoadedServer(deps);
  const mark = left.length > 0 ? ownershipTag(deps.installation, username) : undefined;
  const [foreign] = await withDeadline(
    server.name === "" ? DEADLINES.call : DEADLINES.aside,
    () => conflictingNames(server, username, mark),
  ).catch((error) => {
    // The steps look again: a server other than our own may be away while an account is made.
    if (server.name === "" || !(asExternal(error) instanceof ExternalError)) throw error;
    return [];
  });
  const user = await audited(deps.db, who, deed, async (tx) => {
    const user = await insertUser(tx, username, role).catch((error) => {
      if (!isUniqueViolation(error)) throw error;
      throw new AppError("user_exists", 409, `There is already a user ${username}.`);
    });
    if (foreign) throw nameTaken(foreign);
    if (await store.isBeingDropped(tx, username)) throw nameTaken(username);
    if (left.length > 0 && !adopt) throw orphansExist(username);
    await store.deleteOrphansOf(tx, username);
    await store.deleteRemoval(tx, username);
    await insertKey(tx, user.id, hash);
    await insertPasswords({ ...deps, db: tx }, user.id, server.name);
    if (deps.outside.grafana) await planSteps(tx, user.id);
    deed.user_id = user.id;
    return user;
  });
  return { user, server };
}

/** The server with the fewest workspaces; the first of equals. */
async function leastLoadedServer({ db, servers }: Deps): Promise<WorkspaceServer> {
  const counts = await store.workspacesByServer(db);
  const count = ({ name }: WorkspaceServer) => counts.get(name) ?? 0;
  return servers.all.toSorted((a, b) => count(a) - count(b))[0]!;
}

/** A workspace to be made, with the passwords that its roles will have. */
export async function insertPasswords(
  { db, sealKeys }: { db: Db } & Pick<Deps, "sealKeys">,
  user_id: number,
  server: string,
) {
  const [owner, reader] = [makePassword(), makePassword()];
  await store.insertWorkspace(db, {
    user_id,
    server,
    owner_password: await seal(sealKeys, passwordAad(user_id, "owner"), owner),
    reader_password: await seal(sealKeys, passwordAad(user_id, "reader"), reader),
  }, STEPS.map(({ name }) => name));
  return { owner, reader };
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
export async function showUser({ db }: Deps, who: Who, id: number) {
  const [user, workspace] = await Promise.all([userDetails(db, who, id), workspaceOf(db, id)]);
  return { ...user, databases: workspace ? names.databases(user.username) : {}, workspace };
}
