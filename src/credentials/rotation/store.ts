import type { SealedColumn, SealedRow } from "../sealed.ts";
import { DEADLINES, withDeadline } from "../../external/postgres/deadlines.ts";
import type { Db, Sql } from "../../external/postgres/postgres.ts";
import { LOCKS, tryLock } from "../../external/postgres/lock.ts";

type Key = Pick<SealedRow, "id" | "version">;

export async function rowsUnderOtherKeys(
  db: Db,
  { table, id, version, column, join, user_id, key_name }: SealedColumn,
  current: string,
  after: Key,
  limit: number,
): Promise<SealedRow[]> {
  const key = version ? db`(t.${db(id)}, t.${db(version)})` : db`t.${db(id)}`;
  const from = version ? db`(${after.id}::bigint, ${after.version}::int)` : db`${after.id}::bigint`;
  return await db<SealedRow[]>`
    select t.${db(id)} as id, ${version ? db`t.${db(version)}` : db`0`} as version,
      u.id as user_id, u.username, t.${db(column)} as sealed,
      ${db.unsafe(key_name ?? "null")} as key_name
    from ${db(table)} t ${db.unsafe(join ?? "")}
      left join users u on u.id = ${db.unsafe(user_id ?? "null")}
    where ${key} > ${from} and split_part(t.${db(column)}, '.', 2) <> ${current}
    order by ${key} limit ${limit}`;
}

export type Fresh = Key & { sealed: string; fresh: string };

/** Replaces unchanged texts; returns how many. It skips locked rows, so it cannot deadlock. */
export async function replaceSealed(
  db: Db,
  { table, id, version, column }: SealedColumn,
  rows: Fresh[],
): Promise<number> {
  const key = version ? db`(${db(id)}, ${db(version)})` : db`(${db(id)}, 0)`;
  const { count } = await db`
    with fresh (id, version, sealed, fresh) as (
      select * from unnest(${rows.map(({ id }) => id)}::bigint[],
        ${rows.map(({ version }) => version)}::int[],
        ${rows.map(({ sealed }) => sealed)}::text[], ${rows.map(({ fresh }) => fresh)}::text[])
    ), free (id, version) as (
      select ${db(id)}, ${version ? db(version) : db`0`} from ${db(table)}
      where ${db(id)} = any(${rows.map(({ id }) => id)}::bigint[])
        and ${key} in (select id, version from fresh)
      for no key update skip locked
    )
    update ${db(table)} t set ${db(column)} = fresh.fresh
    from fresh join free using (id, version)
    where t.${db(id)} = fresh.id ${version ? db`and t.${db(version)} = fresh.version` : db``}
      and t.${db(column)} = fresh.sealed`;
  return count;
}

export async function countUnderOtherKeys(
  db: Db,
  columns: SealedColumn[],
  current: string,
): Promise<number> {
  let all = 0;
  for (const { table, column } of columns) {
    const [row] = await db<{ n: number }[]>`
      select count(*) as n from ${db(table)} where split_part(${db(column)}, '.', 2) <> ${current}`;
    all += row!.n;
  }
  return all;
}

export async function findSetting(db: Db, name: string): Promise<string | undefined> {
  const [row] = await db<{ value: string }[]>`select value from settings where name = ${name}`;
  return row?.value;
}

/** False: it is no longer `old`. */
export async function replaceSetting(db: Db, name: string, old: string, value: string) {
  const { count } = await db`
    update settings set value = ${value} where name = ${name} and value = ${old}`;
  return count === 1;
}

/** Values under this key cannot be opened: a start no longer asks for it. */
export async function retireKey(db: Db, id: string): Promise<void> {
  await db`
    insert into settings as s (name, value) values ('retired_seal_keys', ${id})
    on conflict (name) do update set value = s.value || ' ' || excluded.value
    where excluded.value <> all(string_to_array(s.value, ' '))`;
}

/** Returns undefined while another process changes the seal key. */
export function lockRotation<T>(db: Sql, work: () => Promise<T>): Promise<T | undefined> {
  return withDeadline(DEADLINES.long, () => tryLock(db, LOCKS.rotation, work));
}
