import { zValidator } from "@hono/zod-validator";
import { type Context, Hono } from "hono";
import { deleteCookie, getCookie, setCookie } from "hono/cookie";
import { z } from "zod";
import { refuse } from "./replies.ts";

const THEMES = ["light", "dark"] as const;
type Theme = typeof THEMES[number];
/** Not HttpOnly: the page's script changes it at once. */
const THEME_COOKIE = "dashkeeper_theme";
const YEAR_SECONDS = 365 * 86_400;

/** What every part of a page may ask for. */
export type Page = {
  /** The address of a static file. */
  asset: (name: string) => string;
  modules: string[];
  /** Undefined: that of the system. */
  theme: Theme | undefined;
  /** Of its forms: it proves that they were sent from a page of this session. */
  form_token: string;
  /** Path and query. */
  address: string;
  /** Whether the caller may change a dashboard, or only read it. */
  mayChange: (row: { user_id: number }) => boolean;
  /** Paths that are mounted. */
  pages: ReadonlySet<string>;
};

export function themeOf(c: Context): Theme | undefined {
  const chosen = getCookie(c, THEME_COOKIE);
  return THEMES.find((theme) => theme === chosen);
}

const HERE = "http://here";

/** Path and query of a local address, "/" for all others, such as `//elsewhere` or `/\elsewhere`. */
export function localPath(text: string): string {
  const url = URL.parse(text, HERE);
  const path = url?.origin === HERE ? url.pathname + url.search : "/";
  return path.startsWith("//") ? "/" : path;
}

const Choice = z.object({
  theme: z.enum(["system", ...THEMES]),
  next: z.string().max(2000).default("/").transform(localPath),
});

/** `/theme`: keeps the chosen theme in a cookie, and leads back. */
export function themePages({ secure }: { secure: boolean }) {
  return new Hono().post("/theme", zValidator("form", Choice, refuse), (c) => {
    const { theme, next } = c.req.valid("form");
    const options = { path: "/", sameSite: "Lax", secure } as const;
    if (theme === "system") deleteCookie(c, THEME_COOKIE, options);
    else setCookie(c, THEME_COOKIE, theme, { ...options, maxAge: YEAR_SECONDS });
    return c.redirect(next, 303);
  });
}
