export type ErrorStatus = 400 | 401 | 403 | 404 | 405 | 409 | 413 | 415 | 422 | 429 | 500 | 503;

/** One fault of an input; `path` as the caller wrote it (`key_name`). */
export type Issue = { path: string; message: string };

/** An error whose message the caller may read. */
export class AppError extends Error {
  constructor(
    readonly code: string,
    readonly status: ErrorStatus,
    message: string,
    readonly more: { issues?: Issue[]; headers?: Record<string, string>; line?: number } = {},
  ) {
    super(message);
  }
}

/** Retry-After of a 503. */
const RETRY_AFTER_SECONDS = 5;

/** A 503: the same request works later. */
export function unavailable(code: string, message: string): AppError {
  return new AppError(code, 503, message, { headers: { "Retry-After": `${RETRY_AFTER_SECONDS}` } });
}

export type System = "PostgreSQL" | "Grafana" | "Slack" | "browser";

/** In our own words: a foreign message may carry a secret. `permanent`: a person must act. */
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
