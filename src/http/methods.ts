import type { Context, MiddlewareHandler } from "hono";
import { AppError } from "../errors.ts";

type Operation = { parameters?: { name?: string; in?: string }[]; requestBody?: unknown };
type Operations = Record<string, Operation>;

/** A path's operations by method, from the OpenAPI document. Empty: no such path. */
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
 * Refuses methods, query names and bodies that the document does not name; routes check the rest.
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
    // No handler reads the body of a GET.
    const body = method === "GET" || operation.requestBody ? "" : await c.req.text();
    if (!/^\s*(\{\s*\}\s*)?$/.test(body)) {
      issues.push({ path: "", message: "This call takes no fields." });
    }
    if (issues.length === 0) return await next();
    throw new AppError("invalid_input", 422, "The input is invalid, see `issues`.", { issues });
  };
}
