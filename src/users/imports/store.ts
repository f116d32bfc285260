import type { Db } from "../../external/postgres/postgres.ts";

export type ImportKeyRow = {
  id: number;
  name: string;
  created_at: string;
  last_used_at: string | null;
  expires_at: string | null;
};

/** Throws 23505 for a name that the user has a key of. */
export async function insertImportKey(
  db: Db,
  key: { user_id: number; hash: Uint8Array; name: string; expires_at: string | null },
): Promise<number> {
  const [row] = await db<{ id: number }[]>`
    insert into api_keys (user_id, hash, name, expires_at)
    values (${key.user_id}, ${key.hash}, ${key.name}, ${key.expires_at}) returning id`;
  return row!.id;
}

/** The newest first. */
export async function listImportKeys(db: Db, user_id: number): Promise<ImportKeyRow[]> {
  return await db<ImportKeyRow[]>`
    select id, name, created_at, last_used_at, expires_at from api_keys
    where user_id = ${user_id} and name is not null order by id desc`;
}

/** Returns its name; undefined: there was none. */
export async function deleteImportKey(
  db: Db,
  user_id: number,
  id: number,
): Promise<string | undefined> {
  const [row] = await db<{ name: string }[]>`
    delete from api_keys where user_id = ${user_id} and id = ${id} and name is not null
    returning name`;
  return row?.name;
}

export async function countImportKeys(db: Db, user_id: number): Promise<number> {
  const [row] = await db<{ keys: number }[]>`
    select count(*) as keys from api_keys where user_id = ${user_id} and name is not null`;
  return row!.keys;
}
