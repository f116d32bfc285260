import type { MiddlewareHandler } from "hono";
import { getCookie } from "hono/cookie";
import { type Deps, whoByKey, whoBySession } from "../users/sign_in.ts";
import type { Env } from "../who.ts";

/** The cookie that holds a browser's session. */
export const SESSION_COOKIE = "dashkeeper_session";

/** What Deno.serve tells of a request. */
export type Peer = { Bindings: { from?: string } };

/**
 * The API: `Authorization: Bearer <key>`. A browser that is signed in may read (a preview in a page);
 * to change anything takes the key, which no other site can make a browser send.
 */
export function byKey(deps: Deps): MiddlewareHandler<Env & Peer> {
  return async (c, next) => {
    const header = c.req.header("authorization");
    const reading = c.req.method === "GET" || c.req.method === "HEAD";
    const session = header === undefined && reading
      ? await whoBySession(deps, getCookie(c, SESSION_COOKIE))
      : undefined;
    const key = /^Bearer +(.*)$/i.exec(header ?? "")?.[1]?.trim() ?? header;
    const who = session ?? await whoByKey(deps, key);
    c.set("who", { ...who, from: c.env?.from ?? "" });
    await next();
  };
}

/** The pages: a session, or off to sign in, and back afterwards. */
export function bySession(deps: Deps): MiddlewareHandler<Env & Peer> {
  return async (c, next) => {
    const who = await whoBySession(deps, getCookie(c, SESSION_COOKIE));
    if (!who) {
      const { pathname } = new URL(c.req.url);
      const place = c.req.method === "GET" ? `?next=${encodeURIComponent(pathname)}` : "";
      return c.redirect(`/sign-in${place}`, 303);
    }
    c.set("who", { ...who, from: c.env?.from ?? "" });
    await next();
  };
}
