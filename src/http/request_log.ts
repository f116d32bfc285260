import type { MiddlewareHandler } from "hono";
import type { Env } from "../who.ts";
import type { Log } from "../external/log/log.ts";

export function requestLog(log: Log): MiddlewareHandler<Env> {
  return async (c, next) => {
    const started = performance.now();
    c.set("request_id", crypto.randomUUID());
    c.header("X-Request-Id", c.var.request_id);
    await next();
    const { status } = c.res;
    const reading = /^(GET|HEAD)$/.test(c.req.method) || /^\/boards\/\d+\/query$/.test(c.req.path);
    if (status < 400 && reading) return;
    const ms = Math.round(performance.now() - started);
    const by = c.var.who?.username ?? "-";
    const path = c.req.path.replace(/[^\x21-\x7e]/g, "?").slice(0, 200);
    log.info(`${c.req.method} ${path} ${status}`, { ms, by, request_id: c.var.request_id });
  };
}
