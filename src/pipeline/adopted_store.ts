import type { Db } from "../external/postgres/postgres.ts";
import type { Kind } from "../workspaces/names.ts";

export type AdoptedDashboard = {
  id: number;
  user_id: number;
  kind: Kind;
  table_name: string;
  created_at: string | null;
  slack_sent_at: string | null;
};

/** Inserts rows that are done: their messages were posted by the older installation. */
export async function insertAdopted(db: Db, dashboards: AdoptedDashboard[]): Promise<void> {
  await db`
    with old as (
      select * from jsonb_to_recordset(${JSON.stringify(dashboards)}::text::jsonb) as t (id bigint,
        user_id bigint, kind text, table_name text, created_at timestamptz,
        slack_sent_at timestamptz)
    ), made as (
      insert into dashboards (id, user_id, kind, schema_name, table_name, content, step, run_at,
        created_at) overriding system value
      select id, user_id, kind, 'public', table_name, 'adopted', 'done',
        coalesce(created_at, now()), coalesce(created_at, now())
      from old
    )
    insert into runs (dashboard_id, run, found_at, posted_at, slack_sent_at)
    select id, 1, coalesce(created_at, now()), coalesce(slack_sent_at, created_at, now()),
      slack_sent_at
    from old`;
  await db`
    select setval(pg_get_serial_sequence('dashboards', 'id'), max(id)) from dashboards
    having count(*) > 0`;
}
