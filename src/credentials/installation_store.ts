import type { Db } from "../external/postgres/postgres.ts";
import type { SealedColumn } from "./sealed.ts";

/** The sealed signing key; `made` becomes it where there is none yet. */
export async function keySetting(db: Db, made: string): Promise<string> {
  await db`
    insert into settings (name, value) values ('signing_key', ${made}) on conflict (name) do nothing`;
  const [row] = await db<{ value: string }[]>`
    select value from settings where name = 'signing_key'`;
  return row!.value;
}

/**
 * The ids of the seal keys that anything is sealed with. Each index is skipped through from one id to the
 * next, so that a million credentials cost no more than a few.
 */
export async function usedKeyIds(db: Db, columns: SealedColumn[]): Promise<string[]> {
  const ids = async (table: string, column: string) => {
    const id = db`split_part(${db(column)}, '.', 2)`;
    const rows = await db<{ id: string }[]>`
      with recursive used (id) as (
        (select ${id} from ${db(table)} order by 1 limit 1)
        union all
        select (select ${id} from ${db(table)} where ${id} > used.id order by 1 limit 1)
        from used where used.id is not null
      )
      select id from used where id is not null`;
    return rows.map(({ id }) => id);
  };
  const [setting] = await db<{ id: string }[]>`
    select split_part(value, '.', 2) as id from settings where name = 'signing_key'`;
  const all = setting ? [setting.id] : [];
  for (const { table, column } of columns) {
    all.push(...await ids(table, column));
  }
  return [...new Set(all)];
}

/** The keys that everything was sealed anew from: what still names one of them does not open. */
export async function retiredKeyIds(db: Db): Promise<string[]> {
  const [row] = await db<{ value: string }[]>`
    select value from settings where name = 'retired_seal_keys'`;
  return row?.value.split(" ") ?? [];
}

/** Saves the address used in links, and returns the id of this installation. */
export async function readInstallation(db: Db, frontend_url: string): Promise<string> {
  await db`update settings set value = ${frontend_url}
    where name = 'frontend_url' and value <> ${frontend_url}`;
  const [row] = await db<{ value: string }[]>`
    select value from settings where name = 'installation'`;
  return row!.value;
}
