import { SocketModeClient, type SocketModeOptions } from "@slack/socket-mode";
import { z } from "zod";
import { once, orAborted, within } from "../../abort.ts";
import { loggedCall } from "../../log/call.ts";
import { baseOf, SILENT } from "../call.ts";
import { type End, endedBy, explain } from "./refusals.ts";

const Message = z.discriminatedUnion("type", [
  z.object({ type: z.literal("hello") }),
  z.object({ type: z.literal("disconnect"), reason: z.string().catch("") }),
  z.object({
    type: z.enum(["interactive", "slash_commands"]),
    envelope_id: z.string().min(1),
    payload: z.looseObject({}),
  }),
  z.object({
    type: z.literal("events_api"),
    envelope_id: z.string().min(1),
    payload: z.looseObject({ event: z.looseObject({ type: z.string() }) }),
  }),
]);

export type Envelope = {
  envelope_id: string;
  type: "interactive" | "slash_commands" | "events_api";
  payload: Record<string, unknown>;
};
/** The envelope is acknowledged once this resolves; where it throws, Slack delivers it again. */
export type Take = (envelope: Envelope) => Promise<void>;
export type Options = { app_token: string; apiUrl: string; timeoutMs: number };
export type Connection = { ended: Promise<End>; gone: Promise<unknown>; close(): Promise<void> };

const PING_MS = 5_000;
/** The other side may never answer a close frame. */
const CLOSE_MS = 500;

/** Opens one connection; resolves with Slack's `hello`. Throws ExternalError. */
export async function connect(
  options: Options,
  take: Take,
  signal: AbortSignal,
): Promise<Connection> {
  const { promise: ended, resolve: end } = Promise.withResolvers<End>();
  const client = new Client(clientOptions(options, signal), (reason) => end(endedBy(reason)));
  const gone = new Promise((resolve) => client.on("disconnected", resolve));
  gone.then(() => end(endedBy("lost")));
  client.on("slack_event", async ({ ack, envelope_id, type, body }) => {
    try {
      await take({ envelope_id, type, payload: body });
      await ack();
    } catch { /* not acknowledged: delivered again */ }
  });
  const close = once(async () => {
    const closed = client.disconnect();
    if (await within(CLOSE_MS, closed)) return;
    client.websocket?.disconnect(); // a second time: waits for nobody
    await within(CLOSE_MS, closed);
  });
  const limit = AbortSignal.any([signal, AbortSignal.timeout(2 * options.timeoutMs)]);
  try {
    await loggedCall("Slack", "apps.connections.open", false, async () => {
      try {
        await orAborted(client.start(), limit);
      } catch (error) {
        throw explain(error);
      }
    });
  } catch (error) {
    await close();
    throw error;
  }
  return { ended, gone, close };
}

class Client extends SocketModeClient {
  constructor(options: SocketModeOptions, readonly disconnecting: (reason: string) => void) {
    super(options);
  }

  /** The client would throw on a malformed message, and be deaf from a `disconnect` on. */
  protected override async onWebSocketMessage(data: string | ArrayBuffer, isBinary: boolean) {
    const message = typeof data === "string" && !isBinary ? messageIn(data) : undefined;
    if (message?.type === "disconnect") return this.disconnecting(message.reason);
    if (message) await super.onWebSocketMessage(data, isBinary);
  }
}

function messageIn(text: string): z.infer<typeof Message> | undefined {
  try {
    return Message.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

function clientOptions({ app_token, apiUrl, timeoutMs }: Options, signal: AbortSignal) {
  return {
    appToken: app_token,
    autoReconnectEnabled: false,
    clientPingTimeout: PING_MS,
    logger: SILENT,
    clientOptions: {
      slackApiUrl: baseOf(apiUrl),
      retryConfig: { retries: 0 },
      rejectRateLimitedCalls: true,
      timeout: timeoutMs,
      fetch: (url: string | URL, init?: RequestInit) =>
        fetch(url, {
          ...init,
          signal: AbortSignal.any([signal, ...(init?.signal ? [init.signal] : [])]),
        }),
    },
  };
}
