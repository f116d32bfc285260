import type { Context, MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";
import { AppError } from "../errors.ts";

/** The largest input, a credential's 64 KiB, may be escaped fourfold. */
const MOST_BYTES = 256 * 1024;
/** A template is a whole dashboard; a form changes line ends and adds fields. */
const MOST_TEMPLATE_BYTES = 2 * 1024 * 1024;

const limit = (maxSize: number, most: string) =>
  bodyLimit({
    maxSize,
    onError: () => {
      throw new AppError("body_too_large", 413, `A body may have at most ${most}.`);
    },
  });
const usual = limit(MOST_BYTES, "256 KiB");
const template = limit(MOST_TEMPLATE_BYTES, "2 MiB");
const templateForm = limit(2 * MOST_TEMPLATE_BYTES, "4 MiB");

/** Files of any size and type, which their route reads as they come. */
const isUpload = ({ req: { method, path } }: Context) =>
  /^(?:PUT|POST)$/.test(method) && /^\/api\/v1\/(?:users\/\d+\/)?imports$/.test(path);

export const limitBody: MiddlewareHandler = (c, next) => {
  const { path } = c.req;
  if (isUpload(c)) return next();
  if (/^\/api\/v1\/templates(?:\/\d+)?$/.test(path)) return template(c, next);
  return /^\/templates(?:\/\d+)?$/.test(path) ? templateForm(c, next) : usual(c, next);
};

/** Takes JSON in UTF-8 only (415, 400); no body counts as `{}`. */
export const readJson: MiddlewareHandler = async (c, next) => {
  if (!/^(POST|PUT|PATCH|DELETE)$/.test(c.req.method) || isUpload(c)) return await next();
  const bytes = await c.req.arrayBuffer();
  const type = c.req.header("content-type") ?? "";
  if (bytes.byteLength > 0 && !/^application\/(?:[\w.+-]+\+)?json\s*(;|$)/i.test(type)) {
    throw new AppError("not_json", 415, "Send the body as JSON: `Content-Type: application/json`.");
  }
  let text = "{}";
  try {
    // Another encoding would be stored as question marks.
    if (bytes.byteLength > 0) text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    JSON.parse(text);
  } catch {
    throw new AppError("malformed_json", 400, "The body is not well-formed JSON in UTF-8.");
  }
  // A request's headers are read-only, and validators know only one JSON content type.
  const headers = new Headers(c.req.raw.headers);
  headers.set("content-type", "application/json");
  const { method, signal } = c.req.raw;
  c.req.raw = new Request(c.req.url, { method, headers, signal });
  Object.assign(c.req, { bodyCache: { text: Promise.resolve(text) } });
  await next();
};
