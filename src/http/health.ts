import { Hono } from "hono";

export type Readiness = () => Promise<string | undefined>;

/** Without a key: `/livez` (it runs) and `/readyz` (its database works). */
export function health(readiness: Readiness) {
  return new Hono()
    .get("/livez", (c) => c.json({ status: "ok" }))
    .get("/readyz", async (c) => {
      const reason = await readiness();
      c.header("Cache-Control", "no-store");
      if (reason === undefined) return c.json({ status: "ready" });
      return c.json({ status: "unavailable", reason }, 503);
    });
}
