import type { z } from "zod";
import { ExternalError } from "../../errors.ts";
import { maskSecrets } from "../mask.ts";

/** `base`: its address as we reach it, perhaps with a path, without a slash at its end. */
export type GrafanaLogin = { base: string; key?: string | undefined };
export type Answer = { status: number; body: Body };
type Body = Record<string, unknown>;

/** A dashboard of 500 panels is saved in about 1 s; a query may take its data source's time limit. */
const LIMIT_MS = 15_000;
/** What a header may carry. */
const KEY = /^[\x21-\x7e]+$/;
/** The largest answers are dashboards. */
const MOST_CHARACTERS = 20_000_000;

/**
 * One call of Grafana's API. Resolves for whatever Grafana itself says of the thing that was asked for
 * (2xx, and 4xx but 401, 403 and 429). Throws ExternalError("Grafana"): permanent with code
 * `key_refused` or `missing_permission`; passing with `unreachable`, `timeout`, `ratelimited`,
 * `disturbed`, `rights_unknown` (cached for up to a minute), `not_grafana`; an aborted signal's reason.
 */
export async function call(
  { base, key }: GrafanaLogin,
  method: string,
  path: string,
  signal: AbortSignal,
  json?: unknown,
): Promise<Answer> {
  if (key !== undefined && !KEY.test(key)) {
    throw fail("GRAFANA_API_KEY holds characters that no key has.", "key_refused", true);
  }
  const { status, headers, text } = await send(base + path, {
    method,
    headers: {
      Accept: "application/json",
      ...(key === undefined ? {} : { Authorization: `Bearer ${key}` }),
      ...(json === undefined ? {} : { "Content-Type": "application/json" }),
    },
    // A login page must not be followed, nor the key carried there.
    redirect: "manual",
    ...(json === undefined ? {} : { body: JSON.stringify(json) }),
  }, signal);
  // A key of before 2024 looks like any other text.
  const body = read(key ? text.replaceAll(key, "…") : text);
  const message = typeof body?.message === "string" ? body.message : "";
  // A revoked key is answered with 500: the words decide.
  if (/invalid API key|expired API key/i.test(message) || (status === 401 && body)) {
    throw fail(
      "Grafana refuses the key: it is unknown, expired or revoked. Save a new GRAFANA_API_KEY.",
      "key_refused",
      true,
    );
  }
  if (status === 403 && body) throw lacking(message);
  if (status === 429) {
    const sentence = "Grafana, or a proxy before it, asks for a pause. It is tried again.";
    const after = pauseOf(headers.get("retry-after"));
    throw new ExternalError("Grafana", sentence, false, { code: "ratelimited", ...after });
  }
  if (status >= 500 && /checking folder/i.test(message)) {
    const sentence =
      "Grafana does not know its key's rights in a new folder yet. It is tried again.";
    throw fail(sentence, "rights_unknown");
  }
  if (status >= 500) {
    throw fail(`Grafana is disturbed (HTTP ${status}). It is tried again.`, "disturbed");
  }
  // What Grafana says of a path, not of a thing: the address lacks its sub-path, or has one too many.
  const isMisplaced = status === 404 && message === "Not found";
  if (!body || isMisplaced || status < 200 || (status >= 300 && status < 400)) {
    throw fail(
      "Not Grafana answers at its address, but something before it: a proxy's login page, perhaps. Look at GRAFANA_BASE_URL.",
      "not_grafana",
    );
  }
  return { status, body };
}

/** What a call came to that no caller expects: Grafana's own reason, permanent. */
export function unexpected({ status, body }: Answer, what: string): ExternalError {
  const reason = typeof body.message === "string" ? maskSecrets(body.message) : `HTTP ${status}`;
  return fail(`Grafana refuses ${what}: ${reason}`, `http_${status}`, true);
}

/** What the answer holds. Throws unexpected(), and a passing `not_grafana` for what is of another shape. */
export function parsed<T>(schema: z.ZodType<T>, answer: Answer, what: string): T {
  if (answer.status !== 200) throw unexpected(answer, what);
  const result = schema.safeParse(answer.body);
  if (result.success) return result.data;
  throw new ExternalError("Grafana", "Grafana's answer was not understood.", false, {
    code: "not_grafana",
  });
}

function fail(message: string, code: string, permanent = false): ExternalError {
  return new ExternalError("Grafana", message, permanent, { code });
}

/** Which permissions, by Grafana's names: "Permissions needed: any of dashboards:create, …". */
function lacking(message: string): ExternalError {
  const [, needed = ""] = /Permissions needed: ([\w:., ]{1,300})/.exec(message) ?? [];
  const what = needed === "" ? "a permission" : `the permission ${needed.trim()}`;
  return fail(
    `Grafana's key lacks ${what}: give its service account the role Admin, or save another GRAFANA_API_KEY.`,
    "missing_permission",
    true,
  );
}

async function send(url: string, init: RequestInit, signal: AbortSignal) {
  const limit = AbortSignal.timeout(LIMIT_MS);
  try {
    const response = await fetch(url, { ...init, signal: AbortSignal.any([signal, limit]) });
    const text = await response.text();
    const { status, headers } = response;
    return { status, headers, text: text.length > MOST_CHARACTERS ? "" : text };
  } catch {
    signal.throwIfAborted();
    if (limit.aborted) throw fail("Grafana does not answer in time. It is tried again.", "timeout");
    throw fail("Grafana does not answer at its address. It is tried again.", "unreachable");
  }
}

/** Of `Retry-After`, which is a number of seconds or a date; an hour at most. */
function pauseOf(text: string | null): { retryAfterSeconds?: number } {
  const seconds = /^\d+$/.test(text ?? "")
    ? Number(text)
    : Math.ceil((Date.parse(text ?? "") - Date.now()) / 1000);
  return seconds > 0 ? { retryAfterSeconds: Math.min(seconds, 3600) } : {};
}

/** A list is put under `list`; undefined where it is no JSON. Some deletions answer nothing at all. */
function read(text: string): Body | undefined {
  if (text.trim() === "") return {};
  try {
    const value = JSON.parse(text);
    if (Array.isArray(value)) return { list: value };
    return typeof value === "object" && value !== null ? value : { value };
  } catch {
    return undefined;
  }
}
