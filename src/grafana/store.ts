import type { Db } from "../external/postgres/postgres.ts";
import type { Kind } from "../workspaces/names.ts";

export type DatasourceRow = {
  kind: Kind;
  name: string;
  base: string;
  state: "pending" | "ready" | "failed";
  message: string | null;
  checked_at: string;
};

/**
 * What was found of a data source just now. One that never was ready and may become so is pending; its
 * name is known where it is ready.
 */
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

/** The parts in a Grafana, to be made after those on the database server. */
export const GRAFANA_STEPS = [
  "grafana_folder",
  "datasource_timing",
  "datasource_qor",
  "datasource_drc",
];
const FIRST_POSITION = 20;

/** One user's steps in Grafana, all still to be done. */
export async function planSteps(db: Db, user_id: number): Promise<void> {
  await db`
    insert into workspace_steps (user_id, position, name)
    select ${user_id}, ${FIRST_POSITION} + ordinality, name
    from unnest(${GRAFANA_STEPS}::text[]) with ordinality s (name)
    where exists (select from workspaces where user_id = ${user_id})
    on conflict (user_id, name) do update set state = 'pending', message = null, next_try_at = now(),
      planned = workspace_steps.planned + 1`;
}

/** Everybody's steps in the Grafana at `base`: those who have none get them, failed ones begin anew. */
export async function planAllSteps(db: Db, base: string): Promise<void> {
  await db`
    insert into workspace_steps (user_id, position, name)
    select w.user_id, ${FIRST_POSITION} + ordinality, s.name
    from workspaces w cross join unnest(${GRAFANA_STEPS}::text[]) with ordinality s (name)
    on conflict do nothing`;
  await db`
    update workspace_steps s
    set state = 'pending', message = null, next_try_at = now(), planned = planned + 1
    where name = any(${GRAFANA_STEPS}) and state <> 'pending' and (state = 'failed' or not exists (
      select from datasources d where d.user_id = s.user_id and d.base = ${base}))`;
}

/** A step that came off outside of its turn. */
export async function recordStepDone(db: Db, user_id: number, name: string): Promise<void> {
  await db`
    update workspace_steps set state = 'done', message = null
    where user_id = ${user_id} and name = ${name} and state <> 'done'`;
}

/** A pause that Grafana asks for. */
export async function postponeStep(db: Db, user_id: number, name: string, seconds: number) {
  await db`
    update workspace_steps
    set next_try_at = greatest(next_try_at, now() + ${seconds} * interval '1 second')
    where user_id = ${user_id} and name = ${name}`;
}

/** No Grafana is configured: what waits for one waits no more, but for users who have their own. */
export async function dropSteps(db: Db): Promise<void> {
  await db`
    update datasources d set state = 'failed',
      message = 'No Grafana is configured: set GRAFANA_BASE_URL and GRAFANA_API_KEY.'
    where state = 'pending' and not exists (select from credentials c
      where c.user_id = d.user_id and c.key_name = 'GRAFANA_BASE_URL')`;
  await db`
    delete from workspace_steps s where name = any(${GRAFANA_STEPS}) and state <> 'done'
      and not exists (select from credentials c
        where c.user_id = s.user_id and c.key_name = 'GRAFANA_BASE_URL')`;
}
