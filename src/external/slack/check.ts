import { z } from "zod";
import type { Connection } from "./call.ts";

export const SCOPES = ["chat:write", "files:write", "files:read", "channels:history"] as const;

const Authorized = z.object({
  response_metadata: z.object({ scopes: z.array(z.string()).optional() }).optional(),
});
const ChannelInfo = z.object({
  channel: z.object({ name: z.string().default(""), is_member: z.boolean().default(true) }),
});

export async function checkToken({ call }: Connection, signal: AbortSignal) {
  const { response_metadata } = await call("auth.test", {}, Authorized, signal);
  return { scopes: response_metadata?.scopes };
}

export async function checkChannel({ call, channel }: Connection, signal: AbortSignal) {
  return (await call("conversations.info", { channel }, ChannelInfo, signal)).channel;
}
