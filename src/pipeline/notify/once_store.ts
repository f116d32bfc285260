import { backoff } from "../../external/postgres/backoff.ts";
import type { Db } from "../../external/postgres/postgres.ts";
import { lease } from "../row.ts";

type Claim = { id: number; claim_id: string };
export type Claimed = Claim & { posting_at: string | null; channel: string | null };

/** Claims an unsent message that is due, or was refused elsewhere than `slack_target`, for 30 s. */
export async function claimMessage(
  db: Db,
  { key, event_type, slack_target }: { key: string; event_type: string; slack_target: string },
): Promise<Claimed | undefined> {
  const [claim] = await db<Claimed[]>`
    insert into channel_messages as m (key, event_type, slack_target, claim_id, claimed_until)
    values (${key}, ${event_type}, ${slack_target}, gen_random_uuid(), ${lease(db)})
    on conflict (key) do update set slack_target = excluded.slack_target,
      claim_id = excluded.claim_id, claimed_until = excluded.claimed_until
    where m.sent_at is null and coalesce(m.claimed_until < now(), true)
      and (m.next_try_at <= now() or m.slack_target <> excluded.slack_target)
    returning id, claim_id, posting_at, channel`;
  return claim;
}

/** Extends the lease by 30 s. False: the claim was lost. */
export async function renewMessage(db: Db, { id, claim_id }: Claim): Promise<boolean> {
  const { count } = await db`
    update channel_messages set claimed_until = ${lease(db)}
    where id = ${id} and claim_id = ${claim_id}`;
  return count === 1;
}

/** Records a post before it starts. False: the claim was lost, do not post. */
export async function beginMessage(
  db: Db,
  { id, claim_id }: Claim,
  channel: string,
  message: unknown,
): Promise<boolean> {
  const { count } = await db`
    update channel_messages set posting_at = now(), channel = ${channel},
      message = ${JSON.stringify(message)}::text::jsonb, claimed_until = ${lease(db)}
    where id = ${id} and claim_id = ${claim_id}`;
  return count === 1;
}

/** For a post that Slack is known to have refused. */
export async function endMessage(db: Db, { id, claim_id }: Claim): Promise<void> {
  await db`
    update channel_messages set posting_at = null where id = ${id} and claim_id = ${claim_id}`;
}

/** Recorded even when the claim was lost: it is in the channel. */
export async function saveSent(
  db: Db,
  { id }: Claim,
  { channel, ts }: { channel: string; ts: string },
): Promise<void> {
  await db`
    update channel_messages set channel = ${channel}, ts = ${ts}, sent_at = now(),
      posting_at = null, claim_id = null, claimed_until = null, failures = 0, last_error = null,
      stop_code = null
    where id = ${id} and sent_at is null`;
}

export async function releaseMessage(db: Db, { id, claim_id }: Claim): Promise<void> {
  await db`
    update channel_messages set claim_id = null, claimed_until = null
    where id = ${id} and claim_id = ${claim_id}`;
}

/** Another try after the back-off and `after` s; of a stopped one after PROBE_SECONDS, if at all. */
export async function failMessage(
  db: Db,
  { id, claim_id }: Claim,
  { why, code, after, retry }: {
    why: string;
    code: string | null;
    after?: number | undefined;
    retry: "later" | "probe" | "never";
  },
): Promise<void> {
  await db`
    update channel_messages set claim_id = null, claimed_until = null, last_error = ${why},
      stop_code = ${code}, failures = failures + 1, next_try_at = ${
    retry === "later"
      ? db`now() + ${backoff(db, "failures", after)}`
      : retry === "probe"
      ? db`now() + make_interval(secs => ${PROBE_SECONDS})`
      : null
  }
    where id = ${id} and claim_id = ${claim_id}`;
}

/** A cause that a person can remove is looked for once a minute, as for rows. */
const PROBE_SECONDS = 55;

export type State = {
  channel: string | null;
  ts: string | null;
  /** Until it is due; null: never. */
  seconds: number | null;
  is_claimed: boolean;
  last_error: string | null;
  stop_code: string | null;
};

export async function findState(db: Db, key: string): Promise<State | undefined> {
  const [row] = await db<State[]>`
    select channel, ts, last_error, stop_code,
      extract(epoch from next_try_at - now())::float8 as seconds,
      coalesce(claimed_until > now(), false) as is_claimed
    from channel_messages where key = ${key}`;
  return row;
}
