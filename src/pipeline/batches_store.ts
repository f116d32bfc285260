import type { Db } from "../external/postgres/postgres.ts";
import type { KeyNumber } from "../measures/number.ts";
import { isMuted } from "./mute_store.ts";
import type { Kind } from "../workspaces/names.ts";

/** New tables that one scan finds of one user: more than these are a batch. */
const MOST_ALONE = 5;
/** How long the messages of a batch wait for its last table. */
export type BatchLimits = { batchSeconds: number };

/** Of a row `b` of batches: there are enough tables. */
export const isBatch = (db: Db) =>
  db`(select count(*) > ${MOST_ALONE} from runs where batch_id = b.id)`;

export async function beginBatch(db: Db, user_id: number): Promise<number> {
  const [batch] = await db<{ id: number }[]>`
    insert into batches (user_id) values (${user_id}) returning id`;
  return batch!.id;
}

/** No scan adds a table to this batch, or to any, from now on. False: none did. */
export async function endScans(db: Db, id?: number): Promise<boolean> {
  const { count } = await db`
    update batches set scanning = false
    where scanning and ready_at is null and ${id === undefined ? db`true` : db`id = ${id}`}`;
  return count > 0;
}

/** `seconds`: how long its messages wait at most. */
export type Batch = { id: number; scanning: boolean; is_ready: boolean; seconds: number };

/** The batch of a new table; undefined: it is none, or was found with few others. */
export async function findBatch(
  db: Db,
  { id, run }: { id: number; run: number },
  seconds: number,
): Promise<Batch | undefined> {
  const [batch] = await db<Batch[]>`
    select b.id, b.scanning, b.ready_at is not null as is_ready,
      extract(epoch from b.begun_at - now())::float8 + ${seconds} as seconds
    from runs r join batches b on b.id = r.batch_id
    where r.dashboard_id = ${id} and r.run = ${run}
      and (${isBatch(db)} or b.scanning and b.ready_at is null)`;
  return batch;
}

/** `why`: what it stopped for. */
export type BatchTable = {
  kind: Kind;
  schema_name: string;
  table_name: string;
  rows: number | null;
  numbers: KeyNumber[];
  is_pending: boolean;
  why: string | null;
};

/** The tables of a batch, without those that were dropped, deleted or muted, or kept without Slack. */
export async function tablesOf(db: Db, batch_id: number): Promise<BatchTable[]> {
  return await db<BatchTable[]>`
    select d.kind, d.schema_name, d.table_name, r.row_count as rows, r.numbers,
      d.run = r.run and d.step in ('create', 'capture') and not d.stopped as is_pending,
      case when d.run = r.run and d.stopped then d.last_error end as why
    from runs r join dashboards d on d.id = r.dashboard_id
    where r.batch_id = ${batch_id} and d.archived_at is null and d.deleted_at is null
      and (r.slack_sent_at is not null or r.posted_at is null and not ${isMuted(db)})
    order by d.kind, d.schema_name, d.table_name`;
}
