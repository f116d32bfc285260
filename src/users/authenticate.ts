import type { Context, MiddlewareHandler } from "hono";
import { getCookie } from "hono/cookie";
import { type Deps, outOfScope, whoByKey, whoBySession } from "./sign_in.ts";
import type { Env } from "../who.ts";

/** A name with this prefix binds a cookie to this host, its root and https. */
export const sessionCookie = (secure: boolean) => `${secure ? "__Host-" : ""}dashkeeper_session`;
/** `trustProxy`: whether the address is the one that the nearest proxy names. */
export type Options = { cookie: string; trustProxy: boolean };

export type Peer = { Bindings: { from?: string } };

export function addressOf(c: Context, trustProxy: boolean): string {
  const forwarded = trustProxy
    ? c.req.header("x-forwarded-for")?.split(",").at(-1)?.trim()
    : undefined;
  return (forwarded || c.env?.from || "").slice(0, 100);
}

/**
 * A signed-in browser may read (a preview in a page); changes need the key, which no other site can make a
 * browser send.
 */
export function byKey(deps: Deps, { cookie, trustProxy }: Options): MiddlewareHandler<Env & Peer> {
  return async (c, next) => {
    const from = addressOf(c, trustProxy);
    const header = c.req.header("authorization");
    const reading = c.req.method === "GET" || c.req.method === "HEAD";
    const session = header === undefined && reading
      ? await whoBySession(deps, getCookie(c, cookie))
      : undefined;
    if (session) c.set("who", { ...session, from });
    else {
      const key = header === undefined ? undefined : keyIn(header);
      const { expires_at, stale: _, scope, ...who } = await whoByKey(deps, key, from);
      if (scope === "imports" && !isForImports(c)) throw outOfScope();
      c.set("who", { ...who, from });
      c.set("key_expires_at", expires_at);
    }
    await next();
  };
}

/** What an import key may call. */
const isForImports = ({ req: { method, path } }: Context) =>
  path === "/api/v1/imports" || path === "/api/v1/me" && /^(?:GET|HEAD)$/.test(method);

/** ADMIN_API_KEY may hold spaces, and more than the Latin-1 of headers. */
function keyIn(header: string): string | undefined {
  const bearer = /^Bearer(?: +(.*?))? *$/i.exec(header);
  const text = bearer ? bearer[1] ?? "" : header;
  if (!/[\x80-\xff]/.test(text)) return text;
  try {
    const bytes = Uint8Array.from(text, (character) => character.charCodeAt(0));
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return text;
  }
}

/** Without a session, redirects to sign in and back. */
export function bySession(
  deps: Deps,
  { cookie, trustProxy }: Options,
): MiddlewareHandler<Env & Peer> {
  return async (c, next) => {
    const who = await whoBySession(deps, getCookie(c, cookie));
    if (!who) {
      const { pathname } = new URL(c.req.url);
      const place = c.req.method === "GET" ? `?next=${encodeURIComponent(pathname)}` : "";
      return c.redirect(`/sign-in${place}`, 303);
    }
    c.set("who", { ...who, from: addressOf(c, trustProxy) });
    await next();
  };
}
