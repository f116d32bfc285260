/** HTTP statuses that a reply may carry for what the caller did. */
export type ErrorStatus = 400 | 401 | 403 | 404 | 405 | 409 | 413 | 415 | 422 | 429 | 500 | 503;

/** One fault of an input: `path` as the caller wrote it (`key_name`), `message` for a person. */
export type Issue = { path: string; message: string };

/** An error whose sentence the caller may read. */
export class AppError extends Error {
  constructor(
    readonly code: string,
    readonly status: ErrorStatus,
    message: string,
    readonly more: { issues?: Issue[]; headers?: Record<string, string> } = {},
  ) {
    super(message);
  }
}

/** What a caller who was answered 503 waits before it tries again. */
const RETRY_AFTER_SECONDS = 5;

/** A 503: nothing is wrong with the request, and the same one works later. */
export function unavailable(code: string, message: string): AppError {
  return new AppError(code, 503, message, { headers: { "Retry-After": `${RETRY_AFTER_SECONDS}` } });
}

/** Outside systems that a row or a page may have to name. */
export type System = "PostgreSQL" | "Grafana" | "Slack" | "browser";

/**
 * An outside system refused or was silent. The message is in our own words: a foreign one may carry a
 * secret. `permanent`: trying again is of no use until a person has changed something.
 */
export class ExternalError extends Error {
  constructor(
    readonly system: System,
    message: string,
    readonly permanent: boolean,
    readonly more: { code?: string; retryAfterSeconds?: number } = {},
  ) {
    super(message);
  }
}
