import { z } from "zod";
import { ExternalError } from "../../errors.ts";
import type { Connection } from "./call.ts";
import { lackingScope, notInChannel } from "./refusals.ts";
import { SCOPES } from "./scopes.ts";

/** Their letters alone: a name is put into our sentences. */
const Name = (letters: RegExp) => z.string().regex(letters).optional().catch(undefined);
const Authorized = z.object({
  user: Name(/^[\w.-]{1,80}$/),
  team_id: Name(/^\w{1,80}$/),
  response_metadata: z.object({ scopes: z.array(z.string()).optional() }).optional(),
});
const ChannelInfo = z.object({
  channel: z.object({
    name: Name(/^[\p{L}\p{N}_-]{1,80}$/u).default(""),
    is_member: z.boolean().default(true),
  }),
});

export async function checkToken({ call }: Connection, signal: AbortSignal) {
  const answer = await call("auth.test", {}, Authorized, signal);
  const { response_metadata, user: app, team_id } = answer;
  return { scopes: response_metadata?.scopes, app, team_id };
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
  faults: { part: "token" | "channel" | "upload"; error: ExternalError }[];
};

/** Checks token, scopes, channel and upload without posting anything. Throws what is no ExternalError. */
export async function inspect(connection: Connection, signal: AbortSignal): Promise<SlackState> {
  const state: SlackState = {
    ...{ scopes: null, missing: [], channel: null, is_member: null, can_upload: null },
    faults: [],
  };
  const noted = (part: SlackState["faults"][0]["part"]) => (error: unknown) => {
    if (!(error instanceof ExternalError)) throw error;
    state.faults.push({ part, error });
    return undefined;
  };
  const token = await checkToken(connection, signal).catch(noted("token"));
  if (!token) return state;
  state.scopes = token.scopes ?? null;
  state.missing = token.scopes ? SCOPES.filter((scope) => !token.scopes!.includes(scope)) : [];
  const channel = await lookAtChannel(connection, signal).catch(noted("channel"));
  if (channel) {
    state.channel = channel.name;
    state.is_member = channel.is_member;
    if (!channel.is_member) {
      const message = notInChannel(channel.name, token.app);
      noted("channel")(new ExternalError("Slack", message, true, { code: "not_in_channel" }));
    }
  }
  if (!state.missing.includes("files:write")) {
    state.can_upload = await mayUpload(connection, signal).catch(noted("upload")) ?? false;
  }
  return state;
}

/** What does not work, as sentences. */
export const warningsOf = ({ missing, faults }: SlackState): string[] => [
  ...missing.map(lackingScope),
  ...faults.map(({ error }) => error.message),
];

/** Without channels:read the channel's history shows whether the app is in it. Undefined: neither is allowed. */
async function lookAtChannel(connection: Connection, signal: AbortSignal) {
  const { call, channel } = connection;
  try {
    return await checkChannel(connection, signal);
  } catch (error) {
    if (!hasCode(error, "missing_scope")) throw error;
  }
  try {
    await call("conversations.history", { channel, limit: 1 }, z.unknown(), signal);
    return { name: null, is_member: true };
  } catch (error) {
    if (hasCode(error, "not_in_channel")) return { name: null, is_member: false };
    if (!hasCode(error, "missing_scope")) throw error;
  }
}

const hasCode = (error: unknown, code: string) =>
  error instanceof ExternalError && error.more.code === code;

/** Asks for an upload address and leaves it unused: that makes no file. */
async function mayUpload({ call }: Connection, signal: AbortSignal): Promise<true> {
  const args = { filename: "dashkeeper.gif", length: 1 };
  await call("files.getUploadURLExternal", args, z.unknown(), signal);
  return true;
}
