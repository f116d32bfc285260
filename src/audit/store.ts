import type { Db, Fragment } from "../external/postgres/postgres.ts";

export type NewEntry = {
  actor: string;
  action: string;
  subject: string;
  user_id: number | null;
  from: string;
  outcome: "ok" | "refused";
};
export type Entry = Omit<NewEntry, "user_id"> & { id: number; at: string };

export async function insertEntry(db: Db, entry: NewEntry): Promise<void> {
  const { actor, action, subject, user_id, from, outcome } = entry;
  await db`
    insert into audit (actor, action, subject, user_id, from_address, outcome)
    values (${actor}, ${action}, ${subject}, ${user_id}, ${from}, ${outcome})`;
}

/** `rows` selects actor, action, subject, user_id, from_address, outcome. */
export const insertSelected = (db: Db, rows: Fragment): Fragment =>
  db`insert into audit (actor, action, subject, user_id, from_address, outcome) ${rows}`;

export async function listEntries(
  db: Db,
  { user_id, action }: { user_id?: number | undefined; action?: string | undefined },
  below: number,
  limit: number,
): Promise<Entry[]> {
  return await db<Entry[]>`
    select id, at, actor, action, subject, from_address as "from", outcome
    from audit
    where id < ${below}
      ${user_id === undefined ? db`` : db`and user_id = ${user_id}`}
      ${action === undefined ? db`` : db`and action = ${action}`}
    order by id desc limit ${limit}`;
}
