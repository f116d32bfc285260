import type { Context, MiddlewareHandler } from "hono";
import { matchedRoutes } from "hono/route";
import { httpRequests, httpSeconds } from "../external/metrics/metrics.ts";

const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/** Counts each request by its route's pattern: a raw path would be a series of its own. */
export const requestMetrics: MiddlewareHandler = async (c, next) => {
  const started = performance.now();
  await next();
  const route = patternOf(c);
  const method = METHODS.includes(c.req.method) ? c.req.method : "other";
  httpRequests.inc({ route, method, status: c.res.status });
  httpSeconds.observe({ route, method }, (performance.now() - started) / 1000);
};

/** Middleware has patterns that end in an asterisk; alone they are an unknown address. */
function patternOf(c: Context): string {
  const path = matchedRoutes(c).findLast(({ path }) => !path.endsWith("*"))?.path ?? "unknown";
  return path.startsWith("/static/") ? "/static/*" : path;
}
