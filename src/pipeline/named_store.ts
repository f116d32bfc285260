import type { Db } from "../external/postgres/postgres.ts";
import { usernameOf } from "../users/store.ts";
import type { Kind } from "../workspaces/names.ts";

/** What identifies a row wherever one is shown. */
export type Named = {
  id: number;
  user_id: number;
  username: string;
  kind: Kind;
  schema_name: string;
  table_name: string;
  run: number;
};

/** Its columns, of dashboards as `d`. */
export const named = (db: Db) =>
  db`d.id, d.user_id, ${usernameOf(db, db`d.user_id`)} as username, d.kind, d.schema_name,
    d.table_name, d.run`;

/** Of `d`: a person must act. Also while one row is tried again to see whether Slack's reason is gone. */
export const needsAttention = (db: Db) =>
  db`(d.stopped or d.step = 'notify' and d.stop_code is not null)`;
