import { Hono } from "hono";

/** Why the service cannot work now; undefined: it can. */
export type Readiness = () => Promise<string | undefined>;

/**
 * For whoever watches over the process, without a key: `/livez` says that it runs, `/readyz` whether its
 * database can be used. Neither names an address.
 */
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
