import type { Sql } from "./postgres/postgres.ts";

/** Writes down the address in links, and returns the id of this installation, made once. */
export async function readInstallation(db: Sql, frontend_url: string): Promise<string> {
  await db`update settings set value = ${frontend_url}
    where name = 'frontend_url' and value <> ${frontend_url}`;
  const [row] = await db<{ value: string }[]>`
    select value from settings where name = 'installation'`;
  return row!.value;
}
