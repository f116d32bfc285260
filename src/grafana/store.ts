import { hasCredential } from "../credentials/store.ts";
import type { Db, Fragment } from "../external/postgres/postgres.ts";
import type { Kind } from "../workspaces/names.ts";

export type DatasourceRow = {
  kind: Kind;
  name: string;
  base: string;
  state: "pending" | "ready" | "failed";
  message: string | null;
  checked_at: string;
};

/** One that was never ready stays pending; its name is set once it is ready. */
export async function recordDatasource(
  db: Db,
  user_id: number,
  { kind, name, base, state, message }: Omit<DatasourceRow, "checked_at">,
): Promise<void> {
  await db`
    insert into datasources as d (user_id, kind, name, base, state, message)
    values (${user_id}, ${kind}, ${name}, ${base}, ${state}, ${message})
    on conflict (user_id, kind) do update set base = excluded.base,
      name = case when excluded.state = 'ready' or d.base <> excluded.base then excluded.name
        else d.name end,
      state = case when excluded.state = 'pending' and d.state <> 'pending' and d.base = excluded.base
        then 'failed' else excluded.state end,
      message = excluded.message, checked_at = now()`;
}

export async function listDatasources(db: Db, user_id: number): Promise<DatasourceRow[]> {
  return await db<DatasourceRow[]>`
    select kind, name, base, state, message, checked_at from datasources where user_id = ${user_id}`;
}

/** A condition; `user_id` is SQL. */
export const isAt = (db: Db, user_id: Fragment, base: string): Fragment =>
  db`exists (select from datasources d where d.user_id = ${user_id} and d.base = ${base})`;

/** Fails pending data sources of users without their own Grafana. */
export async function failPending(db: Db): Promise<void> {
  await db`
    update datasources d set state = 'failed',
      message = 'No Grafana is configured: set GRAFANA_BASE_URL and GRAFANA_API_KEY.'
    where state = 'pending' and not ${hasCredential(db, db`d.user_id`, ["GRAFANA_BASE_URL"])}`;
}

export async function datasourceBases(db: Db, user_id: number): Promise<string[]> {
  const rows = await db<{ base: string }[]>`
    select distinct base from datasources where user_id = ${user_id}`;
  return rows.map(({ base }) => base);
}

/** Active users with data sources: those with a fault first, then those not checked for the longest time. */
export async function listSourceUsers(db: Db, limit: number) {
  return await db<{ user_id: number; username: string }[]>`
    select d.user_id, u.username from datasources d join users u on u.id = d.user_id
    where u.is_active group by d.user_id, u.username
    order by bool_and(d.state = 'ready'), min(d.checked_at) limit ${limit}`;
}
