import { ExternalError } from "../../errors.ts";
import { loggedCall } from "../log/call.ts";
import { withoutKeepAlive } from "./call.ts";
import { badStatus, explain, slackError, STOPPED } from "./errors.ts";

const HOOKS = "https://hooks.slack.com";

type Options = { apiUrl: string; timeoutMs?: number };

/** Answers a call at its response_url, which must be Slack's. Throws ExternalError. */
export async function respond(
  url: string,
  answer: object,
  { apiUrl, timeoutMs = 10_000 }: Options,
  signal: AbortSignal,
): Promise<void> {
  const origin = URL.canParse(url) ? new URL(url).origin : "";
  if (![HOOKS, new URL(apiUrl).origin].includes(origin)) {
    const message = "The call's response_url is not Slack's: it is not answered.";
    throw new ExternalError("Slack", message, true, { code: "foreign_response_url" });
  }
  await loggedCall("Slack", "response_url", true, async () => {
    const status = await send(url, answer, timeoutMs, signal);
    if (status === 200) return;
    const failure = badStatus(status);
    throw slackError({ ...failure, permanent: status >= 400 && status < 500 && status !== 429 });
  });
}

async function send(url: string, answer: object, timeoutMs: number, signal: AbortSignal) {
  try {
    const response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(answer),
      redirect: "error",
      client: withoutKeepAlive,
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
    });
    await response.body?.cancel();
    return response.status;
  } catch (error) {
    throw slackError(signal.aborted ? STOPPED : explain(error));
  }
}
