import { open, seal, type SealKeys } from "../credentials/seal.ts";
import { credentialAad } from "../credentials/sealed.ts";
import {
  type AdoptedCredential,
  findCredential,
  insertAdoptedCredentials,
  recordAdoptedCredentials,
  replaceValue,
} from "../credentials/store.ts";
import { AppError, ExternalError } from "../errors.ts";
import { migratedNames, migrateWithin } from "../external/postgres/migrate.ts";
import type { Db, Sql } from "../external/postgres/postgres.ts";
import { evaluate, type Evaluated, type Old, type OldRows, type Refused } from "./evaluate.ts";
import { evaluateKeys, type Keys } from "./keys.ts";
import { insertAdopted } from "../pipeline/adopted_store.ts";
import { insertAdoptedKeys } from "../users/key_store.ts";
import { insertAdoptedUsers, recordAdoptedUsers } from "../users/store.ts";
import * as store from "./store.ts";
import * as names from "../workspaces/names.ts";
import { sealLogins } from "../workspaces/logins.ts";
import { takenNames } from "../workspaces/store.ts";
import type { Servers } from "../workspaces/servers.ts";
import { insertWithPasswords } from "../workspaces/password.ts";
import { SERVER_STEPS } from "../workspaces/steps.ts";

export type Deps = { db: Sql; sealKeys: SealKeys; servers: Servers };

/** `taken`: what on the server has the name of a user's role or database, by username. */
export type Plan = Evaluated & {
  tables: string[];
  obstacles: string[];
  keys: Keys;
  taken: Map<string, string[]>;
};
/** `done`: all of the plan is in the database; otherwise nothing of it. */
export type Adoption = { plan: Plan; done: boolean };

/** Throws ExternalError at a database that holds an older installation, before anything is touched. */
export async function refuseOldInstallation(db: Sql): Promise<void> {
  const tables = await store.findOldTables(db);
  if (tables.length === 0) return;
  throw new ExternalError(
    "PostgreSQL",
    `This database holds the tables of an older installation (${
      tables.join(", ")
    }). Nothing was changed: \`deno task adopt\` shows how they would be taken over, \`deno task adopt --do\` does it.`,
    true,
  );
}

/** What adopt() would do; undefined where there is no older installation. Only reads. */
export async function planAdoption(db: Sql): Promise<Plan | undefined> {
  const tables = await store.findOldTables(db);
  if (tables.length === 0) return undefined;
  return await db.begin(
    "isolation level repeatable read read only",
    (tx) => look(tx, tables),
  );
}

async function look(db: Db, tables: string[]): Promise<Plan> {
  const obstacles = await obstaclesOf(db, tables);
  const read = async (table: string) =>
    tables.includes(table) ? await store.readRows(db, table) : [];
  const old: OldRows = {
    users: await read("users"),
    credentials: await read("credentials"),
    dashboards: [],
  };
  for (const [table, kind] of Object.entries(store.DASHBOARD_TABLES)) {
    for (const row of await read(table)) old.dashboards.push({ table, kind, row });
  }
  const evaluated = evaluate(old);
  const keys = await evaluateKeys(old.users, evaluated.users);
  const taken = await namesInUse(db, evaluated.users.map(({ username }) => username));
  return { ...evaluated, tables, obstacles, keys, taken };
}

const NEEDED: Record<string, string[]> = {
  users: ["id", "username"],
  credentials: ["user_id", "key_name", "key_value"],
  dashboardtiming: ["user_id", "table_name"],
  dashboardqor: ["user_id", "table_name"],
  dashboarddrc: ["user_id", "table_name"],
};

async function obstaclesOf(db: Db, tables: string[]): Promise<string[]> {
  const found: string[] = [];
  if (!tables.includes("users")) {
    found.push("There is no table users that would say whose things these are.");
  }
  for (const table of tables) {
    const columns = await store.columnsOf(db, table);
    for (const column of NEEDED[table]!) {
      if (!columns.includes(column)) found.push(`The table ${table} has no column ${column}.`);
    }
  }
  for (const name of await store.dependentsOf(db, tables)) {
    found.push(`${name} depends on the old tables: drop it, or its foreign key, first.`);
  }
  for (const name of await store.inTheWay(db, await migratedNames(), tables)) {
    found.push(`${name} has a name that Dashkeeper needs: rename it first.`);
  }
  return found;
}

async function namesInUse(db: Db, usernames: string[]): Promise<Map<string, string[]>> {
  const wanted = new Map(usernames.map((username) => [username, [
    ...Object.values(names.databases(username)),
    names.ownerRole(username),
    names.readerRole(username),
  ]]));
  const used = new Set(await takenNames(db, [...wanted.values()].flat()));
  return new Map(
    [...wanted].map(([username, all]) => [username, all.filter((name) => used.has(name))] as const)
      .filter(([, all]) => all.length > 0),
  );
}

/**
 * Takes the older installation over, in one transaction: its tables are dropped, and what was in them is
 * in ours, values sealed, keys hashed. Where rows are refused nothing is done, unless `skipRefused`: they
 * are then kept sealed in refused_rows. Throws AppError `adoption_blocked`.
 */
export async function adopt(
  deps: Deps,
  { skipRefused }: { skipRefused: boolean },
): Promise<Adoption | undefined> {
  const tables = await store.findOldTables(deps.db);
  if (tables.length === 0) return undefined;
  return await deps.db.begin(async (tx) => {
    await store.lockTables(tx, tables);
    const plan = await look(tx, tables);
    if (plan.obstacles.length > 0) {
      throw new AppError("adoption_blocked", 409, plan.obstacles.join("\n"));
    }
    if (plan.refused.length > 0 && !skipRefused) return { plan, done: false };
    await store.dropTables(tx, tables);
    await migrateWithin(tx);
    await fill({ ...deps, db: tx }, plan);
    return { plan, done: true };
  });
}

type Within = Omit<Deps, "db"> & { db: Db };

async function fill(deps: Within, plan: Plan): Promise<void> {
  const { db } = deps;
  const whole = plan.users.every(({ old_id }) => /^[1-9]\d{0,14}$/.test(old_id));
  const users = plan.users.map(({ old_id, extra: _, ...user }, i) => ({
    ...user,
    id: whole ? Number(old_id) : i + 1,
  }));
  const ids = new Map(users.map(({ username, id }) => [username, id]));
  for (const some of batches(users)) await insertAdoptedUsers(db, some);
  await recordAdoptedUsers(db);
  for (const some of batches(plan.keys.hashes)) {
    const keys = some.map(({ user, hash }) => ({ user_id: ids.get(user)!, hash: hash.toHex() }));
    await insertAdoptedKeys(db, keys);
  }
  for (const user of users) {
    if (!plan.taken.has(user.username)) await insertWorkspace(deps, user);
  }
  await fillCredentials(deps, plan, ids);
  await fillDashboards(db, plan, ids);
  await fillRefused(deps, plan);
}

function* batches<T>(rows: T[]) {
  for (let at = 0; at < rows.length; at += 1000) yield rows.slice(at, at + 1000);
}

/** To be made by the job; on the server of our own database. */
async function insertWorkspace(deps: Within, { id, username }: { id: number; username: string }) {
  const steps = SERVER_STEPS.map(({ name }) => name);
  const workspace = { user_id: id, server: "" };
  const passwords = await insertWithPasswords(deps.db, deps.sealKeys, workspace, steps);
  await sealLogins(deps, { user_id: id, username }, deps.servers.of(""), passwords);
}

/**
 * A database URL that a user saved stays the current one, for the flows that read it; that of its new
 * database is the version before.
 */
async function fillCredentials({ db, sealKeys }: Within, plan: Plan, ids: Map<string, number>) {
  const urls = names.KINDS.map(names.urlCredential);
  const rows: AdoptedCredential[] = [];
  for (const { user, extra: _, ...credential } of plan.credentials) {
    const user_id = ids.get(user)!;
    const { key_name, expires_at } = credential;
    const key_value = await seal(sealKeys, credentialAad(user_id, key_name), credential.key_value);
    const made = urls.includes(key_name) && await findCredential(db, user_id, key_name);
    if (made) await replaceValue(db, made, key_value, "system", expires_at);
    else rows.push({ ...credential, user_id, key_value });
  }
  for (const some of batches(rows)) await insertAdoptedCredentials(db, some);
  await recordAdoptedCredentials(db);
}

/** New numbers begin after the highest old one: a view of one kind then never shows a number twice. */
async function fillDashboards(db: Db, { dashboards }: Plan, ids: Map<string, number>) {
  const highest = dashboards.reduce((most, { old_id }) => Math.max(most, old_id ?? 0), 0);
  const byAge = dashboards.toSorted((a, b) => ageOf(a) - ageOf(b));
  const rows = byAge.map(({ extra: _, ...dashboard }, i) => ({
    ...dashboard,
    id: highest + 1 + i,
    user_id: ids.get(dashboard.user)!,
  }));
  for (const some of batches(rows)) {
    await insertAdopted(db, some);
    await store.insertOldDashboards(db, some);
  }
}

const ageOf = ({ created_at }: { created_at: string | null }) =>
  created_at === null ? Date.now() : Date.parse(created_at);

/** Refused rows whole, and of the others the columns that have no place here. */
async function fillRefused({ db, sealKeys }: Within, plan: Plan): Promise<void> {
  const rows = [...plan.refused, ...extrasOf(plan)];
  const sealed: store.RefusedRow[] = [];
  for (const [i, { table, name, why, row }] of rows.entries()) {
    const content = await seal(sealKeys, store.refusedAad(i + 1), JSON.stringify(row));
    sealed.push({ id: i + 1, table_name: table, name, why, content });
  }
  for (const some of batches(sealed)) await store.insertRefused(db, some);
}

/** What the taken rows hold beside what is taken of them, a row each. */
export function extrasOf({ users, credentials, dashboards }: Evaluated): Refused[] {
  const all = [
    ...users.map(({ username, extra }) => ({ table: "users", name: username, row: extra })),
    ...credentials.map(({ user, key_name, extra }) => ({
      table: "credentials",
      name: `${user}/${key_name}`,
      row: extra,
    })),
    ...dashboards.map(({ user, table, table_name, extra }) => ({
      table,
      name: `${user}/${table_name}`,
      row: extra,
    })),
  ];
  return all.filter(({ row }) => Object.keys(row).length > 0)
    .map((one) => ({ ...one, why: `no place for ${Object.keys(one.row).join(", ")}` }));
}

/** The refused rows as they were, opened; for a file that only their reader may read. */
export async function openRefused(db: Sql, sealKeys: SealKeys) {
  const rows = await store.listRefused(db);
  return await Promise.all(rows.map(async ({ id, table_name, name, why, content }) => {
    const row = JSON.parse(await open(sealKeys, store.refusedAad(id), content)) as Old;
    return { table_name, name, why, row };
  }));
}
