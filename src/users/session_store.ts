import type { Db } from "../external/postgres/postgres.ts";
import type { Who } from "../who.ts";

export type SessionRow = {
  id: number;
  created_at: string;
  last_used_at: string;
  expires_at: string;
  from: string;
  browser: string;
};
type Found = Omit<Who, "from"> & { session_id: number; stale: boolean };

/** A session lasts 7 days, and ends after 12 hours without a request. */
const isLive = (db: Db) =>
  db`s.expires_at > now() and s.last_used_at > now() - interval '12 hours'`;

export type NewSession = { user_id: number; hash: Uint8Array; from: string; browser: string };

/** It lasts no longer than the key that opened it (`until`). */
export async function insertSession(
  db: Db,
  { user_id, hash, from, browser }: NewSession,
  until: string | null,
): Promise<void> {
  await db`
    insert into sessions (user_id, hash, from_address, browser, expires_at)
    values (${user_id}, ${hash}, ${from}, ${browser}, least(now() + interval '7 days', ${until}))`;
}

/** `stale`: its last use was recorded more than 5 minutes ago. */
export async function findBySession(db: Db, hash: Uint8Array): Promise<Found | undefined> {
  const [who] = await db<Found[]>`
    select u.id as user_id, u.username, u.role, s.id as session_id,
      s.last_used_at < now() - interval '5 minutes' as stale
    from sessions s join users u on u.id = s.user_id
    where s.hash = ${hash} and u.is_active and ${isLive(db)}`;
  return who;
}

export async function recordSessionUse(db: Db, id: number): Promise<void> {
  await db`update sessions set last_used_at = now() where id = ${id}`;
}

/** Of a user, the last used first. */
export async function listSessions(db: Db, user_id: number): Promise<SessionRow[]> {
  return await db<SessionRow[]>`
    select s.id, s.created_at, s.last_used_at, s.expires_at, s.from_address as "from", s.browser
    from sessions s where s.user_id = ${user_id} and ${isLive(db)}
    order by s.last_used_at desc, s.id desc limit 100`;
}

/** False: there was none. */
export async function deleteSession(db: Db, user_id: number, id: number): Promise<boolean> {
  const { count } = await db`delete from sessions where user_id = ${user_id} and id = ${id}`;
  return count === 1;
}

/** Returns how many. */
export async function deleteSessions(db: Db, user_id: number, except: number): Promise<number> {
  const { count } = await db`delete from sessions where user_id = ${user_id} and id <> ${except}`;
  return count;
}

export async function deleteEndedSessions(db: Db): Promise<void> {
  await db`delete from sessions s where not (${isLive(db)})`;
}

export async function insertLink(db: Db, username: string, hash: Uint8Array): Promise<void> {
  await db`
    insert into sign_in_links (hash, user_id, expires_at)
    select ${hash}, id, now() + interval '10 minutes' from users where username = ${username}`;
}

export async function isLinkLive(db: Db, hash: Uint8Array): Promise<boolean> {
  const [row] = await db`
    select 1 from sign_in_links where hash = ${hash} and expires_at > now()`;
  return row !== undefined;
}

/** Uses a link up; undefined: it was used, or is too old. */
export async function takeLink(db: Db, hash: Uint8Array) {
  const [who] = await db<{ user_id: number; username: string }[]>`
    with taken as (
      delete from sign_in_links where hash = ${hash} returning user_id, expires_at)
    select t.user_id, u.username from taken t join users u on u.id = t.user_id
    where t.expires_at > now() and u.is_active`;
  return who;
}
