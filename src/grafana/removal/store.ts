import { backoff } from "../../external/postgres/backoff.ts";
import type { Db } from "../../external/postgres/postgres.ts";

export type GrafanaThing = "dashboard" | "datasource" | "folder";
export type GrafanaRemoval = {
  id: number;
  base: string;
  what: GrafanaThing;
  uid: string;
  api_key: string | null; // sealed; null: the configured one
};
type NewRemoval = Omit<GrafanaRemoval, "id"> & { dashboard_id?: number };

/** Puts down what is to be taken out of a Grafana. */
export async function insertGrafanaRemoval(db: Db, removal: NewRemoval): Promise<void> {
  const { base, what, uid, api_key, dashboard_id = null } = removal;
  await db`
    insert into grafana_removals (base, what, uid, api_key, dashboard_id)
    values (${base}, ${what}, ${uid}, ${api_key}, ${dashboard_id})
    on conflict (base, what, uid) do update set api_key = excluded.api_key, failures = 0,
      next_try_at = now()`;
}

/** What a user's dashboards and data sources are in: bases of Grafanas, and the dashboards there. */
export async function thingsInGrafana(db: Db, user_id: number) {
  const bases = await db<{ base: string }[]>`
    select base from datasources where user_id = ${user_id}
    union select grafana_base from dashboards
      where user_id = ${user_id} and grafana_base is not null`;
  const dashboards = await db<{ id: number; base: string }[]>`
    select id, grafana_base as base from dashboards
    where user_id = ${user_id} and grafana_base is not null and source = 'grafana'`;
  return { bases: bases.map(({ base }) => base), dashboards: [...dashboards] };
}

/**
 * What is due. Folders wait for all dashboards, which may still lie in them; a dashboard that was moved, for
 * the new one to be written.
 */
export async function dueGrafanaRemovals(db: Db): Promise<GrafanaRemoval[]> {
  return await db<GrafanaRemoval[]>`
    select id, base, what, uid, api_key from grafana_removals r
    where next_try_at <= now() and (what <> 'folder' or not exists (
        select from grafana_removals d where d.base = r.base and d.what = 'dashboard'))
      and not exists (select from dashboards d where d.id = r.dashboard_id
        and d.deleted_at is null and d.grafana_base <> r.base and d.grafana_version is null)
    order by array_position(array['dashboard', 'datasource', 'folder'], what), id limit 500`;
}

/** Asked right before a thing is taken away: it may be in use again, its table having been made anew. */
export async function isInUse(db: Db, id: number): Promise<boolean> {
  const [row] = await db`
    select 1 from grafana_removals r join dashboards d on d.id = r.dashboard_id
    where r.id = ${id} and d.deleted_at is null and d.grafana_base = r.base`;
  return row !== undefined;
}

export async function deleteGrafanaRemoval(db: Db, id: number): Promise<void> {
  await db`delete from grafana_removals where id = ${id}`;
}

/** To be tried again after 5 s, doubling to 10 min. */
export async function postponeGrafanaRemoval(db: Db, id: number, why: string): Promise<void> {
  await db`
    update grafana_removals set failures = failures + 1, last_error = ${why},
      next_try_at = now() + ${backoff(db, "failures")}
    where id = ${id}`;
}

/** What else is due in the Grafana of a postponed removal waits for that one's time. */
export async function postponeGrafana(db: Db, id: number): Promise<void> {
  await db`
    update grafana_removals r set next_try_at = late.next_try_at
    from grafana_removals late
    where late.id = ${id} and r.base = late.base and r.next_try_at <= now()`;
}
