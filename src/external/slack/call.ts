import slack from "@slack/web-api";
import type { z } from "zod";
import { explain, slackError, STOPPED } from "./errors.ts";
import { loggedCall } from "../log/call.ts";

/** One connection: its channel, and one call of Slack's API, whose answer has the schema's shape. */
export type Connection = {
  channel: string;
  timeoutMs: number;
  call<T>(
    method: string,
    args: Record<string, unknown>,
    answer: z.ZodType<T>,
    signal: AbortSignal,
  ): Promise<T>;
};

type Login = { token: string; apiUrl: string | undefined; timeoutMs: number };

/** The client's log lines carry foreign text and, at debug level, whole messages. */
export const SILENT = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  setLevel() {},
  setName() {},
  getLevel: () => slack.LogLevel.ERROR,
};

/** One call of Slack's API, sent once. Throws ExternalError, also when `signal` is aborted. */
export async function call<T>(
  login: Login,
  method: string,
  args: Record<string, unknown>,
  answer: z.ZodType<T>,
  signal: AbortSignal,
): Promise<T> {
  if (signal.aborted) throw slackError(STOPPED);
  return await loggedCall("Slack", method, WRITES.test(method), async () => {
    try {
      return answer.parse(await clientOf(login, method, signal).apiCall(method, args));
    } catch (error) {
      throw slackError(signal.aborted ? { ...STOPPED, unsure: true } : explain(error), method);
    }
  });
}

const WRITES = /^chat\.|^files\.completeUpload/;

/** What must not arrive twice: `fetch` repeats a POST whose kept-alive connection closes unanswered. */
const ONCE = ["chat.postMessage"];
export const withoutKeepAlive = Deno.createHttpClient({ poolMaxIdlePerHost: 0 });

/** As the client takes it: with a slash at the end. */
export const baseOf = (apiUrl: string) => `${apiUrl.replace(/\/+$/, "")}/`;

/** The client takes no signal, its fetch does. One client for each call costs 0.05 ms. */
function clientOf({ token, apiUrl, timeoutMs }: Login, method: string, signal: AbortSignal) {
  const client = ONCE.includes(method) ? { client: withoutKeepAlive } : {};
  return new slack.WebClient(token, {
    ...(apiUrl ? { slackApiUrl: baseOf(apiUrl) } : {}),
    timeout: timeoutMs,
    retryConfig: { retries: 0 }, // a retried 500 can post twice
    rejectRateLimitedCalls: true,
    logger: SILENT,
    fetch: async (url, init) => {
      const stop = AbortSignal.any([signal, ...(init?.signal ? [init.signal] : [])]);
      const response = await fetch(url, { ...init, ...client, signal: stop });
      if (response.status === 429) await response.body?.cancel(); // the client leaves it open
      return response;
    },
  });
}
