import type { Db } from "../external/postgres.ts";

export type CredentialRow = {
  key_name: string;
  version: number;
  created_at: string;
  updated_at: string;
};

export async function insertCredential(
  db: Db,
  user_id: number,
  key_name: string,
  sealed: string,
): Promise<CredentialRow> {
  const [row] = await db<CredentialRow[]>`
    insert into credentials (user_id, key_name, key_value) values (${user_id}, ${key_name}, ${sealed})
    returning key_name, version, created_at, updated_at`;
  return row!;
}

export async function findSealed(db: Db, user_id: number, key_name: string) {
  const [row] = await db<{ key_name: string; key_value: string }[]>`
    select key_name, key_value from credentials
    where user_id = ${user_id} and key_name = ${key_name}`;
  return row;
}
