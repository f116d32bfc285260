import type { Context, MiddlewareHandler } from "hono";
import { type Log, withLog } from "../external/log/log.ts";
import type { Env } from "../who.ts";
import { tracedRequest } from "./trace.ts";

/** Gives each request its id, which all its lines carry, and logs its end. */
export function requestLog(log: Log): MiddlewareHandler<Env> {
  return async (c, next) => {
    const started = performance.now();
    const request_id = crypto.randomUUID();
    c.set("request_id", request_id);
    c.header("X-Request-Id", request_id);
    await withLog({ log, request_id }, () =>
      tracedRequest(c, async () => {
        await next();
        const { method, path } = c.req;
        const { status } = c.res;
        const { user_id, username } = c.var.who ?? {};
        const fields = { method, path, status, ms: Math.round(performance.now() - started) };
        const level = status < 400 && isFrequent(c) ? "debug" : "info";
        log[level](`${method} ${path} ${status}`, { ...fields, user_id, username });
      }));
  };
}

/** Probes, files, and the queries of a board that somebody opened. */
const isFrequent = ({ req: { path } }: Context) =>
  /^\/(?:static\/|livez$|readyz$|health$|metrics$|boards\/\d+\/query$)/.test(path);
