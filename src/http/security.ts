import type { Context, Next } from "hono";
import { csrf } from "hono/csrf";
import { secureHeaders } from "hono/secure-headers";

type Policy = NonNullable<Parameters<typeof secureHeaders>[0]>["contentSecurityPolicy"];

const headersFor = (contentSecurityPolicy: Policy) =>
  secureHeaders({
    contentSecurityPolicy,
    referrerPolicy: "same-origin",
    strictTransportSecurity: false,
  });
const ofPages = headersFor({
  defaultSrc: ["'self'"],
  baseUri: ["'none'"],
  formAction: ["'self'"],
  frameAncestors: ["'none'"],
  objectSrc: ["'none'"],
});
/** Nothing runs or loads in an answer of the API that is opened by its address. */
const ofApi = headersFor({ defaultSrc: ["'none'"], frameAncestors: ["'none'"], sandbox: [] });

export const securityHeaders = (c: Context, next: Next) =>
  (c.req.path.startsWith("/api/") ? ofApi : ofPages)(c, next);

/** Refuses what another site's page sends; scripts send no origin and hold no session. */
export function fromOurPages(frontend: string) {
  const check = csrf({
    origin: (origin, c) => origin === new URL(c.req.url).origin || origin === frontend,
  });
  return (c: Context, next: Next) =>
    c.req.header("origin") || c.req.header("sec-fetch-site") ? check(c, next) : next();
}
