import { z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { AppError, type ErrorStatus, type Issue } from "../errors.ts";

const NAMES: Record<number, string> = {
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  409: "Conflict",
  413: "Content Too Large",
  415: "Unsupported Media Type",
  422: "Unprocessable Content",
  429: "Too Many Requests",
  500: "Internal Server Error",
  503: "Service Unavailable",
};

export function errorBody(error: AppError, request_id: string) {
  const { code, status, message, more } = error;
  return {
    error: NAMES[status]!,
    message,
    code,
    request_id,
    ...(more.issues ? { issues: more.issues } : {}),
    ...(more.line === undefined ? {} : { line: more.line }),
  };
}

type Checked =
  | { success: true }
  | { success: false; target?: string; error: { issues: readonly ZodIssue[] } };
type ZodIssue = {
  code?: string | undefined;
  path: readonly PropertyKey[];
  message: string;
  keys?: string[];
};

/** The hook of every zod check of a request: 400 for a path, else 422. */
export function refuse(result: Checked): void {
  if (result.success) return;
  const issues = result.error.issues.flatMap(({ path, message, keys }): Issue[] => {
    const at = path.map(String).join(".");
    if (!keys) return [{ path: at, message }];
    return keys.map((key) => ({
      path: at ? `${at}.${key}` : key,
      message: "There is no such field.",
    }));
  });
  if (result.target === "param") {
    throw new AppError("invalid_path", 400, "The address is not well formed.", { issues });
  }
  throw new AppError("invalid_input", 422, "The input is invalid, see `issues`.", { issues });
}

/** An error reply in the OpenAPI document. */
const ErrorReply = z.object({
  error: z.string().openapi({ example: "Conflict" }),
  message: z.string().openapi({ example: "There is already a user ada." }),
  code: z.string().openapi({ example: "user_exists" }),
  request_id: z.string(),
  issues: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
  line: z.int().optional().openapi({ description: "Of an imported file, from 1." }),
}).openapi("Error");

/** A route's error replies for the OpenAPI document; every route has 401 and 500. */
export function errorReplies(...statuses: ErrorStatus[]) {
  const content = { "application/json": { schema: ErrorReply } };
  return Object.fromEntries(
    ([401, ...statuses, 500] as const).map((
      status,
    ) => [status, { description: NAMES[status]!, content }]),
  );
}

/** For a reply that shows a secret: no cache keeps it, and it is not compressed, so its length reveals nothing. */
export function withSecret(c: Context): void {
  c.header("Cache-Control", "no-store, no-transform");
}
