import { Hono } from "hono";
import { EXPOSITION_TYPE } from "../../external/metrics/metrics.ts";
import type { Peer } from "../../users/authenticate.ts";
import { type Access, mayScrape } from "./access.ts";
import type { Deps } from "./readings.ts";
import { makeScrape } from "./scrape.ts";

const FORWARDED = ["forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via"];

/** `/metrics`, for Prometheus. */
export function metricsRoute(deps: Deps & Access) {
  const scrape = makeScrape(deps);
  return new Hono<Peer>().get("/", async (c) => {
    await mayScrape(deps, {
      authorization: c.req.header("authorization"),
      from: c.env?.from ?? "",
      host: c.req.header("host") ?? "",
      forwarded: FORWARDED.some((name) => c.req.header(name) !== undefined),
    });
    c.header("Cache-Control", "no-store");
    return c.body(await scrape(), 200, { "Content-Type": EXPOSITION_TYPE });
  });
}
