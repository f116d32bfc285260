import type { Db, Fragment } from "../external/postgres/postgres.ts";
import { insertSelected } from "../audit/store.ts";
import { inBatches } from "./batch.ts";

/** `key_value` is sealed. */
export type CredentialRow = {
  id: number;
  key_name: string;
  key_value: string;
  version: number;
  created_at: string;
  updated_at: string;
  expires_at: string | null;
  expired: boolean;
};

const columns = (db: Db) =>
  db`id, key_name, key_value, version, created_at, updated_at, expires_at,
    coalesce(expires_at <= now(), false) as expired`;

export async function insertCredential(
  db: Db,
  user_id: number,
  key_name: string,
  sealed: string,
  by: string,
  expires_at: string | null = null,
): Promise<CredentialRow> {
  const [row] = await db<CredentialRow[]>`
    insert into credentials (user_id, key_name, key_value, expires_at, updated_by)
    values (${user_id}, ${key_name}, ${sealed}, ${expires_at}, ${by})
    returning ${columns(db)}`;
  return row!;
}

/** `key_value` is sealed. */
export type AdoptedCredential = {
  user_id: number;
  key_name: string;
  key_value: string;
  created_at: string | null;
  updated_at: string | null;
  expires_at: string | null;
};

export async function insertAdoptedCredentials(db: Db, rows: AdoptedCredential[]): Promise<void> {
  await db`
    insert into credentials (user_id, key_name, key_value, created_at, updated_at, expires_at)
    select user_id, key_name, key_value, coalesce(created_at, now()), coalesce(updated_at, now()),
      expires_at
    from jsonb_to_recordset(${JSON.stringify(rows)}::text::jsonb) as t (user_id bigint,
      key_name text, key_value text, created_at timestamptz, updated_at timestamptz,
      expires_at timestamptz)`;
}

export async function recordAdoptedCredentials(db: Db): Promise<void> {
  await insertSelected(
    db,
    db`select 'system', 'credential.create', u.username || '/' || c.key_name, u.id, '', 'ok'
      from credentials c join users u on u.id = c.user_id order by c.id`,
  );
}

/** Whether a user has one of these credentials, as a condition; `user_id` is SQL. */
export const hasCredential = (db: Db, user_id: Fragment, key_names: string[]): Fragment =>
  db`exists (select from credentials c
    where c.user_id = ${user_id} and c.key_name = any(${key_names}))`;

export async function countCredentials(db: Db, user_id: number): Promise<number> {
  const [row] = await db<{ n: number }[]>`
    select count(*) as n from credentials where user_id = ${user_id}`;
  return row!.n;
}

export async function insertIfMissing(
  db: Db,
  user_id: number,
  key_name: string,
  sealed: string,
  by: string,
): Promise<void> {
  await db`
    insert into credentials (user_id, key_name, key_value, updated_by)
    values (${user_id}, ${key_name}, ${sealed}, ${by})
    on conflict (user_id, key_name) do nothing`;
}

export async function listCredentials(db: Db, user_id: number): Promise<CredentialRow[]> {
  return await db<CredentialRow[]>`
    select ${
    columns(db)
  } from credentials where user_id = ${user_id} order by key_name collate "C"`;
}

export async function findCredential(db: Db, user_id: number, key_name: string) {
  const [row] = await db<CredentialRow[]>`
    select ${columns(db)} from credentials
    where user_id = ${user_id} and key_name = ${key_name}`;
  return row;
}

type Reveal = { user_id: number; key_name: string; by: string; from: string };
/** `id` is null where the user has no credential of this name; undefined: there is no such user. */
type RevealedRow = ((CredentialRow | { id: null }) & { username: string }) | undefined;

/** One statement: no record, no value. `by` is a username, `from` an address. */
export const revealCredential = inBatches(async (db, asked: Reveal[]): Promise<RevealedRow[]> => {
  const rows = await db<(NonNullable<RevealedRow> & { n: number })[]>`
    with asked as (
      select * from unnest(${asked.map(({ user_id }) => user_id)}::bigint[],
        ${asked.map(({ key_name }) => key_name)}::text[], ${asked.map(({ by }) => by)}::text[],
        ${asked.map(({ from }) => from)}::text[]) with ordinality as a (of, name, by, "from", n)
    ), found as (
      select a.*, u.username, c.*
      from asked a join users u on u.id = a.of
        left join credentials c on c.user_id = u.id and c.key_name = a.name
    ), recorded as (
      ${
    insertSelected(
      db,
      db`select by, 'credential.reveal', username || '/' || name, of, "from",
          case when id is null then 'refused' else 'ok' end
        from found order by n`,
    )
  }
    )
    select n, username, ${columns(db)} from found`;
  const answers = new Map<number, RevealedRow>(rows.map(({ n, ...row }) => [n, row]));
  return asked.map((_, i) => answers.get(i + 1));
});

export async function lockCredential(db: Db, user_id: number, key_name: string) {
  const [row] = await db<CredentialRow[]>`
    select ${columns(db)} from credentials
    where user_id = ${user_id} and key_name = ${key_name} for update`;
  return row;
}

const MOST_VERSIONS = 10;

/** For a locked row. */
export async function replaceValue(
  db: Db,
  { id, version }: CredentialRow,
  sealed: string,
  by: string,
  expires_at: string | null,
): Promise<CredentialRow> {
  await db`
    insert into credential_versions (credential_id, version, key_value, created_at, created_by)
    select id, version, key_value, updated_at, updated_by from credentials where id = ${id}`;
  await db`
    delete from credential_versions
    where credential_id = ${id} and version <= ${version + 1 - MOST_VERSIONS}`;
  const [row] = await db<CredentialRow[]>`
    update credentials set key_value = ${sealed}, version = version + 1, updated_at = now(),
      updated_by = ${by}, expires_at = ${expires_at}
    where id = ${id}
    returning ${columns(db)}`;
  return row!;
}

/** False: there was none. */
export async function deleteCredential(db: Db, user_id: number, key_name: string) {
  const { count } = await db`
    delete from credentials where user_id = ${user_id} and key_name = ${key_name}`;
  return count === 1;
}

export type VersionRow = {
  version: number;
  key_value: string;
  created_at: string;
  created_by: string;
};

export async function listVersions(db: Db, id: number): Promise<VersionRow[]> {
  return await db<VersionRow[]>`
    select version, key_value, updated_at as created_at, updated_by as created_by
    from credentials where id = ${id}
    union all
    select version, key_value, created_at, created_by
    from credential_versions where credential_id = ${id}
    order by version desc`;
}

/** Active users who have one of these credentials. */
export async function usersWith(db: Db, key_names: string[], limit: number) {
  return await db<{ user_id: number; username: string }[]>`
    select distinct c.user_id, u.username from credentials c join users u on u.id = c.user_id
    where c.key_name = any(${key_names}) and u.is_active order by u.username limit ${limit}`;
}
