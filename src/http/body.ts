import type { Context, MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";
import { AppError } from "../errors.ts";
import { TOKEN_HEADER } from "./form_token.ts";

/** The largest input, a credential's 64 KiB, may be escaped fourfold. */
const MOST_BYTES = 256 * 1024;
/** A template is a whole dashboard; a form changes line ends and adds fields. */
const MOST_TEMPLATE_BYTES = 2 * 1024 * 1024;

/** Report files that a form sends without a script, which are held in memory. */
const MOST_FORM_BYTES = 16 * 1024 * 1024;

const limit = (maxSize: number, most: string, what = "A body", instead = "") =>
  bodyLimit({
    maxSize,
    onError: () => {
      throw new AppError("body_too_large", 413, `${what} may have at most ${most}${instead}.`);
    },
  });
const usual = limit(MOST_BYTES, "256 KiB");
const template = limit(MOST_TEMPLATE_BYTES, "2 MiB");
const templateForm = limit(2 * MOST_TEMPLATE_BYTES, "4 MiB");
const importForm = limit(
  MOST_FORM_BYTES,
  "16 MiB",
  "Files sent without JavaScript",
  ": send larger ones with `curl -T`, as the page Imports shows",
);

/** A page's script sends files as they come; its token is in a header, so nothing reads the form before. */
export const isStreamedForm = ({ req }: Context) => !!req.header(TOKEN_HEADER);

/** Files of any size and type, which their route reads as they come. */
const isUpload = (c: Context) => {
  const { method, path } = c.req;
  return /^(?:PUT|POST)$/.test(method) &&
    (/^\/api\/v1\/(?:users\/\d+\/)?imports$/.test(path) ||
      (path === "/imports" && isStreamedForm(c)));
};

export const limitBody: MiddlewareHandler = (c, next) => {
  const { path } = c.req;
  if (isUpload(c)) return next();
  if (/^\/api\/v1\/templates(?:\/\d+)?$/.test(path)) return template(c, next);
  if (path === "/imports") return importForm(c, next);
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
