import type { Claim, Step } from "../../../src/pipeline/row.ts";
import type { Db, Sql } from "../../../src/external/postgres/postgres.ts";
import { until } from "../time.ts";
import type { Kind } from "../../../src/workspaces/names.ts";

type Row = {
  kind?: Kind;
  schema_name?: string;
  table_name?: string;
  step?: Step;
  run?: number;
  gif?: Uint8Array;
  thumbnail?: Uint8Array;
  rows?: number;
};

/** A user without databases, for tests of rows alone. */
export async function addAccount(db: Sql, username: string): Promise<number> {
  const [user] = await db<{ id: number }[]>`
    insert into users (username, role) values (${username}, 'member') returning id`;
  return user!.id;
}

/** A dashboard's row with its run, as the scan would leave it, at any step. */
export async function addDashboard(db: Db, user_id: number, row: Row = {}): Promise<number> {
  const { kind = "qor", schema_name = "public", step = "create", run = 1, rows = 3 } = row;
  const table_name = row.table_name ?? `t${crypto.randomUUID().slice(0, 8)}`;
  const [made] = await db<{ id: number }[]>`
    insert into dashboards (user_id, kind, schema_name, table_name, content, run, step)
    values (${user_id}, ${kind}, ${schema_name}, ${table_name}, '1:a:3:9', ${run}, ${step})
    returning id`;
  await db`
    insert into runs (dashboard_id, run, row_count, gif, thumbnail, captured_at)
    values (${made!.id}, ${run}, ${rows}, ${row.gif ?? null}, ${
    row.thumbnail ?? row.gif ?? null
  }, ${row.gif ? new Date().toISOString() : null})`;
  return made!.id;
}

/** Puts new tables into one batch, as a scan that found them together. */
export async function addBatch(db: Sql, user_id: number, ids: number[]): Promise<number> {
  const [batch] = await db<{ id: number }[]>`
    insert into batches (user_id, scanning) values (${user_id}, false) returning id`;
  await db`update runs set batch_id = ${batch!.id} where dashboard_id = any(${ids})`;
  return batch!.id;
}

/** What a worker that died left behind: its lease has run out. */
export async function letLeaseRunOut(db: Sql, id: number): Promise<void> {
  await db`update dashboards set claimed_until = now() - interval '1 second' where id = ${id}`;
  await db`
    update runs set posting_at = posting_at - interval '31 seconds' where dashboard_id = ${id}`;
}

/** Brings a row's next attempt forward. */
export async function makeDue(db: Sql, { id }: Pick<Claim, "id">): Promise<void> {
  await db`
    update runs r set posting_at = posting_at - greatest(d.next_try_at - now(), interval '0')
    from dashboards d where d.id = ${id} and r.dashboard_id = d.id`;
  await db`update dashboards set next_try_at = now() where id = ${id}`;
}

/** Waits until as many sessions of this database's server wait for a lock, at most 5 s. */
export async function untilWaiting(db: Sql, sessions: number, locktype: string): Promise<void> {
  await until(async () => {
    const [row] = await db<{ count: number }[]>`
      select count(*) from pg_locks where locktype = ${locktype} and not granted`;
    return row!.count >= sessions;
  });
}

export type RowState = {
  step: Step;
  stopped: boolean;
  failures: number;
  deaths: number;
  claim_id: string | null;
  last_error: string | null;
  wait: number;
};

/** The row as a worker would find it; `wait`: seconds until it may be tried. */
export async function stateOf(db: Sql, id: number): Promise<RowState> {
  const [row] = await db<RowState[]>`
    select step, stopped, failures, deaths, claim_id, last_error,
      extract(epoch from next_try_at - now())::float8 as wait
    from dashboards where id = ${id}`;
  return row!;
}
