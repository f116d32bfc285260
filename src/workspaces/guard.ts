import { AppError, ExternalError } from "../errors.ts";
import { asExternal, sqlState } from "../external/postgres.ts";
import type { WorkspaceServer } from "./servers.ts";

/** What a server lacks for our work, as a sentence that says what to do. */
export type Complaint = { server: string; message: string };

/**
 * Sees to it that a user's role reaches nothing but its own databases: CONNECT is taken from PUBLIC on
 * our own database, `postgres` and `template1`. Says what is not ours to do, and which rights we lack.
 */
export async function guardServer(server: WorkspaceServer): Promise<Complaint[]> {
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
  const complaints: string[] = [];
  if (version < 150_000) complaints.push("PostgreSQL 15 or newer is needed.");
  if (!is_super && !db) {
    complaints.push(`The role ${role} lacks CREATEDB: ALTER ROLE ${role} CREATEDB.`);
  }
  if (!is_super && !roles) {
    complaints.push(`The role ${role} lacks CREATEROLE: ALTER ROLE ${role} CREATEROLE.`);
  }
  for (const name of new Set([own, "postgres", "template1"])) {
    if (!await isOpen(master, name)) continue;
    await master`revoke connect on database ${master(name)} from public`.catch((error) => {
      if (sqlState(error) === undefined) throw error;
    });
    if (!await isOpen(master, name)) continue;
    complaints.push(
      `Every role may connect to the database ${name}, and it is not ours to change: as its owner, REVOKE CONNECT ON DATABASE ${name} FROM PUBLIC.`,
    );
  }
  return complaints;
}

async function isOpen(master: WorkspaceServer["master"], name: string): Promise<boolean> {
  const [row] = await master<{ open: boolean }[]>`
    select has_database_privilege('public', oid, 'CONNECT') as open
    from pg_database where datname = ${name}`;
  return row?.open ?? false;
}
