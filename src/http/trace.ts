import type { Context } from "hono";
import { matchedRoutes } from "hono/route";
import { type Span, traced } from "../external/trace/span.ts";
import type { Env } from "../who.ts";

/** Probes and files. */
const UNTRACED = /^\/(?:static\/|livez$|readyz$|health$|metrics$)/;

/** Does `work`, the rest of a request, within a span that knows the pattern of its route alone. */
export async function tracedRequest(c: Context<Env>, work: () => Promise<void>): Promise<void> {
  const { method, path } = c.req;
  if (UNTRACED.test(path)) return await work();
  const attributes: Span["attributes"] = { "http.request.method": method };
  const span: Span = { name: method, kind: "server", attributes };
  await traced(span, async () => {
    await work();
    const { status } = c.res;
    const route = matchedRoutes(c).findLast(({ path }) => !path.endsWith("*"))?.path;
    if (route) span.name = `${method} ${route}`;
    Object.assign(attributes, {
      "http.route": route,
      "http.response.status_code": status,
      "dashkeeper.request_id": c.var.request_id,
    });
    if (status >= 500) span.error = String(status);
  });
}
