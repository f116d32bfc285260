import { backoff } from "../external/postgres/backoff.ts";
import type { Db } from "../external/postgres/postgres.ts";

export type Retry = {
  kind: string;
  subject: string;
  target: string;
  payload: unknown;
  secret?: string | null; // sealed
};
export type Claimed = Retry & { id: number; failures: number; version: string };

/** Due now, or at `due_at`. */
export async function enqueue(db: Db, retry: Retry, due_at: string | null = null): Promise<void> {
  const { kind, subject, target, payload, secret = null } = retry;
  await db`
    insert into retries (kind, subject, target, payload, secret, due_at)
    values (${kind}, ${subject}, ${target}, ${JSON.stringify(payload)}::text::jsonb, ${secret},
      coalesce(${due_at}::timestamptz, now()))
    on conflict (kind, subject) do update set target = excluded.target, payload = excluded.payload,
      secret = excluded.secret, due_at = excluded.due_at, failures = 0, message = null`;
}

/** For 15 s; then another worker may claim it, so the work must be repeatable. */
export async function claimDue(db: Db, kinds: string[], subject?: string): Promise<Claimed[]> {
  return await db<Claimed[]>`
    update retries set due_at = now() + interval '15 seconds'
    where id in (
      select id from retries where kind = any(${kinds}) and due_at <= now()
        ${subject === undefined ? db`` : db`and subject = ${subject}`}
      order by due_at, id for update skip locked limit 500)
    returning id, kind, subject, target, payload, secret, failures, xmin::text as version`;
}

export async function finish(db: Db, { id, version }: Claimed): Promise<void> {
  await db`delete from retries where id = ${id} and xmin::text = ${version}`;
}

export async function postpone(db: Db, { id, version }: Claimed, message: string): Promise<void> {
  await db`
    update retries set failures = failures + 1, message = ${message},
      due_at = now() + ${backoff(db, "failures")}
    where id = ${id} and xmin::text = ${version}`;
}

/** Postpones the rest of its target, `claimed` included, to the same time. */
export async function postponeTarget(db: Db, { id, target }: Claimed, claimed: Claimed[]) {
  await db`
    update retries r set due_at = late.due_at from retries late
    where late.id = ${id} and r.target = ${target}
      and (r.due_at <= now() or r.id = any(${claimed.map(({ id }) => id)}::bigint[]))`;
}

export async function isLeft(db: Db, kind: string, target: string): Promise<boolean> {
  const [row] = await db`select 1 from retries where kind = ${kind} and target = ${target} limit 1`;
  return row !== undefined;
}

export async function findRetry<P>(db: Db, kind: string, subject: string) {
  const [row] = await db<{ payload: P }[]>`
    select payload from retries where kind = ${kind} and subject = ${subject}`;
  return row?.payload;
}

/** False: there is no such work, or it is done. */
export async function cancel(db: Db, kind: string, subject: string): Promise<boolean> {
  const { count } = await db`delete from retries where kind = ${kind} and subject = ${subject}`;
  return count === 1;
}

/** Milliseconds; undefined: nothing is waiting. */
export async function nextDue(db: Db): Promise<number | undefined> {
  const [row] = await db<{ ms: number | null }[]>`
    select extract(epoch from min(due_at) - now())::float8 * 1000 as ms from retries`;
  return row?.ms ?? undefined;
}
