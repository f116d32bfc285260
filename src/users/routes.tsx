import { zValidator } from "@hono/zod-validator";
import { Hono } from "hono";
import { deleteCookie, getCookie, setCookie } from "hono/cookie";
import { z } from "zod";
import { SignInPage } from "../../views/sign_in.tsx";
import { AppError, refuse } from "../errors.ts";
import { type Deps, signIn, signOut } from "./sign_in.ts";

const WEEK_SECONDS = 7 * 86_400;

/** Only a path of ours: `//elsewhere` and `/\elsewhere` lead away. */
const Next = z.string().regex(/^\/(?![/\\])[\w\-./?=&]*$/).catch("/dashboards");
const SignIn = z.object({ api_key: z.string().max(1000).default(""), next: Next.optional() });

/** `/sign-in` and `/sign-out`. `cookie`: the session's name; `secure`: whether people come by https. */
export function signInPages(deps: Deps, cookie: string, secure: boolean) {
  return new Hono()
    .get("/sign-in", zValidator("query", z.object({ next: Next.optional() }), refuse), (c) => {
      return c.html(<SignInPage next={c.req.valid("query").next ?? "/dashboards"} />);
    })
    .post("/sign-in", zValidator("form", SignIn, refuse), async (c) => {
      const { api_key, next = "/dashboards" } = c.req.valid("form");
      try {
        const session = await signIn(deps, api_key);
        setCookie(c, cookie, session, {
          path: "/",
          httpOnly: true,
          sameSite: "Lax",
          secure,
          maxAge: WEEK_SECONDS,
        });
        return c.redirect(next, 303);
      } catch (error) {
        if (!(error instanceof AppError)) throw error;
        return c.html(<SignInPage next={next} fault={error.message} />, error.status);
      }
    })
    .post("/sign-out", async (c) => {
      await signOut(deps, getCookie(c, cookie));
      deleteCookie(c, cookie, { path: "/" });
      return c.redirect("/sign-in", 303);
    });
}
