import type { Sql } from "../../../src/external/postgres/postgres.ts";
import { databaseName, KINDS, ownerRole, readerRole } from "../../../src/workspaces/names.ts";

/** The five names that a username has on a server, sorted. */
export const allOf = (username: string) =>
  [...KINDS.map((kind) => databaseName(username, kind)), ownerRole(username), readerRole(username)]
    .sort();

/** What a server has of them. */
export async function thereOf(root: Sql, username: string): Promise<string[]> {
  const names = allOf(username);
  const rows = await root<{ name: string }[]>`
    select datname::text as name from pg_database where datname::text = any(${names})
    union all select rolname::text from pg_roles where rolname::text = any(${names}) order by 1`;
  return rows.map(({ name }) => name);
}

/** Drops what these names have on the server, in two queries where that is nothing. */
export async function dropUsers(db: Sql, names: string[]) {
  const all = names.flatMap(allOf);
  const databases = await db`
    select datname::text from pg_database where datname::text = any(${all})`;
  for (const { datname } of databases) {
    await db`drop database if exists ${db(datname)} with (force)`;
  }
  const roles = await db`select rolname::text from pg_roles where rolname::text = any(${all})`;
  for (const { rolname } of roles) await db`drop role ${db(rolname)}`;
}
