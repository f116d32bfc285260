import { ok } from "node:assert/strict";
import { buildCharts } from "../help/vendor/build.ts";

const COMMITTED = new URL("../../static/vendor/echarts.js", import.meta.url);

Deno.test({
  name: "static/vendor/echarts.js is what `deno task vendor` builds",
  // The builder's process ends a moment after it was stopped.
  sanitizeOps: false,
  sanitizeResources: false,
  async fn() {
    ok(await buildCharts() === await Deno.readTextFile(COMMITTED), "Run `deno task vendor`.");
  },
});
