import type { Db } from "../external/postgres/postgres.ts";
import type { Who } from "../who.ts";

type Found = Omit<Who, "from">;
/** `scope`: what the key may call. */
export type KeyOwner = Found & {
  expires_at: string | null;
  stale: boolean;
  scope: "all" | "imports";
};

export async function insertKey(
  db: Db,
  user_id: number,
  hash: Uint8Array,
  expires_at: string | null = null,
): Promise<void> {
  await db`
    insert into api_keys (user_id, hash, expires_at) values (${user_id}, ${hash}, ${expires_at})`;
}

/** Hashes in hex. */
export async function insertAdoptedKeys(db: Db, keys: { user_id: number; hash: string }[]) {
  await db`
    insert into api_keys (hash, user_id, adopted) select decode(hash, 'hex'), user_id, true
    from jsonb_to_recordset(${JSON.stringify(keys)}::text::jsonb) as t (hash text, user_id bigint)`;
}

/** In hex: keys that may not have our format. */
export async function adoptedHashes(db: Db): Promise<string[]> {
  const rows = await db<{ hash: string }[]>`
    select encode(hash, 'hex') as hash from api_keys where adopted or from_environment`;
  return rows.map(({ hash }) => hash);
}

/** Ends keys and their sessions in `grace_seconds`, unless they expire before. */
export async function endKeys(db: Db, user_id: number, grace_seconds: number): Promise<void> {
  await db`
    update sessions
    set expires_at = least(expires_at, now() + ${grace_seconds} * interval '1 second')
    where user_id = ${user_id}`;
  if (grace_seconds === 0) {
    await db`delete from api_keys where user_id = ${user_id} and name is null`;
    return;
  }
  await db`
    update api_keys
    set expires_at = least(expires_at, now() + ${grace_seconds} * interval '1 second')
    where user_id = ${user_id} and name is null`;
}

export async function hasKeyFromEnvironment(db: Db, user_id: number): Promise<boolean> {
  const [row] = await db`
    select 1 from api_keys where user_id = ${user_id} and from_environment`;
  return row !== undefined;
}

export async function replaceKeys(db: Db, user_id: number, hash: Uint8Array): Promise<void> {
  await db`
    with others as (
      delete from api_keys where user_id = ${user_id} and hash <> ${hash} and name is null
      returning user_id)
    delete from sessions where user_id in (select user_id from others)`;
  await db`
    insert into api_keys (user_id, hash, from_environment) values (${user_id}, ${hash}, true)
    on conflict (hash) do update
    set user_id = excluded.user_id, from_environment = true, expires_at = null`;
}

/** `stale`: its last use was recorded more than a minute ago, or never. */
export async function findByKey(db: Db, hash: Uint8Array): Promise<KeyOwner | undefined> {
  const [who] = await db<KeyOwner[]>`
    select u.id as user_id, u.username, u.role, k.expires_at,
      coalesce(k.last_used_at < now() - interval '1 minute', true) as stale,
      case when k.name is null then 'all' else 'imports' end as scope
    from api_keys k join users u on u.id = k.user_id
    where k.hash = ${hash} and u.is_active and (k.expires_at is null or k.expires_at > now())`;
  return who;
}

export async function recordUse(db: Db, hash: Uint8Array, from: string): Promise<void> {
  await db`
    update api_keys set last_used_at = now(), last_used_from = ${from} where hash = ${hash}`;
}
