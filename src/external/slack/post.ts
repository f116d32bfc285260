import { z } from "zod";
import type { Connection } from "./call.ts";
import { withNames } from "./invite.ts";

export type Block = { type: string; [field: string]: unknown };
export type Metadata = { event_type: string; event_payload: Record<string, string | number> };
/** A posted message: the channel's ID, and the time that is the message's own ID. */
export type MessageRef = { channel: string; ts: string };

export type SentMessage = {
  text: string;
  blocks: Block[];
  metadata: Metadata;
  /** The thread that it goes into; a broadcast shows it to the channel as well. */
  thread?: { thread_ts: string; broadcast: boolean } | undefined;
};

const Posted = z.object({ channel: z.string(), ts: z.string() });

/**
 * `more.code` of the error: "ambiguous" (Slack may have posted it), "file_not_ready" (the file cannot be
 * shown in a message, or not yet).
 */
export async function post(
  connection: Connection,
  { text, blocks, metadata, thread }: SentMessage,
  signal: AbortSignal,
): Promise<MessageRef> {
  const { call, channel } = connection;
  const message = {
    channel,
    text,
    blocks,
    metadata,
    ...(thread ? { thread_ts: thread.thread_ts, reply_broadcast: thread.broadcast } : {}),
    mrkdwn: false, // `text` holds names that are not markup
    unfurl_links: false,
    unfurl_media: false,
  };
  try {
    return await call("chat.postMessage", message, Posted, signal);
  } catch (error) {
    throw await withNames(connection, error, signal);
  }
}

/** Replaces a posted message in place; `more.code` may be "file_not_ready", as in post(). */
export async function update(
  { call }: Connection,
  { channel, ts }: MessageRef,
  { text, blocks, metadata }: SentMessage,
  signal: AbortSignal,
): Promise<void> {
  await call("chat.update", { channel, ts, text, blocks, metadata }, z.unknown(), signal);
}
