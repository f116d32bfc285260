import { AppError, ExternalError } from "../errors.ts";
import { asExternal, sqlState } from "../external/postgres/postgres.ts";
import type { WorkspaceServer } from "./servers.ts";

export type PreflightWarning = { server: string; message: string };

/**
 * Takes CONNECT on our own database, `postgres` and `template1` from PUBLIC. Returns what we may not change
 * and which rights we lack.
 */
export async function preflight(server: WorkspaceServer): Promise<PreflightWarning[]> {
  const say = (message: string) => ({ server: server.name || "the default server", message });
  try {
    return (await guard(server)).map(say);
  } catch (thrown) {
    const error = asExternal(thrown);
    if (!(error instanceof ExternalError || error instanceof AppError)) throw error;
    return [say(error.message)];
  }
}

async function guard({ master }: WorkspaceServer): Promise<string[]> {
  const [rights] = await master<
    { role: string; version: number; is_super: boolean; db: boolean; roles: boolean; own: string }[]
  >`
    select rolname::text as role, current_setting('server_version_num')::int as version,
      rolsuper as is_super, rolcreatedb as db, rolcreaterole as roles,
      current_database()::text as own
    from pg_roles where rolname = current_user`;
  const { role, version, is_super, db, roles, own } = rights!;
  const warnings: string[] = [];
  if (version < 150_000) warnings.push("PostgreSQL 15 or newer is needed.");
  if (!is_super && !db) {
    warnings.push(`The role ${role} lacks CREATEDB: ALTER ROLE ${role} CREATEDB.`);
  }
  if (!is_super && !roles) {
    warnings.push(`The role ${role} lacks CREATEROLE: ALTER ROLE ${role} CREATEROLE.`);
  }
  for (const name of new Set([own, "postgres", "template1"])) {
    if (!await isOpen(master, name)) continue;
    await master`revoke connect on database ${master(name)} from public`.catch((error) => {
      if (sqlState(error) === undefined) throw error;
    });
    if (!await isOpen(master, name)) continue;
    warnings.push(
      `Every role may connect to the database ${name}, and it is not ours to change: as its owner, REVOKE CONNECT ON DATABASE ${name} FROM PUBLIC.`,
    );
  }
  return warnings;
}

const SCARCE = 0.8;
const MOST_NAMED = 5;

export async function crowding({ name, master }: WorkspaceServer): Promise<PreflightWarning[]> {
  const rows = await master<{ role: string; held: number; all: number; most: number }[]>`
    select coalesce(usename::text, 'unknown') as role, count(*) as held,
      (sum(count(*)) over ())::int as all, current_setting('max_connections')::int as most
    from pg_stat_activity where backend_type = 'client backend'
    group by 1 order by held desc, role`.catch(() => []); // preflight() reports an unavailable server
  const [first] = rows;
  if (!first || first.all < SCARCE * first.most) return [];
  const holders = rows.slice(0, MOST_NAMED).map(({ role, held }) => `${role} ${held}`).join(", ");
  const message =
    `${first.all} of ${first.most} connections are in use (${holders}): end some, or raise max_connections.`;
  return [{ server: name || "the default server", message }];
}

async function isOpen(master: WorkspaceServer["master"], name: string): Promise<boolean> {
  const [row] = await master<{ open: boolean }[]>`
    select has_database_privilege('public', oid, 'CONNECT') as open
    from pg_database where datname = ${name}`;
  return row?.open ?? false;
}
