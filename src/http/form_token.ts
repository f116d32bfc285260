import type { Context, MiddlewareHandler } from "hono";
import { getCookie, setCookie } from "hono/cookie";
import { AppError } from "../errors.ts";

/** Binds the token of the sign-in form, which has no session yet. */
const formCookie = (secure: boolean) => `${secure ? "__Host-" : ""}dashkeeper_form`;
const FIELD = "form_token";
export const TOKEN_HEADER = "x-form-token";
/** What boards ask: JSON that changes nothing. */
export const QUESTION = /^\/(?:boards|template-previews)\/\d+\/query$/;

const utf8 = new TextEncoder();
const base64 = { alphabet: "base64url", omitPadding: true } as const;
const random = () => crypto.getRandomValues(new Uint8Array(16)).toBase64(base64);
const signed = (nonce: string, cookie: string) => utf8.encode(`form ${nonce} ${cookie}`);

/** A new one for each page, so that the length of a compressed page does not help to guess it. */
export async function makeFormToken(key: CryptoKey, cookie: string): Promise<string> {
  const nonce = random();
  const signature = await crypto.subtle.sign("HMAC", key, signed(nonce, cookie));
  return `${nonce}.${new Uint8Array(signature).toBase64(base64)}`;
}

async function isFrom(key: CryptoKey, cookie: string, token: string): Promise<boolean> {
  const [nonce, signature] = token.split(".");
  try {
    const bytes = Uint8Array.fromBase64(signature!, { alphabet: "base64url" });
    return await crypto.subtle.verify("HMAC", key, bytes, signed(nonce!, cookie));
  } catch {
    return false;
  }
}

type Options = { key: CryptoKey; session: string; secure: boolean };

/** The token of a page's forms. A visitor of the sign-in page gets a cookie to bind it to. */
export async function issueFormToken(c: Context, { key, session, secure }: Options) {
  const name = formCookie(secure);
  let cookie = getCookie(c, session) ?? getCookie(c, name);
  if (cookie === undefined) {
    if (c.req.path !== "/sign-in" || c.req.method !== "GET") return "";
    cookie = random();
    setCookie(c, name, cookie, { path: "/", httpOnly: true, sameSite: "Lax", secure });
  }
  return await makeFormToken(key, cookie);
}

/** Takes the field out of the form, which the routes need not know. */
async function tokenIn(c: Context): Promise<string> {
  const header = c.req.header(TOKEN_HEADER);
  if (header) return header;
  if (
    !/^(application\/x-www-form-urlencoded|multipart\/form-data)\b/i.test(
      c.req.header("content-type") ?? "",
    )
  ) return "";
  const form = await c.req.formData().catch(() => {
    throw new AppError("malformed_request", 400, "The form is not well formed.");
  });
  const token = form.get(FIELD);
  form.delete(FIELD);
  return typeof token === "string" ? token : "";
}

/** Refuses a change that no form of this session's pages asked for. Without a session, only sign-in. */
export function onlyOwnForms({ key, session, secure }: Options): MiddlewareHandler {
  return async (c, next) => {
    if (/^(GET|HEAD|OPTIONS)$/.test(c.req.method) || QUESTION.test(c.req.path)) return await next();
    const cookies = [getCookie(c, session), getCookie(c, formCookie(secure))]
      .filter((cookie) => cookie !== undefined);
    const token = await tokenIn(c);
    const known = await Promise.all(cookies.map((cookie) => isFrom(key, cookie, token)));
    const isBound = getCookie(c, session) !== undefined || c.req.path === "/sign-in";
    if (isBound && !known.includes(true)) {
      const message =
        "This form does not belong to your session. Reload its page and send it again.";
      throw new AppError("foreign_form", 403, message);
    }
    await next();
  };
}
