import { ok } from "node:assert/strict";
import { buildCharts } from "../help/vendor/build.ts";

const COMMITTED = new URL("../../static/vendor/echarts.js", import.meta.url);

Deno.test("static/vendor/echarts.js is what `deno task vendor` builds", async () => {
  ok(await buildCharts() === await Deno.readTextFile(COMMITTED), "Run `deno task vendor`.");
});
