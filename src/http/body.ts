import type { MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";
import { AppError } from "../errors.ts";

/** Bodies of the API and of forms: the largest input, a credential's 64 KiB, may be escaped fourfold. */
const MOST_BYTES = 256 * 1024;

export const limitBody: MiddlewareHandler = bodyLimit({
  maxSize: MOST_BYTES,
  onError: () => {
    throw new AppError("body_too_large", 413, "A body may have at most 256 KiB.");
  },
});

/**
 * Reads the API's bodies before anything validates them: JSON and nothing else (415, 400). A call
 * without fields takes no body, or `{}`: where no route reads it, anything else in it is refused.
 */
export const readJson: MiddlewareHandler = async (c, next) => {
  if (c.req.method === "GET" || c.req.method === "HEAD") return await next();
  const text = await c.req.text();
  if (text === "") {
    // A call that needs a body is then told what is missing, field by field.
    const headers = new Headers(c.req.raw.headers); // a served request's own cannot be changed
    headers.set("content-type", "application/json");
    c.req.raw = new Request(c.req.raw, { headers, body: "{}" });
    c.req.bodyCache = {};
    return await next();
  }
  const type = c.req.header("content-type") ?? "";
  if (!/^application\/(?:[\w.+-]+\+)?json\s*(;|$)/i.test(type)) {
    throw new AppError("not_json", 415, "Send the body as JSON: `Content-Type: application/json`.");
  }
  try {
    JSON.parse(text);
  } catch {
    throw new AppError("malformed_json", 400, "The body is not well-formed JSON.");
  }
  await next();
};
