import { connectToUserDatabase, type Sql } from "../external/postgres.ts";
import type { Address } from "../external/postgres.ts";
import { databaseName, type Kind, KINDS, ownerRole, readerRole } from "./names.ts";
import { scramVerifier } from "./scram.ts";

export type Passwords = { owner: string; reader: string };

/**
 * Makes a user's roles and databases, or what is missing of them: each part finds what is already there.
 * `master` creates; all that happens inside a user's database happens as its owner.
 */
export async function makeWorkspace(
  master: Sql,
  server: Omit<Address, "user" | "password" | "database">,
  username: string,
  passwords: Passwords,
): Promise<void> {
  const owner = ownerRole(username);
  const reader = readerRole(username);
  await makeRole(master, owner, passwords.owner);
  await makeRole(master, reader, passwords.reader);
  const quoted = master(reader);
  await master`alter role ${quoted} set statement_timeout = '30s'`;
  await mayBecome(master, owner);
  for (const kind of KINDS) {
    await makeDatabase(master, username, kind);
    const database = databaseName(username, kind);
    const inside = connectToUserDatabase(
      { ...server, user: owner, password: passwords.owner, database },
    );
    try {
      await letRead(inside, reader);
    } finally {
      await inside.end({ timeout: 1 });
    }
  }
}

/** The server gets the password's verifier only: a statement may end up in its log. */
async function makeRole(master: Sql, role: string, password: string): Promise<void> {
  const [known] = await master`select 1 from pg_roles where rolname = ${role}`;
  const verb = known ? master`alter` : master`create`;
  const verifier = master.unsafe(`'${await scramVerifier(password)}'`);
  await master`
    ${verb} role ${master(role)} login nosuperuser nocreatedb nocreaterole password ${verifier}`;
}

/**
 * Without superuser's rights, a database can be made for, and a connection be ended of, only a role that
 * one may become.
 */
async function mayBecome(master: Sql, role: string): Promise<void> {
  const [may] = await master<{ may: boolean }[]>`
    select pg_has_role(current_user, oid, 'SET') as may from pg_roles where rolname = ${role}`
    .catch(() =>
      master<{ may: boolean }[]>`
      select pg_has_role(current_user, oid, 'MEMBER') as may from pg_roles where rolname = ${role}`
    );
  if (!may?.may) await master`grant ${master(role)} to current_user`;
}

async function makeDatabase(master: Sql, username: string, kind: Kind): Promise<void> {
  const name = databaseName(username, kind);
  const [known] = await master`select 1 from pg_database where datname = ${name}`;
  const database = master(name);
  if (!known) {
    await master`
      create database ${database} owner ${master(ownerRole(username))}
        template template0 encoding 'UTF8'`;
  }
  await master`revoke all on database ${database} from public`;
  await master`grant connect on database ${database} to ${master(readerRole(username))}`;
}

/** The reader reads what is there and whatever the owner makes later, in every schema of the owner's. */
async function letRead(inside: Sql, role: string): Promise<void> {
  const reader = inside(role);
  await inside`grant usage on schema public to ${reader}`;
  await inside`grant select on all tables in schema public to ${reader}`;
  await inside`alter default privileges grant usage on schemas to ${reader}`;
  await inside`alter default privileges grant select on tables to ${reader}`;
}

/** Lets a user's two roles log in, or not; where not, those who are in are sent away. */
export async function letLogIn(master: Sql, username: string, login: boolean): Promise<void> {
  for (const role of await ourRoles(master, username)) {
    await master`alter role ${master(role)} ${login ? master`login` : master`nologin`}`;
    if (!login) await sendAway(master, role);
  }
}

/** Drops a user's databases and roles, or what is still there of them. */
export async function dropWorkspace(master: Sql, username: string): Promise<void> {
  const roles = await ourRoles(master, username);
  for (const role of roles) {
    await master`alter role ${master(role)} nologin`;
    await sendAway(master, role);
  }
  for (const kind of KINDS) {
    await master`drop database if exists ${master(databaseName(username, kind))} with (force)`;
  }
  for (const role of roles) await master`drop role ${master(role)}`;
}

async function ourRoles(master: Sql, username: string): Promise<string[]> {
  const names = [ownerRole(username), readerRole(username)];
  const rows = await master<{ rolname: string }[]>`
    select rolname::text from pg_roles where rolname::text = any(${names})`;
  return rows.map(({ rolname }) => rolname);
}

async function sendAway(master: Sql, role: string): Promise<void> {
  await mayBecome(master, role);
  await master`select pg_terminate_backend(pid) from pg_stat_activity where usename = ${role}`;
}
