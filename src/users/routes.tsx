import { createRoute, z } from "@hono/zod-openapi";
import { zValidator } from "@hono/zod-validator";
import { type Context, Hono } from "hono";
import { deleteCookie, getCookie, setCookie } from "hono/cookie";
import { SignInLinkPage, SignInPage } from "../../views/accounts/sign_in.tsx";
import { AppError } from "../errors.ts";
import { ById, json, newApi, optionalBody } from "../http/api.ts";
import { errorReplies, refuse, withSecret } from "../http/replies.ts";
import { NewKey, rotateKey, Rotation } from "./rotate.ts";
import { browserIn } from "./browser.ts";
import { checkSignInLink, type Deps, signIn, signInByLink, signOut } from "./sign_in.ts";
import { Role } from "./users.ts";

const Me = z.object({
  id: z.int(),
  username: z.string(),
  role: Role,
  expires_at: z.iso.datetime().nullable().openapi({ description: "Of the key that was shown." }),
}).openapi("Me");

const me = createRoute({
  method: "get",
  path: "/me",
  summary: "Whose key this is",
  responses: {
    200: json(Me, "You."),
    ...errorReplies(),
  },
});

const rotate = createRoute({
  method: "post",
  path: "/users/{id}/api-key",
  summary: "A new API key in place of the old one",
  request: {
    params: ById,
    body: optionalBody(Rotation),
  },
  responses: {
    201: json(NewKey, "Shown this once."),
    ...errorReplies(400, 404, 409, 413, 415, 422),
  },
});

export function keyApi(deps: Pick<Deps, "db">) {
  return newApi()
    .openapi(me, (c) => {
      const { user_id: id, username, role } = c.var.who;
      return c.json({ id, username, role, expires_at: c.var.key_expires_at ?? null }, 200);
    })
    .openapi(rotate, async (c) => {
      const { id } = c.req.valid("param");
      withSecret(c);
      return c.json(await rotateKey(deps, c.var.who, id, c.req.valid("json")), 201);
    });
}

const WEEK_SECONDS = 7 * 86_400;

const HOME = "/";
/** Only local paths: `//elsewhere` and `/\elsewhere` lead to other hosts. */
const Next = z.string().regex(/^\/(?![/\\])[\w\-./?=&]*$/).catch(HOME);
const Link = z.string().max(200).optional();
const SignIn = z.object({
  api_key: z.string().max(1000).default(""),
  link: Link,
  next: Next.optional(),
});

/** The page to sign in with a key, or by a link that still works. */
function signInForm(deps: Deps) {
  const query = z.object({ next: Next.optional(), link: Link });
  return new Hono().get("/sign-in", zValidator("query", query, refuse), async (c) => {
    const { next = HOME, link } = c.req.valid("query");
    withSecret(c);
    try {
      if (link === undefined) return c.html(<SignInPage next={next} />);
      await checkSignInLink(deps, link);
      return c.html(<SignInLinkPage link={link} />);
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      return c.html(<SignInPage next={next} fault={error.message} />, error.status);
    }
  });
}

export function signInPages(
  deps: Deps,
  { cookie, secure, from }: { cookie: string; secure: boolean; from: (c: Context) => string },
) {
  return new Hono()
    .route("/", signInForm(deps))
    .post("/sign-in", zValidator("form", SignIn, refuse), async (c) => {
      const { api_key, link, next = HOME } = c.req.valid("form");
      const visitor = { from: from(c), browser: browserIn(c.req.header("user-agent")) };
      try {
        const session = link === undefined
          ? await signIn(deps, api_key, visitor)
          : await signInByLink(deps, link, visitor);
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
        for (const [name, value] of Object.entries(error.more.headers ?? {})) c.header(name, value);
        return c.html(<SignInPage next={next} fault={error.message} />, error.status);
      }
    })
    .post("/sign-out", async (c) => {
      await signOut(deps, getCookie(c, cookie), from(c));
      deleteCookie(c, cookie, { path: "/", secure });
      return c.redirect("/sign-in", 303);
    });
}
