import { insertSelected } from "../audit/store.ts";
import { LOCKS } from "../external/postgres/lock.ts";
import type { Db, Fragment } from "../external/postgres/postgres.ts";
import type { Who } from "../who.ts";

export type UserRow = {
  id: number;
  username: string;
  is_active: boolean;
  role: Who["role"];
  created_at: string;
};

const columns = (db: Db) => db`id, username, is_active, role, created_at`;

export async function insertUser(db: Db, username: string, role: Who["role"]): Promise<UserRow> {
  const [user] = await db<UserRow[]>`
    insert into users (username, role) values (${username}, ${role}) returning ${columns(db)}`;
  return user!;
}

export type AdoptedUser = Omit<UserRow, "created_at"> & { created_at: string | null };

export async function insertAdoptedUsers(db: Db, users: AdoptedUser[]): Promise<void> {
  await db`
    insert into users (id, username, role, is_active, created_at) overriding system value
    select id, username, role, is_active, coalesce(created_at, now())
    from jsonb_to_recordset(${JSON.stringify(users)}::text::jsonb) as t
      (id bigint, username text, role text, is_active boolean, created_at timestamptz)`;
}

export async function recordAdoptedUsers(db: Db): Promise<void> {
  await db`
    select setval(pg_get_serial_sequence('users', 'id'), max(id)) from users having count(*) > 0`;
  await insertSelected(
    db,
    db`select 'system', 'user.create', username, id, '', 'ok' from users order by id`,
  );
}

export async function findUser(db: Db, id: number): Promise<UserRow | undefined> {
  const [user] = await db<UserRow[]>`select ${columns(db)} from users where id = ${id}`;
  return user;
}

export async function findUserByName(db: Db, username: string): Promise<UserRow | undefined> {
  const [user] = await db<UserRow[]>`
    select ${columns(db)} from users where username = ${username}`;
  return user;
}

export async function lockUser(db: Db, id: number): Promise<UserRow | undefined> {
  const [user] = await db<UserRow[]>`
    select ${columns(db)} from users where id = ${id} for update`;
  return user;
}

export type UserFilter = {
  q?: string | undefined;
  is_active?: boolean | undefined;
  role?: Who["role"] | undefined;
  /** A condition on `users`. */
  also?: Fragment | undefined;
};

/** In the order of names after `after`; `q` is a prefix. */
export async function listUsers(
  db: Db,
  { q, is_active, role, also }: UserFilter,
  after: string,
  limit: number,
): Promise<UserRow[]> {
  // "~" sorts after every character of a username, so the prefix is a range of the index.
  return await db<UserRow[]>`
    select ${columns(db)} from users
    where username > ${after}
      ${q ? db`and username >= ${q} and username < ${q + "~"}` : db``}
      ${is_active === undefined ? db`` : is_active ? db`and is_active` : db`and not is_active`}
      ${role === "admin" ? db`and role = 'admin'` : db``}
      ${role === "member" ? db`and role = 'member'` : db``}
      ${also ? db`and ${also}` : db``}
    order by username limit ${limit}`;
}

export type UserDetailsRow = UserRow & {
  last_used_at: string | null;
  last_used_from: string | null;
};

export async function findUserDetails(db: Db, id: number): Promise<UserDetailsRow | undefined> {
  const [row] = await db<UserDetailsRow[]>`
    select ${columns(db)}, k.last_used_at, k.last_used_from
    from users u left join lateral (
      select last_used_at, last_used_from from api_keys
      where user_id = u.id and name is null and last_used_at is not null order by last_used_at desc limit 1) k on true
    where id = ${id}`;
  return row;
}

/** Returns their ids. */
export async function lockActiveAdmins(db: Db): Promise<number[]> {
  const rows = await db<{ id: number }[]>`
    select id from users where role = 'admin' and is_active order by id for update`;
  return rows.map(({ id }) => id);
}

export async function updateUser(
  db: Db,
  id: number,
  { role, is_active }: { role?: Who["role"] | undefined; is_active?: boolean | undefined },
): Promise<UserRow> {
  const [user] = await db<UserRow[]>`
    update users set role = coalesce(${role ?? null}, role),
      is_active = coalesce(${is_active ?? null}, is_active)
    where id = ${id} returning ${columns(db)}`;
  return user!;
}

export async function deleteUser(db: Db, id: number): Promise<void> {
  await db`delete from users where id = ${id}`;
}

/** So that two first starts at once create one admin. */
export async function lockAdmin(db: Db): Promise<void> {
  await db`select pg_advisory_xact_lock(${LOCKS.firstAdmin})`;
}

export const usernameOf = (db: Db, user_id: ReturnType<typeof columns>) =>
  db`(select u.username from users u where u.id = ${user_id})`;
