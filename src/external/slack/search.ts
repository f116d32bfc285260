import { z } from "zod";
import type { Connection } from "./call.ts";
import { slackError } from "./errors.ts";
import type { MessageRef, Metadata } from "./post.ts";

/** 200 messages a page: 10,000 messages, one minute of a tier 3 method. */
const MOST_PAGES = 50;
/** Slack dates a message by its own clock, `oldest` is by ours. */
const CLOCKS_DIFFER_SECONDS = 300;

const History = z.object({
  messages: z.array(z.object({
    ts: z.string(),
    text: z.string().optional(),
    subtype: z.string().optional(),
    metadata: z.object({
      event_type: z.string().optional(),
      event_payload: z.record(z.string(), z.unknown()).optional(),
    }).optional(),
  })),
  response_metadata: z.object({ next_cursor: z.string().optional() }).optional(),
});

/**
 * The message with this event_type, posted since `oldest`, whose payload contains `payload`: in the
 * channel, or among the replies of the thread `thread_ts`. One shown without any metadata is known by its
 * text.
 */
export async function find(
  { call, channel }: Connection,
  event_type: string,
  payload: Metadata["event_payload"],
  oldest: Date,
  signal: AbortSignal,
  { thread_ts, text }: { thread_ts?: string | null; text?: string | undefined } = {},
): Promise<MessageRef | undefined> {
  const method = thread_ts ? "conversations.replies" : "conversations.history";
  let cursor: string | undefined;
  for (let page = 0; page < MOST_PAGES; page++) {
    const args = {
      channel,
      ...(thread_ts ? { ts: thread_ts } : {}),
      oldest: String(Math.max(0, oldest.getTime() / 1_000 - CLOCKS_DIFFER_SECONDS)),
      include_all_metadata: true,
      limit: 200,
      cursor,
    };
    const { messages, response_metadata } = await call(method, args, History, signal);
    const found = messages.find(({ metadata, text: shown }) =>
      metadata === undefined
        ? shown !== undefined && shown === text
        : metadata.event_type === event_type &&
          Object.entries(payload).every(([name, value]) => metadata.event_payload?.[name] === value)
    );
    if (found) return { channel, ts: found.ts };
    cursor = response_metadata?.next_cursor;
    if (!cursor) return undefined;
  }
  throw slackError({
    message:
      "The channel has more than 10,000 newer messages, so Dashkeeper could not search all of them.",
    permanent: true,
    code: "too_many_messages",
  });
}

/** Whether the message is in the channel. A deleted one with replies is kept as a "tombstone". */
export async function isThere(
  { call, channel }: Connection,
  ts: string,
  signal: AbortSignal,
): Promise<boolean> {
  const args = { channel, oldest: ts, latest: ts, inclusive: true, limit: 1 };
  const { messages } = await call("conversations.history", args, History, signal);
  return messages.some((message) => message.ts === ts && message.subtype !== "tombstone");
}
