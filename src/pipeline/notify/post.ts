import { ExternalError } from "../../errors.ts";
import { pause } from "../../external/abort.ts";
import type { Sql } from "../../external/postgres/postgres.ts";
import type { MessageRef, SentMessage } from "../../external/slack/post.ts";
import { UNCHANGEABLE } from "../../external/slack/refusals.ts";
import type { Slack } from "../../external/slack/slack.ts";
import { ClaimLost } from "../attempt.ts";
import * as store from "../messages_store.ts";
import type { Claim } from "../row.ts";

export const EVENT = "dashkeeper_dashboard";
export type Payload = { installation: string; dashboard_id: number; run: number };
export type Sent = MessageRef & { thread_ts: string | null };

const codeOf = (error: unknown) => error instanceof ExternalError ? error.more.code : undefined;

/** Slack's limit for each channel is "about one a second"; a hair more keeps clear of it. */
const SPACING_MS = 1_050;

/** Posts once: the trace is written before the call, and removed only where Slack took nothing. */
export async function post(
  db: Sql,
  slack: Slack,
  claim: Claim,
  to: store.Destination & { broadcast: boolean; spacingMs?: number | undefined },
  message: SentMessage,
  signal: AbortSignal,
): Promise<Sent> {
  const { text, blocks } = message;
  await pause(await store.reservePost(db, to.channel, to.spacingMs ?? SPACING_MS), signal);
  const { thread_ts, broadcast } = to;
  if (!await store.beginPosting(db, claim, to, { text, blocks })) throw new ClaimLost();
  try {
    const thread = thread_ts === null ? undefined : { thread_ts, broadcast };
    return { ...await slack.post({ ...message, thread }, signal), thread_ts };
  } catch (error) {
    const code = codeOf(error) ?? "ambiguous";
    if (code !== "ambiguous") await store.endPosting(db, claim);
    throw error;
  }
}

const UNCLEAR =
  'Slack may have this message already, and the channel cannot be searched for it. Check the channel, then press "It is in the channel" or "Post". With the scope channels:history (groups:history for a private channel) Dashkeeper checks by itself.';

/** The message of a post whose answer was not seen; undefined: Slack did not take it, or none was begun. */
export async function findPosted(
  connect: (channel: string) => Slack,
  run: store.Run,
  payload: Payload,
  signal: AbortSignal,
): Promise<Sent | undefined> {
  const { posting_at, posting_channel, posting_thread: thread_ts } = run;
  if (!posting_at || !posting_channel) return undefined;
  const oldest = new Date(posting_at);
  try {
    const found = await connect(posting_channel).find(EVENT, payload, oldest, signal, thread_ts);
    return found && { ...found, thread_ts };
  } catch (error) {
    if (codeOf(error) === "thread_not_found") return undefined;
    if (!["missing_scope", "too_many_messages"].includes(codeOf(error) ?? "")) throw error;
    throw new ExternalError("Slack", UNCLEAR, true, { code: "post_unclear" });
  }
}

/** The thread of the table's first message, if that is still in the channel. */
export async function findOpenThread(
  db: Sql,
  slack: Slack,
  claim: Claim,
  channel: string,
  signal: AbortSignal,
): Promise<string | null> {
  const ts = await store.findThread(db, claim, channel);
  if (ts === undefined) return null;
  try {
    return await slack.isThere(ts, signal) ? ts : null;
  } catch (error) {
    if (codeOf(error) === "missing_scope") return ts;
    throw error;
  }
}

/** Corrects a posted message in place. Where Slack will never allow that, returns why. */
export async function update(
  db: Sql,
  slack: Slack,
  claim: Claim,
  posted: MessageRef,
  message: SentMessage,
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    await slack.update(posted, message, signal);
  } catch (error) {
    if (!(error instanceof ExternalError)) throw error;
    if (UNCHANGEABLE.includes(error.more.code ?? "")) return error.message;
    if (error.more.code === "file_not_ready") await store.saveSlackFile(db, claim, null);
    throw error;
  }
}
