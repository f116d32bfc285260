import { z } from "zod";
import { ExternalError } from "../../errors.ts";
import type { Connection } from "./call.ts";
import type { Block, MessageRef } from "./post.ts";

const REFUSED =
  'Slack does not take the preview of a link. Is its domain among the "App unfurl domains" under "Event Subscriptions"?';

/** Shows blocks under the links of a message, by the links as Slack wrote them. */
export async function unfurl(
  { call }: Connection,
  { channel, ts }: MessageRef,
  unfurls: Record<string, { blocks: Block[] }>,
  signal: AbortSignal,
): Promise<void> {
  try {
    await call("chat.unfurl", { channel, ts, unfurls }, z.unknown(), signal);
  } catch (error) {
    const code = error instanceof ExternalError ? error.more.code : undefined;
    if (!code?.startsWith("cannot_")) throw error;
    throw new ExternalError("Slack", REFUSED, true, { code });
  }
}
