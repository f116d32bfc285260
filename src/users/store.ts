import type { Db } from "../external/postgres.ts";
import type { Who } from "../who.ts";

export type UserRow = {
  id: number;
  username: string;
  is_active: boolean;
  role: Who["role"];
  created_at: string;
};

export async function insertUser(db: Db, username: string, role: Who["role"]): Promise<UserRow> {
  const [user] = await db<UserRow[]>`
    insert into users (username, role) values (${username}, ${role})
    returning id, username, is_active, role, created_at`;
  return user!;
}

export async function findUser(db: Db, id: number): Promise<UserRow | undefined> {
  const [user] = await db<UserRow[]>`
    select id, username, is_active, role, created_at from users where id = ${id}`;
  return user;
}

export async function findUserByName(db: Db, username: string): Promise<UserRow | undefined> {
  const [user] = await db<UserRow[]>`
    select id, username, is_active, role, created_at from users where username = ${username}`;
  return user;
}

/** One page of users in the order of their names, after the name `after`. */
export async function listUsers(db: Db, after: string, limit: number): Promise<UserRow[]> {
  return await db<UserRow[]>`
    select id, username, is_active, role, created_at from users
    where username > ${after} order by username limit ${limit}`;
}

export async function insertKey(
  db: Db,
  user_id: number,
  hash: Uint8Array,
  from_environment = false,
): Promise<void> {
  await db`
    insert into api_keys (user_id, hash, from_environment)
    values (${user_id}, ${hash}, ${from_environment})`;
}

/** Makes `hash` the user's only key. */
export async function replaceKeys(db: Db, user_id: number, hash: Uint8Array): Promise<void> {
  await db`delete from api_keys where user_id = ${user_id} and hash <> ${hash}`;
  await db`
    insert into api_keys (user_id, hash, from_environment) values (${user_id}, ${hash}, true)
    on conflict (hash) do nothing`;
}

type Found = Omit<Who, "from">;

export async function findByKey(db: Db, hash: Uint8Array): Promise<Found | undefined> {
  const [who] = await db<Found[]>`
    select u.id as user_id, u.username, u.role
    from api_keys k join users u on u.id = k.user_id
    where k.hash = ${hash} and u.is_active and (k.expires_at is null or k.expires_at > now())`;
  return who;
}

export async function insertSession(db: Db, user_id: number, hash: Uint8Array): Promise<void> {
  await db`
    insert into sessions (user_id, hash, expires_at)
    values (${user_id}, ${hash}, now() + interval '7 days')`;
}

export async function findBySession(db: Db, hash: Uint8Array): Promise<Found | undefined> {
  const [who] = await db<Found[]>`
    select u.id as user_id, u.username, u.role
    from sessions s join users u on u.id = s.user_id
    where s.hash = ${hash} and u.is_active and s.expires_at > now()`;
  return who;
}

export async function deleteSession(db: Db, hash: Uint8Array): Promise<void> {
  await db`delete from sessions where hash = ${hash} or expires_at < now()`;
}

/** Two first starts at once make one admin: the second waits here for the first one's commit. */
export async function holdAdmin(db: Db): Promise<void> {
  await db`select pg_advisory_xact_lock(7203512)`;
}
