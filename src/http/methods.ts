import type { Context, MiddlewareHandler } from "hono";
import { AppError } from "../errors.ts";

/** As much of an OpenAPI operation as is looked at here. */
type Operation = { parameters?: { name?: string; in?: string }[]; requestBody?: unknown };
type Operations = Record<string, Operation>;

/**
 * What an address takes, by method (`GET`), from the paths of the OpenAPI document (`/users/{id}`). Empty:
 * there is no such address.
 */
export function operationsIn(paths: Record<string, object>): (path: string) => Operations {
  const known = Object.entries(paths).map(([path, item]) => ({
    path,
    pattern: new RegExp(`^${path.replaceAll(".", "\\.").replace(/\{\w+\}/g, "[^/]+")}$`),
    operations: Object.entries(item).filter(([key]) => /^(get|post|put|patch|delete)$/.test(key))
      .map(([method, operation]) => [method.toUpperCase(), operation as Operation] as const),
  }));
  return (path) => {
    const fitting = known.filter(({ pattern }) => pattern.test(path));
    // `/dashboards/move` is no `/dashboards/{id}`.
    const own = fitting.filter(({ path: plain }) => plain === path);
    return Object.fromEntries((own.length > 0 ? own : fitting).flatMap((one) => one.operations));
  };
}

/**
 * Refuses what the document does not name: methods, query names, and a body where the call has no fields
 * (`{}` is none). What is named is checked by the route itself.
 */
export function onlyKnown(operations: (c: Context) => Operations): MiddlewareHandler {
  return async (c, next) => {
    const method = c.req.method === "HEAD" ? "GET" : c.req.method;
    const known = operations(c);
    const operation = known[method];
    if (!operation) {
      const allowed = Object.keys(known).sort().join(", ");
      if (allowed === "") throw new AppError("not_found", 404, "There is nothing at this address.");
      const headers = { Allow: allowed };
      throw new AppError("method_not_allowed", 405, `This address takes ${allowed}.`, { headers });
    }
    const names = operation.parameters?.filter((one) => one.in === "query").map((one) => one.name);
    const unknown = Object.keys(c.req.queries()).filter((name) => !names?.includes(name));
    const issues = unknown.map((path) => ({ path, message: "There is no such field." }));
    // What a GET carries, no handler can read.
    const body = method === "GET" || operation.requestBody ? "" : await c.req.text();
    if (!/^\s*(\{\s*\}\s*)?$/.test(body)) {
      issues.push({ path: "", message: "This call takes no fields." });
    }
    if (issues.length === 0) return await next();
    throw new AppError("invalid_input", 422, "The input is not right: see `issues`.", { issues });
  };
}
