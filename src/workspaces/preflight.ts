import { AppError, ExternalError } from "../errors.ts";
import { isTooOld, TOO_OLD, versionOf } from "../external/postgres/condition.ts";
import { asExternal, sqlState } from "../external/postgres/postgres.ts";
import type { WorkspaceServer } from "./servers.ts";

type Master = Pick<WorkspaceServer, "master">;
export type PreflightWarning = { server: string; message: string };

/** What our role lacks on a server, and the databases that every role may open. */
export type Rights = { role: string; missing: string[]; open: string[] };

/** Takes CONNECT on our own database, `postgres` and `template1` from PUBLIC. Returns what is left to do. */
export async function preflight(server: WorkspaceServer): Promise<PreflightWarning[]> {
  const { master } = server;
  const say = (message: string) => ({ server: server.name || "the default server", message });
  try {
    for (const name of (await rightsOn(server)).open) {
      await master`revoke connect on database ${master(name)} from public`.catch((error) => {
        if (sqlState(error) === undefined) throw error;
      });
    }
    const left = rightsFaults(await rightsOn(server));
    const old = isTooOld(await versionOf(master)) ? [say(TOO_OLD)] : [];
    return [...old, ...left.map(({ message, fix }) => say(`${message} ${fix}`))];
  } catch (thrown) {
    const error = asExternal(thrown);
    if (!(error instanceof ExternalError || error instanceof AppError)) throw error;
    return [say(error.message)];
  }
}

export async function rightsOn({ master }: Master): Promise<Rights> {
  const [row] = await master<
    { role: string; super: boolean; db: boolean; roles: boolean; own: string }[]
  >`
    select rolname::text as role, rolsuper as super, rolcreatedb as db, rolcreaterole as roles,
      current_database()::text as own
    from pg_roles where rolname = current_user`;
  const { role, db, roles, own, ...rest } = row!;
  const open = await master<{ name: string }[]>`
    select datname::text as name from pg_database
    where datname = any(${[own, "postgres", "template1"]})
      and has_database_privilege('public', oid, 'CONNECT')
    order by datname <> ${own}, 1`;
  const missing = [...(db ? [] : ["CREATEDB"]), ...(roles ? [] : ["CREATEROLE"])];
  return { role, missing: rest.super ? [] : missing, open: open.map(({ name }) => name) };
}

/** `lacks`: without it the service cannot work. */
export function rightsFaults({ role, missing, open }: Rights) {
  return [
    ...missing.map((right) => ({
      lacks: true,
      message: `The role ${role} lacks ${right}.`,
      fix: `As a superuser: ALTER ROLE ${role} ${right};`,
    })),
    ...open.map((name) => ({
      lacks: false,
      message: `Every role may connect to the database ${name}.`,
      fix: `As its owner: REVOKE CONNECT ON DATABASE ${name} FROM PUBLIC;`,
    })),
  ];
}

const MOST_NAMED = 5;

/** Connections in use and allowed, and the roles that hold the most. */
export async function connectionsOn({ master }: Master) {
  const rows = await master<{ role: string; held: number; all: number; most: number }[]>`
    select coalesce(usename::text, 'unknown') as role, count(*) as held,
      (sum(count(*)) over ())::int as all, current_setting('max_connections')::int as most
    from pg_stat_activity where backend_type = 'client backend'
    group by 1 order by held desc, role`;
  const holders = rows.slice(0, MOST_NAMED).map(({ role, held }) => `${role} ${held}`).join(", ");
  return { used: rows[0]!.all, most: rows[0]!.most, holders };
}
