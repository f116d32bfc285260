import { deepStrictEqual as same, equal } from "node:assert/strict";
import { report } from "../help/imports/reports.ts";
import { startWorld } from "../help/world/world.ts";

type Number = { name: string; value: number; unit: string | null; sure: boolean };

const inUnits = (time_units: string, ws: number) =>
  JSON.stringify({
    run__flow__platform__time_units: time_units,
    run__flow__design: "gcd",
    finish__timing__setup__ws: ws,
    finish__timing__setup__tns: -12,
  });
const SUMMARY = "opensta_multi_corner.summary.rpt";
const PATHS = "opensta_full_clock_expanded.max.rpt";
const VIVADO = "vivado_timing_summary_routed.rpt";

Deno.test("files with different units, or none, share a table, each with its own numbers and no doubt", async () => {
  await using world = await startWorld({ user: true });
  const { ada } = world;
  const put = async (design: string, file: string, body = report(file).text) => {
    const query = `/imports?file=${file}&run_id=${design}-1&design=${design}`;
    const headers = { "content-type": "" };
    const reply = await world.call("PUT", query, { key: ada.api_key, body, headers });
    equal(reply.status, 201, reply.text);
    const numbers: Number[] = reply.body.imports[0].numbers;
    return numbers.filter(({ name }) => /setup_[wt]ns$/.test(name))
      .map(({ name, value, unit, sure }) => `${name} ${value} ${unit} ${sure}`);
  };
  const ofSummary = ["setup_wns 1.18 null true", "setup_tns 0 null true"];
  same(await put("summary_a", SUMMARY), ofSummary);
  same(await put("vivado", VIVADO), ["setup_wns -3.463 ns true", "setup_tns -4.14 ns true"]);
  same(await put("summary_b", SUMMARY), ofSummary);
  same(await put("paths", PATHS), ["setup_wns 2.64 null true", "setup_tns 0 null true"]);
  same(await put("asap7", "a.json", inUnits("1ps", -16)), [
    ...["setup_wns -16 ps true", "setup_tns -12 ps true"],
  ]);
  same(await put("sky130hd", "b.json", inUnits("1ns", -0.5)), [
    ...["setup_wns -0.5 ns true", "setup_tns -12 ns true"],
  ]);
  same(await put("asap7_b", "a.json", inUnits("1ps", -17)), [
    ...["setup_wns -17 ps true", "setup_tns -12 ps true"],
  ]);
});
