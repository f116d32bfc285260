import { pause } from "./abort.ts";
import slack from "@slack/web-api";
import { z } from "zod";
import { ExternalError } from "../errors.ts";

/** One Block Kit block, as `chat.postMessage` takes it. */
export type Block = { type: string; [field: string]: unknown };
export type Metadata = { event_type: string; event_payload: Record<string, string | number> };
/** Where a message stands: a channel's ID and the time that is the message's own ID. */
export type Place = { channel: string; ts: string };

/** The one channel that Dashkeeper tells. Every function throws an `ExternalError`. */
export type Slack = {
  /**
   * Uploads a file that only a message can show; resolves with its ID once Slack has processed it
   * (before that a message that names it is refused).
   */
  upload(
    file: { bytes: Uint8Array; filename: string; title: string; alt_text: string },
    signal: AbortSignal,
  ): Promise<string>;
  /**
   * Posts one message. `more.code` is "ambiguous" when it is unknown whether Slack took it
   * (`find` tells), "file_not_ready" when Slack cannot show a file of it (upload it anew).
   */
  post(
    message: { text: string; blocks: Block[]; metadata: Metadata },
    signal: AbortSignal,
  ): Promise<Place>;
  /** The message with this event_type, posted since `oldest`, whose payload holds all of `payload`. */
  find(
    event_type: string,
    payload: Metadata["event_payload"],
    oldest: Date,
    signal: AbortSignal,
  ): Promise<Place | undefined>;
  /** Whether Slack takes the token: the scopes that it has, where Slack says so. */
  checkToken(signal: AbortSignal): Promise<{ scopes: string[] | undefined }>;
  /** Whether the channel is there, and the app in it. */
  checkChannel(signal: AbortSignal): Promise<{ name: string; is_member: boolean }>;
};

/** What a token must be allowed to do. */
export const SCOPES = ["chat:write", "files:write", "files:read", "channels:history"] as const;

export type SlackOptions = {
  /** A bot token with the scopes chat:write, files:write, files:read, channels:history. */
  token: string;
  /** The channel's ID (C…), not its name. */
  channel: string;
  apiUrl?: string;
  /** The limit for one call; a file's bytes get six times, its processing twice as long. */
  timeoutMs?: number;
};

/** Connects to one workspace and channel; nothing is sent before the first call. */
export function connectSlack({ token, channel, apiUrl, timeoutMs = 10_000 }: SlackOptions): Slack {
  async function call<T>(
    method: string,
    args: Record<string, unknown>,
    answer: z.ZodType<T>,
    signal: AbortSignal,
  ): Promise<T> {
    if (signal.aborted) throw told(STOPPED);
    // The client takes no signal, its fetch does. One client for each call costs 0.05 ms.
    const client = new slack.WebClient(token, {
      slackApiUrl: apiUrl,
      timeout: timeoutMs,
      retryConfig: { retries: 0 }, // a retried 500 can post twice
      rejectRateLimitedCalls: true,
      logger: SILENT,
      fetch: async (url, init) => {
        const stop = AbortSignal.any([signal, ...(init?.signal ? [init.signal] : [])]);
        const response = await fetch(url, { ...init, signal: stop });
        if (response.status === 429) await response.body?.cancel(); // the client leaves it open
        return response;
      },
    });
    try {
      return answer.parse(await client.apiCall(method, args));
    } catch (error) {
      throw told(signal.aborted ? { ...STOPPED, unsure: true } : explain(error), method);
    }
  }

  async function processed(file: string, signal: AbortSignal) {
    const until = Date.now() + 2 * timeoutMs;
    for (let wait = 100;; wait = Math.min(2 * wait, 2_000)) {
      if ((await call("files.info", { file }, FileInfo, signal)).file.mimetype) return;
      if (Date.now() + wait > until) throw told(NOT_READY);
      await pause(wait, signal);
    }
  }

  return {
    async upload({ bytes, filename, title, alt_text }, signal) {
      const { upload_url, file_id } = await call(
        "files.getUploadURLExternal",
        {
          filename,
          length: bytes.length,
          alt_txt: Array.from(alt_text).slice(0, 1_000).join(""), // more is `alt_txt_too_large`
        },
        UploadUrl,
        signal,
      );
      await sendBytes(upload_url, bytes, AbortSignal.timeout(6 * timeoutMs), signal);
      const files = [{ id: file_id, title }];
      await call("files.completeUploadExternal", { files }, z.unknown(), signal);
      await processed(file_id, signal);
      return file_id;
    },

    post: ({ text, blocks, metadata }, signal) =>
      call(
        "chat.postMessage",
        {
          channel,
          text,
          blocks,
          metadata,
          mrkdwn: false, // `text` holds names that are not markup
          unfurl_links: false,
          unfurl_media: false,
        },
        Posted,
        signal,
      ),

    async find(event_type, payload, oldest, signal) {
      let cursor: string | undefined;
      for (let page = 0; page < MOST_PAGES; page++) {
        const { messages, response_metadata } = await call(
          "conversations.history",
          {
            channel,
            oldest: String(oldest.getTime() / 1_000 - CLOCKS_DIFFER_SECONDS),
            include_all_metadata: true,
            limit: 200,
            cursor,
          },
          History,
          signal,
        );
        const found = messages.find(({ metadata }) =>
          metadata?.event_type === event_type &&
          Object.entries(payload).every(([name, value]) => metadata.event_payload?.[name] === value)
        );
        if (found) return { channel, ts: found.ts };
        cursor = response_metadata?.next_cursor;
        if (!cursor) return undefined;
      }
      throw told({
        message:
          "The Slack channel has too many messages to look through for this one. Look whether it is there before you send it again.",
        permanent: true,
        code: "too_many_messages",
      });
    },

    async checkToken(signal) {
      const { response_metadata } = await call("auth.test", {}, Authorized, signal);
      return { scopes: response_metadata?.scopes };
    },

    async checkChannel(signal) {
      return (await call("conversations.info", { channel }, ChannelInfo, signal)).channel;
    },
  };
}

/** 200 messages a page: 10,000 messages, one minute of a tier 3 method. */
const MOST_PAGES = 50;
/** Slack dates a message by its own clock, `oldest` is by ours; the payload tells one from another. */
const CLOCKS_DIFFER_SECONDS = 300;

const UploadUrl = z.object({ upload_url: z.url(), file_id: z.string().min(1) });
const FileInfo = z.object({ file: z.object({ mimetype: z.string().nullish() }) });
const Posted = z.object({ channel: z.string(), ts: z.string() });
const Authorized = z.object({
  response_metadata: z.object({ scopes: z.array(z.string()).optional() }).optional(),
});
const ChannelInfo = z.object({
  channel: z.object({ name: z.string().default(""), is_member: z.boolean().default(true) }),
});
const History = z.object({
  messages: z.array(z.object({
    ts: z.string(),
    metadata: z.object({
      event_type: z.string().optional(),
      event_payload: z.record(z.string(), z.unknown()).optional(),
    }).optional(),
  })),
  response_metadata: z.object({ next_cursor: z.string().optional() }).optional(),
});

/** The client's log lines carry foreign text and, at debug level, whole messages. */
const SILENT = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  setLevel() {},
  setName() {},
  getLevel: () => slack.LogLevel.ERROR,
};

/** The upload host gets the bytes and nothing else: the client's own upload sends it the token. */
async function sendBytes(
  url: string,
  bytes: Uint8Array,
  timeout: AbortSignal,
  signal: AbortSignal,
) {
  let status: number;
  try {
    const response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/octet-stream" },
      body: new Uint8Array(bytes),
      redirect: "error",
      signal: AbortSignal.any([signal, timeout]),
    });
    status = response.status;
    await response.body?.cancel();
  } catch (error) {
    throw told(signal.aborted ? STOPPED : explain(error));
  }
  if (status !== 200) throw told(badStatus(status));
}

/** `unsure`: Slack may have done it all the same. */
type Failure = {
  message: string;
  permanent: boolean;
  code: string;
  retryAfterSeconds?: number;
  unsure?: boolean;
};

const STOPPED: Failure = {
  message: "The work with Slack was stopped before it ended.",
  permanent: false,
  code: "stopped",
};
const NOT_READY: Failure = {
  message: "Slack has not processed the picture yet. It is tried again.",
  permanent: false,
  code: "file_not_ready",
};

function told({ message, permanent, code, retryAfterSeconds, unsure }: Failure, method?: string) {
  const ambiguous = unsure && method === "chat.postMessage";
  return new ExternalError("Slack", message, permanent, {
    code: ambiguous ? "ambiguous" : code,
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
  });
}

function explain(error: unknown): Failure {
  if (error instanceof slack.WebAPIPlatformError) return refusal(error.data);
  if (error instanceof slack.WebAPIRateLimitedError) return rateLimited(error.retryAfter);
  if (error instanceof slack.WebAPIHTTPError) return badStatus(error.statusCode);
  if (error instanceof z.ZodError) return UNREADABLE;
  const original = error instanceof slack.WebAPIRequestError ? error.original : error;
  const { name, message: foreign, cause } = original instanceof Error ? original : new Error();
  if (foreign.startsWith("Retry header")) return rateLimited(); // a 429 without Retry-After
  if (name === "TimeoutError") {
    const message = "Slack did not answer in time. It is tried again.";
    return { message, permanent: false, code: "timeout", unsure: true };
  }
  if (String(cause).includes("client error (Connect)")) {
    const message = "Slack cannot be reached. Check the network from this machine to Slack.";
    return { message, permanent: false, code: "unreachable" };
  }
  const message = "The connection to Slack broke off. It is tried again.";
  return { message, permanent: false, code: "connection_lost", unsure: true };
}

const UNREADABLE: Failure = {
  message:
    "Something other than Slack's answer came back: a proxy in between, or Slack is disturbed. It is tried again.",
  permanent: false,
  code: "unreadable",
  unsure: true,
};

function rateLimited(retryAfterSeconds?: number): Failure {
  const message = "Slack asks for a pause: too many messages or calls. It is tried again.";
  return { message, permanent: false, code: "ratelimited", retryAfterSeconds };
}

function badStatus(status: number): Failure {
  if (status === 429) return rateLimited();
  const message = `Slack is disturbed (HTTP ${status}). It is tried again.`;
  return { message, permanent: false, code: `http_${status}`, unsure: status >= 500 };
}

type Refusal = {
  error: string;
  needed?: unknown;
  errors?: unknown;
  response_metadata?: { messages?: string[] };
};

/** What Slack's `ok: false` means. The codes: https://docs.slack.dev/reference/methods/chat.postMessage */
function refusal({ error: code, needed, errors, response_metadata }: Refusal): Failure {
  // A body that is not JSON stands, whole, where the code should.
  if (!/^[a-z][a-z0-9_]{1,59}$/.test(code)) return UNREADABLE;
  const details = JSON.stringify([errors, response_metadata?.messages]);
  if (code === "invalid_blocks" && /invalid slack file|downloading image failed/.test(details)) {
    return NOT_READY;
  }
  if (/^rate_?limited$|^message_limit_exceeded$/.test(code)) return { ...rateLimited(), code };
  if (code === "missing_scope") {
    const known = typeof needed === "string" && /^[a-z:.,_ ]{1,200}$/.test(needed);
    const what = known ? `the scope ${needed}` : "a scope";
    const message =
      `The Slack app lacks ${what}. Add it under "OAuth & Permissions" and install the app again.`;
    return { message, permanent: true, code };
  }
  const sentence = PERMANENT[code];
  if (sentence) return { message: sentence, permanent: true, code };
  // Slack on these two: "some aspect of the operation" may have succeeded before the error.
  const unsure = code === "internal_error" || code === "fatal_error";
  const message = `Slack could not do it now (${code}). It is tried again.`;
  return { message, permanent: false, code, unsure };
}

const NEW_TOKEN = "Slack does not accept the bot token. Put a current one into SLACK_BOT_TOKEN.";
const NOT_ALLOWED =
  "The workspace's rules forbid the Slack app this. Ask a workspace owner to allow it, or choose another channel.";
const NO_UPLOADS =
  "The workspace does not allow this upload. Ask a workspace owner to allow GIF files for the Slack app.";
const BAD_MESSAGE =
  "Slack refused the form of the message. Please report this as a fault of Dashkeeper";

/** Codes that stay until a person has changed something. Any other code passes or is unknown to us. */
const PERMANENT: Record<string, string> = {
  invalid_auth: NEW_TOKEN,
  not_authed: NEW_TOKEN,
  token_revoked: NEW_TOKEN,
  token_expired: NEW_TOKEN,
  account_inactive:
    "The Slack app was removed or its workspace is gone. Install the app again and put the new token into SLACK_BOT_TOKEN.",
  not_allowed_token_type:
    "Slack wants a bot token here (it begins with xoxb-). Set SLACK_BOT_TOKEN.",
  channel_not_found:
    "Slack knows no such channel, or it is private and the app is not in it. Set SLACK_CHANNEL_ID to the channel's ID (not its name) and invite the app: /invite @ and its name.",
  not_in_channel:
    "The Slack app is not in the channel. Invite the app to the channel: /invite @ and its name.",
  is_archived: "The Slack channel is archived. Unarchive it, or set SLACK_CHANNEL_ID to another.",
  restricted_action: NOT_ALLOWED,
  restricted_action_read_only_channel: NOT_ALLOWED,
  restricted_action_thread_only_channel: NOT_ALLOWED,
  posting_to_channel_denied: NOT_ALLOWED,
  no_permission: NOT_ALLOWED,
  access_denied: NOT_ALLOWED,
  accesslimited: NOT_ALLOWED,
  ekm_access_denied: NOT_ALLOWED,
  team_access_not_granted: NOT_ALLOWED,
  enterprise_is_restricted: NOT_ALLOWED,
  file_uploads_disabled: NO_UPLOADS,
  file_type_not_allowed: NO_UPLOADS,
  blocked_file_type: NO_UPLOADS,
  file_upload_size_restricted:
    "The picture is larger than the workspace allows. Lower CAPTURE_WIDTH, CAPTURE_HEIGHT or CAPTURE_FRAMES.",
  storage_limit_reached:
    "The workspace's file storage is full. Delete files there, or ask a workspace owner for more room.",
  msg_too_long: `${BAD_MESSAGE} (msg_too_long).`,
  msg_blocks_too_long: `${BAD_MESSAGE} (msg_blocks_too_long).`,
  invalid_blocks: `${BAD_MESSAGE} (invalid_blocks).`,
  invalid_blocks_format: `${BAD_MESSAGE} (invalid_blocks_format).`,
  invalid_arguments: `${BAD_MESSAGE} (invalid_arguments).`,
  invalid_metadata_format: `${BAD_MESSAGE} (invalid_metadata_format).`,
  metadata_too_large: `${BAD_MESSAGE} (metadata_too_large).`,
  no_text: `${BAD_MESSAGE} (no_text).`,
};
