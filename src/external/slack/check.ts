import { z } from "zod";
import { ExternalError } from "../../errors.ts";
import type { Connection } from "./call.ts";
import { lackingScope, PERMANENT } from "./refusals.ts";

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

export type SlackState = {
  /** What the token may do; null: not known. */
  scopes: string[] | null;
  missing: string[];
  channel: string | null;
  is_member: boolean | null;
  can_upload: boolean | null;
  /** What does not work, as sentences. */
  warnings: string[];
};

/** Checks token, scopes, channel and upload without posting anything. Throws what is no ExternalError. */
export async function inspect(connection: Connection, signal: AbortSignal): Promise<SlackState> {
  const state: SlackState = {
    ...{ scopes: null, missing: [], channel: null, is_member: null, can_upload: null },
    warnings: [],
  };
  const warn = (error: unknown) => {
    if (!(error instanceof ExternalError)) throw error;
    state.warnings.push(error.message);
    return undefined;
  };
  const token = await checkToken(connection, signal).catch(warn);
  if (!token) return state;
  state.scopes = token.scopes ?? null;
  state.missing = token.scopes ? SCOPES.filter((scope) => !token.scopes!.includes(scope)) : [];
  state.warnings.push(...state.missing.map(lackingScope));
  const channel = await checkChannel(connection, signal).catch((error) =>
    isScopeMissing(error) ? undefined : warn(error)
  );
  if (channel) {
    state.channel = channel.name;
    state.is_member = channel.is_member;
    if (!channel.is_member) state.warnings.push(PERMANENT.not_in_channel!);
  }
  if (!state.missing.includes("files:write")) {
    state.can_upload = await mayUpload(connection, signal).catch(warn) ?? false;
  }
  return state;
}

const isScopeMissing = (error: unknown) =>
  error instanceof ExternalError && error.more.code === "missing_scope";

/** Asks for an upload address and leaves it unused: that makes no file. */
async function mayUpload({ call }: Connection, signal: AbortSignal): Promise<true> {
  const args = { filename: "dashkeeper.gif", length: 1 };
  await call("files.getUploadURLExternal", args, z.unknown(), signal);
  return true;
}
