import { ExternalError } from "../../errors.ts";
import { pause } from "../../external/abort.ts";
import type { Sql } from "../../external/postgres/postgres.ts";
import type { MessageRef, Metadata, SentMessage } from "../../external/slack/post.ts";
import { UNCHANGEABLE } from "../../external/slack/refusals.ts";
import type { Slack } from "../../external/slack/slack.ts";
import { ClaimLost } from "../attempt.ts";
import * as store from "../messages_store.ts";
import type { Claim } from "../row.ts";
import type { Target } from "./target.ts";

const EVENT = "dashkeeper_dashboard";
export type Payload = { installation: string; dashboard_id: number; run: number };
export type Sent = MessageRef & { thread_ts: string | null };

export const metadataOf = (event_payload: Payload): Metadata => {
  return { event_type: EVENT, event_payload };
};

const codeOf = (error: unknown) => error instanceof ExternalError ? error.more.code : undefined;

/** Slack's limit for each channel is "about one a second"; a hair more keeps clear of it. */
const SPACING_MS = 1_100;

/** The trace of a post. `begin` returns false where the claim was lost: do not post. */
export type Trace = {
  begin(message: Pick<SentMessage, "text" | "blocks">): Promise<boolean>;
  end(): Promise<void>;
};

/**
 * Posts once, when it is the channel's turn: the trace is written before the call, and removed only where
 * Slack took nothing.
 */
export async function postTraced(
  db: Sql,
  { channel, spacingMs = SPACING_MS, in: connect }: Target,
  trace: Trace,
  message: SentMessage,
  signal: AbortSignal,
): Promise<MessageRef> {
  const { text, blocks } = message;
  await pause(await store.reservePost(db, channel, spacingMs), signal);
  if (!await trace.begin({ text, blocks })) throw new ClaimLost();
  try {
    return await connect(channel).post(message, signal);
  } catch (error) {
    const code = codeOf(error) ?? "ambiguous";
    if (code !== "ambiguous") await trace.end();
    throw error;
  }
}

/** Posts a run's message. */
export async function post(
  db: Sql,
  target: Target,
  claim: Claim,
  { thread_ts, broadcast }: { thread_ts: string | null; broadcast: boolean },
  message: SentMessage,
  signal: AbortSignal,
): Promise<Sent> {
  const to = { channel: target.channel, thread_ts };
  const trace: Trace = {
    begin: (message) => store.beginPosting(db, claim, to, message),
    end: () => store.endPosting(db, claim),
  };
  const thread = thread_ts === null ? undefined : { thread_ts, broadcast };
  return { ...await postTraced(db, target, trace, { ...message, thread }, signal), thread_ts };
}

const UNCLEAR = "Slack may have this message already, and the channel cannot be searched for it.";
const SEARCHABLE =
  "With the scope channels:history (groups:history for a private channel) Dashkeeper checks by itself.";
const PRESS = 'Check the channel, then press "It is in the channel" or "Post".';

export type Posting = Pick<store.Run, "posting_at" | "posting_channel" | "posting_thread"> & {
  slack_message?: unknown;
};

/** Not found yet: Slack's history may lack the newest messages for some seconds. */
const EARLY = "early";
const EARLY_MESSAGE =
  "Slack's answer to this message was lost. Searching the channel again before it is sent again.";

/** Slack asked for a pause with the token; 0: it did not. */
export function pauseAskedBy({ more }: ExternalError): number {
  return more.code === EARLY ? 0 : more.retryAfterSeconds ?? 0;
}

/**
 * The message of a post whose answer was not seen; undefined: Slack did not take it, or none was begun.
 * `advice`: what a person can do where the channel cannot be searched.
 */
export async function findPosted(
  connect: (channel: string) => Slack,
  posting: Posting,
  { event_type, event_payload }: Metadata,
  signal: AbortSignal,
  advice = PRESS,
): Promise<Sent | undefined> {
  const { posting_at, posting_channel, posting_thread: thread_ts } = posting;
  if (!posting_at || !posting_channel) return undefined;
  const oldest = new Date(posting_at);
  const slack = connect(posting_channel);
  try {
    const { text } = posting.slack_message as { text?: string } | null ?? {};
    const found = await slack.find(event_type, event_payload, oldest, signal, { thread_ts, text });
    if (found) return { ...found, thread_ts };
  } catch (error) {
    if (codeOf(error) === "thread_not_found") return undefined;
    if (!["missing_scope", "too_many_messages"].includes(codeOf(error) ?? "")) throw error;
    const message = `${UNCLEAR} ${advice} ${SEARCHABLE}`;
    throw new ExternalError("Slack", message, true, { code: "post_unclear" });
  }
  const retryAfterSeconds = (oldest.getTime() + slack.certainAfterMs - Date.now()) / 1000;
  if (retryAfterSeconds <= 0) return undefined;
  throw new ExternalError("Slack", EARLY_MESSAGE, false, { code: EARLY, retryAfterSeconds });
}

/** The thread that the message `ts` begins, if that is still in the channel. */
export async function openThread(
  slack: Slack,
  ts: string | undefined,
  signal: AbortSignal,
): Promise<string | null> {
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
