import { backoff } from "../external/postgres/backoff.ts";
import { usernameOf } from "../users/store.ts";
import type { Db } from "../external/postgres/postgres.ts";
import { type BoardState, columns } from "./board_store.ts";

export type Archiving = BoardState & {
  id: number;
  user_id: number;
  username: string;
  grafana_base: string;
};

/** Dashboards of dropped tables outside the archive. An unconfirmed write may take 15 s to arrive. */
export async function dueForArchive(db: Db): Promise<Archiving[]> {
  return await db<Archiving[]>`
    select id, user_id, ${usernameOf(db, db`user_id`)} as username, ${columns(db)}
    from dashboards
    where archived_at is not null and not grafana_archived
      and deleted_at is null and source = 'grafana' and archive_try_at <= now()
      and (grafana_version is not null or grafana_writing is not null)
      and (grafana_writing is null or archived_at < now() - interval '30 seconds')
    order by archive_try_at, id limit 200`;
}

/** Records the move before it starts, as beginWriting() does. False: the table is back. */
export async function beginArchiving(db: Db, { id }: Archiving, version: number, board: string) {
  const { count } = await db`
    update dashboards set grafana_writing = ${version}, board = ${board}::text::jsonb
    where id = ${id} and archived_at is not null`;
  return count === 1;
}

/** `version`: of our own move, else null. No effect on a table that is back. */
export async function markArchived(db: Db, { id }: Archiving, version: number | null) {
  await db`
    update dashboards set grafana_archived = true, archive_failures = 0, last_error = null,
      grafana_version = coalesce(${version}, grafana_version),
      grafana_writing = case when ${version}::int is null then grafana_writing end
    where id = ${id} and archived_at is not null`;
}

/** Back-off from 5 s, doubling to 10 min. */
export async function postponeArchive(db: Db, id: number, why: string): Promise<void> {
  await db`
    update dashboards set archive_failures = archive_failures + 1, last_error = ${why},
      archive_try_at = now() + ${backoff(db, "archive_failures")}
    where id = ${id} and archived_at is not null`;
}
