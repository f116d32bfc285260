import type { z } from "zod";
import { ExternalError } from "../../errors.ts";
import { maskSecrets } from "../mask.ts";
import { loggedCall } from "../log/call.ts";

/** `base`: its address as we reach it, perhaps with a path, without a slash at its end. */
export type GrafanaLogin = { base: string; key?: string | undefined };
export type Answer = { status: number; body: Body };
type Body = Record<string, unknown>;
export type Ask = (
  method: string,
  path: string,
  signal: AbortSignal,
  json?: unknown,
) => Promise<Answer>;

/** A dashboard of 500 panels is saved in about 1 s; a query may take its data source's time limit. */
const LIMIT_MS = 15_000;
const KEY = /^[\x21-\x7e]+$/;
const MOST_CHARACTERS = 20_000_000;

/**
 * Resolves for 2xx, and 4xx except 401, 403 and 429. Throws ExternalError: permanent `key_refused`,
 * `missing_permission`; passing `unreachable`, `timeout`, `ratelimited`, `disturbed`, `rights_unknown`, `not_grafana`.
 */
export async function call(
  { base, key }: GrafanaLogin,
  method: string,
  path: string,
  signal: AbortSignal,
  json?: unknown,
): Promise<Answer> {
  if (key !== undefined && !KEY.test(key)) {
    throw fail(
      "GRAFANA_API_KEY contains characters that no key has. Save the key again.",
      "key_refused",
      true,
    );
  }
  const isWrite = method !== "GET" && !path.startsWith("/api/ds/query");
  const what = `${method} ${path.replace(/\?.*/s, "")}`;
  return await loggedCall("Grafana", what, isWrite, () => {
    return answerOf({ base, key }, method, path, signal, json);
  });
}

async function answerOf(
  { base, key }: GrafanaLogin,
  ...[method, path, signal, json]: Parameters<Ask>
): Promise<Answer> {
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
  const failure = failureOf({ status, headers, body, message });
  if (failure) throw failure;
  return { status, body: body! };
}

type Received = { status: number; headers: Headers; body: Body | undefined; message: string };

/** What is wrong with the connection, the key or Grafana itself; undefined: Grafana answered the call. */
function failureOf({ status, headers, body, message }: Received): ExternalError | undefined {
  // Grafana answers a revoked key with 500: the words decide.
  if (/invalid API key|expired API key/i.test(message) || (status === 401 && body)) {
    return fail(
      "Grafana refuses the key: it is unknown, expired or revoked. Save a new GRAFANA_API_KEY.",
      "key_refused",
      true,
    );
  }
  if (status === 403 && body) return lacking(message);
  if (status === 429) {
    const sentence = "Grafana, or a proxy in front of it, limits the rate of calls. Retrying.";
    const after = pauseOf(headers.get("retry-after"));
    return new ExternalError("Grafana", sentence, false, { code: "ratelimited", ...after });
  }
  if (status >= 500 && /checking folder/i.test(message)) {
    const sentence = "Grafana has not cached the key's permissions on a new folder yet. Retrying.";
    return fail(sentence, "rights_unknown");
  }
  if (status >= 500) return fail(`Grafana returned HTTP ${status}. Retrying.`, "disturbed");
  // Grafana has no such path: the address lacks its sub-path, or has one too many.
  const isMisplaced = status === 404 && message === "Not found";
  if (!body || isMisplaced || status < 200 || (status >= 300 && status < 400)) {
    return fail(
      "GRAFANA_BASE_URL does not answer as Grafana. Is a proxy's login page in front of it?",
      "not_grafana",
    );
  }
}

/** The error for an answer that no caller expects, with Grafana's own reason; permanent. */
export function unexpected({ status, body }: Answer, what: string): ExternalError {
  const reason = typeof body.message === "string" ? maskSecrets(body.message) : `HTTP ${status}`;
  return fail(`Grafana refuses ${what}: ${reason}`, `http_${status}`, true);
}

/** The answer's content. Throws unexpected(), and a passing `not_grafana` for another shape. */
export function parsed<T>(schema: z.ZodType<T>, answer: Answer, what: string): T {
  if (answer.status !== 200) throw unexpected(answer, what);
  const result = schema.safeParse(answer.body);
  if (result.success) return result.data;
  throw new ExternalError("Grafana", "Grafana's answer was not understood. Retrying.", false, {
    code: "not_grafana",
  });
}

function fail(message: string, code: string, permanent = false): ExternalError {
  return new ExternalError("Grafana", message, permanent, { code });
}

function lacking(message: string): ExternalError {
  const [, needed = ""] = /Permissions needed: ([\w:., ]{1,300})/.exec(message) ?? [];
  const what = needed === "" ? "a permission" : `the permission ${needed.trim()}`;
  return fail(
    `Grafana's key lacks ${what}. Give its service account the role Admin, or save another GRAFANA_API_KEY.`,
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
    if (limit.aborted) throw fail("Grafana did not answer in time. Retrying.", "timeout");
    throw fail("Grafana does not answer at its address. Retrying.", "unreachable");
  }
}

/** `Retry-After` is a number of seconds or a date; an hour at most. */
function pauseOf(text: string | null): { retryAfterSeconds?: number } {
  const seconds = /^\d+$/.test(text ?? "")
    ? Number(text)
    : Math.ceil((Date.parse(text ?? "") - Date.now()) / 1000);
  return seconds > 0 ? { retryAfterSeconds: Math.min(seconds, 3600) } : {};
}

/** A list is returned under `list`; undefined: it is no JSON. Some deletions have an empty answer. */
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

/** Deletes; what is not there counts as deleted. */
export async function remove(ask: Ask, path: string, signal: AbortSignal, what: string) {
  const answer = await ask("DELETE", path, signal);
  if (answer.status !== 200 && answer.status !== 404) throw unexpected(answer, what);
}
