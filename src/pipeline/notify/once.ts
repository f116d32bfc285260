import { ExternalError } from "../../errors.ts";
import { asExternal, type Sql } from "../../external/postgres/postgres.ts";
import { LIMITED } from "../../external/slack/errors.ts";
import type { MessageRef, SentMessage } from "../../external/slack/post.ts";
import { logFailure } from "../../external/log/failure.ts";
import { logHere } from "../../external/log/log.ts";
import { RECOVERABLE } from "../../external/slack/refusals.ts";
import { ClaimLost, holding } from "../attempt.ts";
import { pauseOf, pauseToken } from "../messages_store.ts";
import * as store from "./once_store.ts";
import { findPosted, pauseAskedBy, postTraced, type Trace } from "./post.ts";
import type { Target } from "./target.ts";

type Deps = { db: Sql; installation: string };

/** A message that belongs to no single run. */
export type ChannelMessage = {
  /** What it is: it is posted once for each key. */
  key: string;
  event_type: string;
  /** Called only for a post that is about to be made. */
  compose(): Promise<Pick<SentMessage, "text" | "blocks">>;
};

/** A stopped message is tried again by a later call once its cause may be gone, or at another target. */
export type Delivery =
  | { state: "sent" } & MessageRef
  | { state: "waiting"; seconds: number; why: string | null }
  | { state: "stopped"; why: string; code: string };

/** While another worker posts it. */
const BUSY_SECONDS = 2;
const NOT_AGAIN = "It is not posted again.";

/** Posts a message once, in however many processes and however often this is called for its key. */
export async function postOnce(
  { db, installation }: Deps,
  message: ChannelMessage,
  target: Target,
  signal: AbortSignal,
): Promise<Delivery> {
  const { key, event_type, compose } = message;
  const paused = await pauseOf(db, target.token_hash);
  const claim = paused > 0 ? undefined : await store.claimMessage(db, {
    ...{ key, event_type, slack_target: target.target_hash },
  });
  if (claim) {
    const metadata = { event_type, event_payload: { installation, message_id: claim.id } };
    await recorded({ db, claim, target, event_type }, signal, async (signal) => {
      const { posting_at, channel: posting_channel } = claim;
      const posting = { posting_at, posting_channel, posting_thread: null };
      const found = await findPosted(target.in, posting, metadata, signal, NOT_AGAIN);
      if (found) return found;
      const { channel } = target;
      const trace: Trace = {
        begin: (composed) => store.beginMessage(db, claim, channel, composed),
        end: () => store.endMessage(db, claim),
      };
      return await postTraced(db, target, trace, { ...await compose(), metadata }, signal);
    });
  }
  return deliveryOf(await store.findState(db, key), paused);
}

/** Posts by `work` while the claim holds, and records what became of it. */
async function recorded(
  { db, claim, target, event_type }: {
    db: Sql;
    claim: store.Claimed;
    target: Target;
    event_type: string;
  },
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<MessageRef>,
): Promise<void> {
  try {
    const sent = await holding(() => store.renewMessage(db, claim), signal, work);
    await store.saveSent(db, claim, sent);
  } catch (thrown) {
    if (signal.aborted) return await store.releaseMessage(db, claim);
    if (thrown instanceof ClaimLost) return;
    const error = asExternal(thrown);
    if (!(error instanceof ExternalError)) {
      const why = "Unexpected error. Check the log.";
      await store.failMessage(db, claim, { why, code: null, retry: "later" });
      throw error;
    }
    const { message: why, permanent, more: { code = "refused", retryAfterSeconds: after } } = error;
    const seconds = pauseAskedBy(error);
    if (seconds > 0) await pauseToken(db, target.token_hash, seconds);
    const retry = !permanent ? "later" : RECOVERABLE.includes(code) ? "probe" : "never";
    await store.failMessage(db, claim, { why, after, retry, code: permanent ? code : null });
    const what = `A message failed and ${permanent ? "stopped" : "is retried"}.`;
    logFailure(logHere(), what, error, { message_id: claim.id, event_type });
  }
}

function deliveryOf(state: store.State | undefined, paused: number): Delivery {
  if (!state) return { state: "waiting", seconds: paused, why: LIMITED };
  const { channel, ts, seconds, is_claimed, last_error, stop_code } = state;
  if (channel && ts) return { state: "sent", channel, ts };
  if (stop_code && last_error) return { state: "stopped", why: last_error, code: stop_code };
  const wait = is_claimed ? BUSY_SECONDS : Math.max(seconds ?? 0, 0);
  return { state: "waiting", seconds: Math.max(wait, paused), why: last_error };
}
