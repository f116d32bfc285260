import slack from "@slack/web-api";
import { z } from "zod";
import { ExternalError } from "../../errors.ts";
import { lacking, PERMANENT } from "./refusals.ts";

/** `unsure`: Slack may have done it although the call failed. */
export type Failure = {
  message: string;
  permanent: boolean;
  code: string;
  retryAfterSeconds?: number | undefined;
  unsure?: boolean;
};

const passing = (code: string, message: string, unsure = false): Failure => {
  return { message, permanent: false, code, unsure };
};

export const LIMITED = "Slack's rate limit is reached. Retrying.";
export const STOPPED = passing("stopped", "The call to Slack was cancelled.");
export const NOT_READY = passing("file_not_ready", "Slack is still processing the GIF. Retrying.");
export const LOST = passing("file_not_found", "Slack does not know the uploaded GIF. Retrying.");
const UNREADABLE = passing(
  "unreadable",
  "The answer did not come from Slack's API. Is a proxy in between? Retrying.",
  true,
);

/** The failure as an error; a post that may have happened has the code "ambiguous". */
export function slackError(failure: Failure, method?: string): ExternalError {
  const { message, permanent, code, retryAfterSeconds, unsure } = failure;
  const ambiguous = unsure && method === "chat.postMessage";
  return new ExternalError("Slack", message, permanent, {
    code: ambiguous ? "ambiguous" : code,
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
  });
}

export function explain(error: unknown): Failure {
  if (error instanceof slack.WebAPIPlatformError) return refusal(error.data);
  if (error instanceof slack.WebAPIRateLimitedError) return rateLimited(error.retryAfter);
  if (error instanceof slack.WebAPIHTTPError) return badStatus(error.statusCode);
  if (error instanceof z.ZodError) return UNREADABLE;
  const original = error instanceof slack.WebAPIRequestError ? error.original : error;
  const { name, message: foreign, cause } = original instanceof Error ? original : new Error();
  if (foreign.startsWith("Retry header")) return rateLimited(); // a 429 without Retry-After
  if (name === "TimeoutError") {
    return passing("timeout", "Slack did not answer in time. Retrying.", true);
  }
  if (String(cause).includes("client error (Connect)")) {
    return passing(
      "unreachable",
      "Slack cannot be reached. Check this machine's network. Retrying.",
    );
  }
  return passing("connection_lost", "The connection to Slack was lost. Retrying.", true);
}

function rateLimited(retryAfterSeconds?: number): Failure {
  return {
    ...passing("ratelimited", LIMITED),
    retryAfterSeconds,
  };
}

export function badStatus(status: number): Failure {
  if (status === 429) return rateLimited();
  return passing(`http_${status}`, `Slack returned HTTP ${status}. Retrying.`, status >= 500);
}

type Refusal = {
  error: string;
  needed?: unknown;
  errors?: unknown;
  response_metadata?: { messages?: string[] };
};

/** A reply with `ok: false`. The codes: https://docs.slack.dev/reference/methods/chat.postMessage */
function refusal({ error: code, needed, errors, response_metadata }: Refusal): Failure {
  // The client puts a body that is not JSON, whole, where the code should be.
  if (!/^[a-z][a-z0-9_]{1,59}$/.test(code)) return UNREADABLE;
  const details = JSON.stringify([errors, response_metadata?.messages]);
  if (code === "invalid_blocks" && /invalid slack file|downloading image failed/.test(details)) {
    return NOT_READY;
  }
  if (/^rate_?limited$|^message_limit_exceeded$/.test(code)) return { ...rateLimited(), code };
  if (code === "missing_scope") {
    const known = typeof needed === "string" && /^[a-z:.,_ ]{1,200}$/.test(needed);
    const what = known ? `the scope ${needed}` : "a scope";
    return { message: lacking(what), permanent: true, code };
  }
  const message = PERMANENT[code];
  if (message) return { message, permanent: true, code };
  // Slack on these two: "some aspect of the operation" may have succeeded before the error.
  const unsure = code === "internal_error" || code === "fatal_error";
  return passing(code, `Slack returned the error ${code}. Retrying.`, unsure);
}
