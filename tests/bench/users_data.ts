import { seal, type SealKeys } from "../../src/credentials/seal.ts";
import { insertCredential } from "../../src/credentials/store.ts";
import type { Sql } from "../../src/external/postgres/postgres.ts";
import { hashKey, makeKey } from "../../src/users/key.ts";
import { insertKey } from "../../src/users/key_store.ts";

/**
 * Adds users until there are `count`, one in ten of them inactive, each with a workspace and an API key.
 * Their names follow no order, as names do: a page of them lies all over the table.
 */
export async function fill(db: Sql, { current }: SealKeys, count: number): Promise<void> {
  const [row] = await db<{ known: number }[]>`select count(*) as known from users`;
  // As long as a sealed password of 32 characters; no call of the bench opens one.
  const sealed = `dk1.${current.id}.${"x".repeat(80)}.${"x".repeat(80)}`;
  await db`
    with made as (
      insert into users (username, role, is_active)
      select 'u' || substr(md5(i::text), 1, 15), 'member', i % 10 <> 0
      from generate_series(${row!.known} + 1, ${count}) i
      returning id, username, is_active
    ), keys as (
      insert into api_keys (user_id, hash) select id, sha256(('bench ' || id)::bytea) from made
    )
    insert into workspaces
      (user_id, username, owner_password, reader_password, ready_at, login, checked_at)
    select id, username, ${sealed}, ${sealed}, now(), is_active, now() from made`;
}

/** The key that the user holds from now on, beside others. */
export async function giveKey(db: Sql, user_id: number): Promise<string> {
  const key = makeKey();
  await insertKey(db, user_id, await hashKey(key));
  return key;
}

const KEY_NAMES = ["SLACK_BOT_TOKEN", "SLACK_CHANNEL_ID", "GRAFANA_API_KEY"];
export type Sampled = { id: number; username: string; key: string; key_names: string[] };

/** `most` active users from anywhere in the table, who get a key and three credentials. */
export async function sample(db: Sql, sealKeys: SealKeys, most: number): Promise<Sampled[]> {
  const users = await db<{ id: number; username: string }[]>`
    select id, username from users u
    where is_active and role = 'member'
      and not exists (select from credentials where user_id = u.id)
    order by random() limit ${most}`;
  const sampled: Sampled[] = [];
  for (const { id, username } of users) {
    for (const name of KEY_NAMES) {
      const sealed = await seal(sealKeys, `credentials/${id}/${name}`, crypto.randomUUID());
      await insertCredential(db, id, name, sealed, "system");
    }
    sampled.push({ id, username, key: await giveKey(db, id), key_names: KEY_NAMES });
  }
  return sampled;
}
