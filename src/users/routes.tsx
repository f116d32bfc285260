import { createRoute, z } from "@hono/zod-openapi";
import { zValidator } from "@hono/zod-validator";
import { type Context, Hono } from "hono";
import { deleteCookie, getCookie, setCookie } from "hono/cookie";
import { SignInPage } from "../../views/sign_in.tsx";
import { AppError } from "../errors.ts";
import { ById, json, newApi, optionalBody } from "../http/api.ts";
import { errorReplies, refuse, withSecret } from "../http/replies.ts";
import { NewKey, rotateKey, Rotation } from "./rotate.ts";
import { type Deps, signIn, signOut } from "./sign_in.ts";
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

/** Only local paths: `//elsewhere` and `/\elsewhere` lead to other hosts. */
const Next = z.string().regex(/^\/(?![/\\])[\w\-./?=&]*$/).catch("/");
const SignIn = z.object({ api_key: z.string().max(1000).default(""), next: Next.optional() });

export function signInPages(
  deps: Deps,
  { cookie, secure, from }: { cookie: string; secure: boolean; from: (c: Context) => string },
) {
  return new Hono()
    .get("/sign-in", zValidator("query", z.object({ next: Next.optional() }), refuse), (c) => {
      return c.html(<SignInPage next={c.req.valid("query").next ?? "/"} />);
    })
    .post("/sign-in", zValidator("form", SignIn, refuse), async (c) => {
      const { api_key, next = "/" } = c.req.valid("form");
      try {
        const session = await signIn(deps, api_key, from(c));
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
      await signOut(deps, getCookie(c, cookie));
      deleteCookie(c, cookie, { path: "/" });
      return c.redirect("/sign-in", 303);
    });
}
