import { Hono } from "hono";
import { unavailable } from "../errors.ts";
import { errorBody } from "./replies.ts";
import { health } from "./health.ts";

export function startingApp() {
  const reason = "The service is starting: its database is not ready yet.";
  const app = new Hono();
  app.route("/", health(() => Promise.resolve(reason)));
  app.all("*", (c) => {
    const error = unavailable("database_unavailable", reason);
    const wait = error.more.headers!["Retry-After"]!;
    c.header("Retry-After", wait);
    if (c.req.path.startsWith("/api/")) {
      return c.json(errorBody(error, crypto.randomUUID()), error.status);
    }
    c.header("Refresh", wait);
    return c.text(reason, error.status);
  });
  return app;
}
