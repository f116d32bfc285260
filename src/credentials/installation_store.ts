import type { Db } from "../external/postgres/postgres.ts";
import type { SealedColumn } from "./sealed.ts";

/** `made` becomes the key where there is none yet. */
export async function keySetting(db: Db, made: string): Promise<string> {
  await db`
    insert into settings (name, value) values ('signing_key', ${made}) on conflict (name) do nothing`;
  return (await readKeySetting(db))!;
}

export async function readKeySetting(db: Db): Promise<string | undefined> {
  const [row] = await db<{ value: string }[]>`
    select value from settings where name = 'signing_key'`;
  return row?.value;
}

/** Skips through each index from one key id to the next: a million credentials cost as little as a few. */
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

/** Keys whose remaining values cannot be opened. */
export async function retiredKeyIds(db: Db): Promise<string[]> {
  const [row] = await db<{ value: string }[]>`
    select value from settings where name = 'retired_seal_keys'`;
  return row?.value.split(" ") ?? [];
}

export async function readInstallation(db: Db, frontend_url: string): Promise<string> {
  await db`update settings set value = ${frontend_url}
    where name = 'frontend_url' and value <> ${frontend_url}`;
  return await installationOf(db);
}

export async function installationOf(db: Db): Promise<string> {
  const [row] = await db<{ value: string }[]>`
    select value from settings where name = 'installation'`;
  return row!.value;
}
