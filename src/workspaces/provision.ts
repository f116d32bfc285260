import { ExternalError } from "../errors.ts";
import { DEADLINES, withDeadline } from "../external/postgres/deadlines.ts";
import { connectToUserDatabase, type Db, type Sql } from "../external/postgres/postgres.ts";
import { databaseName, type Kind, KINDS, ownerRole, readerRole } from "./names.ts";
import { scramVerifier } from "./scram.ts";
import type { WorkspaceServer } from "./servers.ts";

export type Passwords = { owner: string; reader: string };

/** The comment on a role of ours. */
export const ownershipTag = (installation: string, username: string) =>
  `Dashkeeper ${installation}: ${username}`;

const conflicting = (name: string) =>
  new ExternalError(
    "PostgreSQL",
    `The server has a role or database "${name}" that is not this Dashkeeper's: rename or drop it, then repair this workspace.`,
    true,
    { code: "name_taken" },
  );

/** For scans, boards and Grafana. */
const READER_CONNECTIONS = 24;

/** Per role, so that no designer locks out the others: an owner gets a tenth of the server's, from 5 to 40. */
export async function connectionLimits({ master, connection_limit }: WorkspaceServer) {
  if (connection_limit) return { owner: connection_limit, reader: READER_CONNECTIONS };
  const [row] = await master<{ most: number }[]>`
    select current_setting('max_connections')::int as most`;
  const owner = Math.min(40, Math.max(5, Math.floor(row!.most / 10)));
  return { owner, reader: READER_CONNECTIONS };
}

export async function limitConnections(server: WorkspaceServer, username: string, tag: string) {
  const { master } = server;
  const limits = await connectionLimits(server);
  for (const role of await rolesThere(master, username, tag)) {
    const limit = role === ownerRole(username) ? limits.owner : limits.reader;
    await master`alter role ${master(role)} connection limit ${master.unsafe(`${limit}`)}`;
  }
}

export async function makeRoles(
  server: WorkspaceServer,
  username: string,
  tag: string,
  passwords: Passwords,
): Promise<void> {
  const { master } = server;
  const reader = readerRole(username);
  await makeRole(master, ownerRole(username), tag, passwords.owner);
  await makeRole(master, reader, tag, passwords.reader);
  await limitConnections(server, username, tag);
  await master`alter role ${master(reader)} set statement_timeout = ${
    master.unsafe(`${DEADLINES.board.statement}`)
  }`;
  // No right that we could revoke prevents large objects.
  await master`alter role ${master(reader)} set default_transaction_read_only = on`;
}

/** The server gets the password's verifier only: a statement may end up in its log. */
async function makeRole(master: Sql, role: string, tag: string, password: string): Promise<void> {
  const verifier = master.unsafe(`'${await scramVerifier(password)}'`);
  const comment = master.unsafe(`'${tag}'`);
  await master.begin(async (tx) => {
    const [known] = await tx<{ tag: string | null }[]>`
      select shobj_description(oid, 'pg_authid') as tag from pg_roles where rolname = ${role}`;
    if (known && known.tag !== tag) throw conflicting(role);
    // Only a superuser may say NOSUPERUSER of a role that is there.
    const [verb, rights] = known
      ? [tx`alter`, tx`nocreatedb nocreaterole`]
      : [tx`create`, tx`nosuperuser nocreatedb nocreaterole`];
    await tx`${verb} role ${tx(role)} login ${rights} password ${verifier}`;
    await tx`comment on role ${tx(role)} is ${comment}`;
    await mayAct(tx, role);
  });
}

/**
 * Without superuser rights, creating a database for a role or ending its sessions needs membership with SET;
 * being admin of the role, as its creator is since 16, is not enough.
 */
async function mayAct(master: Db, role: string): Promise<void> {
  const [may] = await master<{ may: boolean }[]>`
    select r.rolsuper or exists (
      select from pg_auth_members m join pg_roles o on o.oid = m.roleid
      where o.rolname = ${role} and m.member = r.oid
        and coalesce((to_jsonb(m) ->> 'set_option')::boolean, true)
        and coalesce((to_jsonb(m) ->> 'inherit_option')::boolean, true)) as may
    from pg_roles r where r.rolname = current_user`;
  if (!may?.may) await master`grant ${master(role)} to current_user`;
}

/** Only its owner and reader may connect. Ours is what the owner has, or what bears our tag. */
export async function makeDatabase(
  { master }: WorkspaceServer,
  username: string,
  tag: string,
  kind: Kind,
) {
  const name = databaseName(username, kind);
  const owner = ownerRole(username);
  const [known] = await master<{ owner: string; tag: string | null }[]>`
    select pg_get_userbyid(datdba)::text as owner, shobj_description(oid, 'pg_database') as tag
    from pg_database where datname = ${name}`;
  if (known && known.owner !== owner && known.tag !== tag) throw conflicting(name);
  const database = master(name);
  if (!known) {
    await withDeadline(
      DEADLINES.database,
      () =>
        master`create database ${database} owner ${
          master(owner)
        } template template0 encoding 'UTF8'`,
    );
  } else if (known.owner !== owner) {
    await master`alter database ${database} owner to ${master(owner)}`;
  }
  await master`comment on database ${database} is ${master.unsafe(`'${tag}'`)}`;
  await master`grant all on database ${database} to ${master(owner)}`;
  await master`revoke all on database ${database} from public`;
  await master`grant connect on database ${database} to ${master(readerRole(username))}`;
}

export function asOwner<T>(
  { address, withPermit }: WorkspaceServer,
  username: string,
  kind: Kind,
  { owner: password }: Passwords,
  work: (inside: Sql) => Promise<T>,
): Promise<T> {
  const database = databaseName(username, kind);
  return withPermit(async () => {
    const user = ownerRole(username);
    const inside = connectToUserDatabase({ ...address, user, password, database });
    try {
      return await work(inside);
    } finally {
      await inside.end({ timeout: 1 });
    }
  });
}

const quoteName = (name: string) => `"${name.replaceAll('"', '""')}"`;

/** Includes what the owner creates later, in every schema of the owner's. */
export async function grantReading(
  server: WorkspaceServer,
  username: string,
  passwords: Passwords,
) {
  for (const kind of await databasesThere(server, username)) {
    await asOwner(server, username, kind, passwords, async (inside) => {
      const reader = inside(readerRole(username));
      const schemas = await inside<{ name: string }[]>`
        select nspname::text as name from pg_namespace
        where nspname !~ '^pg_' and nspname <> 'information_schema'
          and pg_has_role(nspowner, 'USAGE')`;
      for (const { name } of schemas) {
        await inside`grant usage on schema ${inside.unsafe(quoteName(name))} to ${reader}`;
      }
      // One by one: among "all tables" one that a superuser made would refuse them all.
      const tables = await inside<{ schema: string; name: string }[]>`
        select n.nspname::text as schema, c.relname::text as name
        from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where c.relkind in ('r', 'p', 'v', 'm', 'f') and c.relpersistence <> 't'
          and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
          and pg_has_role(c.relowner, 'USAGE') and pg_has_role(n.nspowner, 'USAGE')
          and not has_table_privilege(${readerRole(username)}, c.oid, 'SELECT')`;
      for (const { schema, name } of tables) {
        const table = inside.unsafe(`${quoteName(schema)}.${quoteName(name)}`);
        await inside`grant select on table ${table} to ${reader}`;
      }
      await inside`alter default privileges grant usage on schemas to ${reader}`;
      await inside`alter default privileges grant select on tables to ${reader}`;
    });
  }
}

async function databasesThere({ master }: WorkspaceServer, username: string): Promise<Kind[]> {
  const names = KINDS.map((kind) => databaseName(username, kind));
  const rows = await master<{ name: string }[]>`
    select datname::text as name from pg_database where datname::text = any(${names})`;
  return KINDS.filter((kind) => rows.some(({ name }) => name === databaseName(username, kind)));
}

/** Ends the sessions of roles that may no longer log in. */
export async function setLogin(
  { master }: WorkspaceServer,
  username: string,
  tag: string,
  login: boolean,
) {
  for (const role of await rolesThere(master, username, tag)) {
    await master`alter role ${master(role)} ${login ? master`login` : master`nologin`}`;
    if (!login) await sendAway(master, role);
  }
}

export async function endSessions({ master }: WorkspaceServer, username: string, tag: string) {
  for (const role of await rolesThere(master, username, tag)) await sendAway(master, role);
}

export async function dropDatabase(
  { master }: WorkspaceServer,
  username: string,
  tag: string,
  kind: Kind,
) {
  const name = databaseName(username, kind);
  const [ours] = await master`
    select 1 from pg_database d join pg_roles o on o.oid = d.datdba
    where d.datname = ${name} and (shobj_description(d.oid, 'pg_database') = ${tag}
      or o.rolname = ${ownerRole(username)} and shobj_description(o.oid, 'pg_authid') = ${tag})`;
  if (!ours) return;
  await withDeadline(
    DEADLINES.database,
    () => master`drop database if exists ${master(name)} with (force)`,
  );
}

export async function dropRoles({ master }: WorkspaceServer, username: string, tag: string) {
  for (const role of await rolesThere(master, username, tag)) {
    await sendAway(master, role);
    await master`drop role ${master(role)}`;
  }
}

export async function dropWorkspace(server: WorkspaceServer, username: string, tag: string) {
  await setLogin(server, username, tag, false);
  for (const kind of KINDS) await dropDatabase(server, username, tag, kind);
  await dropRoles(server, username, tag);
}

async function rolesThere(master: Sql, username: string, tag: string): Promise<string[]> {
  const names = [ownerRole(username), readerRole(username)];
  const rows = await master<{ rolname: string }[]>`
    select rolname::text from pg_roles
    where rolname::text = any(${names}) and shobj_description(oid, 'pg_authid') = ${tag}`;
  return rows.map(({ rolname }) => rolname);
}

async function sendAway(master: Sql, role: string): Promise<void> {
  await master`select pg_terminate_backend(pid) from pg_stat_activity where usename = ${role}`;
}

/** Names in use on the server: roles without our tag, databases of other owners. */
export async function conflictingNames(
  { master }: WorkspaceServer,
  username: string,
  tag: string | undefined,
): Promise<string[]> {
  const roles = [ownerRole(username), readerRole(username)];
  const names = KINDS.map((kind) => databaseName(username, kind));
  const rows = await master<{ name: string }[]>`
    select rolname::text as name from pg_roles
    where rolname::text = any(${roles})
      and shobj_description(oid, 'pg_authid') is distinct from ${tag ?? null}::text
      or rolname::text = any(${roles}) and ${tag === undefined}
    union all
    select datname::text from pg_database
    where datname::text = any(${names})
      and (${tag === undefined} or pg_get_userbyid(datdba) <> ${roles[0]!})`;
  return rows.map(({ name }) => name);
}
