import type { Context } from "hono";
import { HTTPException } from "hono/http-exception";
import { AppError, unavailable } from "../errors.ts";
import { asUnavailable, isOutcomeUnknown } from "../external/postgres/postgres.ts";

export function errorOf(error: unknown, c: Context): AppError {
  const { method, raw: { signal } } = c.req;
  if (signal.aborted && error === signal.reason) {
    return new AppError("caller_left", 400, "The caller did not wait for the answer.");
  }
  if (error instanceof AppError) return error;
  if (method === "GET" && isOutcomeUnknown(error)) {
    return unavailable("database_unavailable", "The connection to the database broke: try again.");
  }
  if (error instanceof HTTPException) {
    if (error.status === 403) {
      return new AppError(
        "foreign_origin",
        403,
        "This form was not sent from a page of Dashkeeper.",
      );
    }
    return new AppError("malformed_request", 400, "The request is not well formed.");
  }
  return asUnavailable(error) ?? new AppError(
    "internal",
    500,
    "Something went wrong here: the log names this request's id.",
  );
}
