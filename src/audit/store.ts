import type { Db, Fragment } from "../external/postgres/postgres.ts";

export type NewEntry = {
  actor: string;
  action: string;
  subject: string;
  user_id: number | null;
  from: string;
  outcome: "ok" | "refused";
};
export type Entry = NewEntry & { id: number; at: string };

export async function insertEntry(db: Db, entry: NewEntry): Promise<void> {
  const { actor, action, subject, user_id, from, outcome } = entry;
  await db`
    insert into audit (actor, action, subject, user_id, from_address, outcome)
    values (${actor}, ${action}, ${subject}, ${user_id}, ${from}, ${outcome})`;
}

/** `rows` selects actor, action, subject, user_id, from_address, outcome. */
export const insertSelected = (db: Db, rows: Fragment): Fragment =>
  db`insert into audit (actor, action, subject, user_id, from_address, outcome) ${rows}`;

/** `from` and `to` bound `at`, the latter excluded. */
export type EntryFilter = {
  user_id?: number | undefined;
  actor?: string | undefined;
  action?: string | undefined;
  subject?: string | undefined;
  outcome?: NewEntry["outcome"] | undefined;
  from?: string | undefined;
  to?: string | undefined;
};

/** Ids follow times, but for transactions of less than 10 minutes: pages by id stay within an index. */
const since = (db: Db, from: string) =>
  db`and at >= ${from} and id > coalesce((select id from audit
    where at < ${from}::timestamptz - interval '10 minutes' order by at desc limit 1), 0)`;
const before = (db: Db, to: string) =>
  db`and at < ${to} and id < coalesce((select id from audit
    where at > ${to}::timestamptz + interval '10 minutes' order by at limit 1), ${MOST})`;
const MOST = "9223372036854775807";

function conditions(db: Db, filter: EntryFilter): Fragment {
  const { user_id, actor, action, subject, outcome, from, to } = filter;
  return db`
    ${user_id === undefined ? db`` : db`and user_id = ${user_id}`}
    ${actor === undefined ? db`` : db`and actor = ${actor}`}
    ${action === undefined ? db`` : db`and action = ${action}`}
    ${subject === undefined ? db`` : db`and subject = ${subject}`}
    ${outcome === "refused" ? db`and outcome = 'refused'` : db``}
    ${outcome === "ok" ? db`and outcome = 'ok'` : db``}
    ${from === undefined ? db`` : since(db, from)}
    ${to === undefined ? db`` : before(db, to)}`;
}

export async function listEntries(
  db: Db,
  filter: EntryFilter,
  below: number,
  limit: number,
): Promise<Entry[]> {
  return await db<Entry[]>`
    select id, at, actor, action, subject, user_id, from_address as "from", outcome
    from audit where id < ${below} ${conditions(db, filter)}
    order by id desc limit ${limit}`;
}

/** The last user of this name who was removed. */
export async function findRemovedUser(db: Db, username: string): Promise<number | undefined> {
  const [row] = await db<{ user_id: number }[]>`
    select user_id from audit
    where subject = ${username} and action = 'user.remove' and outcome = 'ok'
    order by id desc limit 1`;
  return row?.user_id;
}
