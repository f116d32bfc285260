import { deepStrictEqual as same } from "node:assert";
import { meaningOf, readColumn, shapeOf, unitOf } from "../../src/measures/columns.ts";
import { real, typeOf } from "../help/boards/boards.ts";

Deno.test("meaningOf() reads every header of the real results", async () => {
  const expected = {
    platform: "platform",
    design: "design",
    git_commit: "commit",
    run_ts: "time",
    finish__timing__setup__ws: "setup_wns",
    finish__timing__setup__tns: "setup_tns",
    finish__timing__hold__ws: "hold_wns",
    finish__timing__hold__tns: "hold_tns",
    finish__timing__drv__setup_violation_count: "setup_violations",
    finish__timing__drv__hold_violation_count: "hold_violations",
    finish__timing__drv__max_slew: "slew_violations",
    finish__timing__drv__max_cap: "cap_violations",
    finish__clock__skew__setup: "skew",
    finish__design__instance__area: "area",
    finish__design__instance__utilization: "utilization",
    finish__design__instance__count: "cells",
    finish__power__total: "power",
    finish__power__leakage__total: "leakage",
    detailedroute__route__wirelength: "wirelength",
    detailedroute__route__vias: "vias",
    detailedroute__route__drc_errors: "drc_total",
    detailedroute__antenna__violating__nets: "antenna",
    run__flow__platform__time_units: "time_unit",
    total_time: "runtime",
    iteration: "iteration",
    drc_errors: "drc_total",
  };
  const headers = new Set(
    (await Promise.all([real("qor_history"), real("drc_iterations")]))
      .flatMap(([first]) => Object.keys(first!)),
  );
  const type = (name: string) => typeOf(name).replace("timestamptz", "timestamp with time zone");
  same(
    Object.fromEntries([...headers].map((name) => [name, readColumn(name, type(name)).meaning])),
    expected,
  );
});

Deno.test("meaningOf() reads the spellings of teams, and leaves alone what it does not know", () => {
  const spellings: [string, "number" | "text", string | undefined][] = [
    ["WNS(ns)", "number", "setup_wns"],
    ["worst_slack", "number", "setup_wns"],
    ["worstSlack", "number", "setup_wns"],
    ["WORSTSLACK", "number", "setup_wns"],
    ["setup_wns_ns", "number", "setup_wns"],
    ["hold_tns_ns", "number", "hold_tns"],
    ["slack_ns", "number", "slack"],
    ["setup_viol", "number", "setup_violations"],
    ["num_violations", "number", "violations"],
    ["clk_skew_setup_ns", "number", "skew"],
    ["fmax_mhz", "number", "frequency"],
    ["Layer", "text", "layer"],
    ["DRC Errors", "number", "drc_total"],
    ["detailedroute__route__drc_errors__iter:3", "number", undefined],
    ["area_um2", "number", "area"],
    ["Cell Area (µm²)", "number", "area"],
    ["util_pct", "number", "utilization"],
    ["power_total_w", "number", "power"],
    ["power_leak_w", "number", "leakage"],
    ["ir_drop_v", "number", "ir_drop"],
    ["runtime_s", "number", "runtime"],
    ["peak_mem_kb", "number", "memory"],
    ["path_group", "text", "path_group"],
    ["path_type", "text", "path_type"],
    ["startpoint", "text", "startpoint"],
    ["endpoint", "text", "endpoint"],
    ["rule", "text", "rule"],
    ["rule_op", "text", undefined],
    ["x1_um", "number", "x"],
    ["count", "number", "count"],
    ["metric", "text", "metric"],
    ["value", "number", "value"],
    ["unit", "text", "unit"],
    ["temperature", "number", undefined],
    ["discount", "number", undefined],
    ["constructor", "text", undefined],
  ];
  same(
    spellings.map(([name, shape]) => [name, shape, meaningOf(name, shape)]),
    spellings,
  );
});

Deno.test("unitOf() reads the unit at a name's end, and none from a name that is one word", () => {
  const units = {
    slack_ns: "suffix: ns",
    "WNS(ns)": "suffix: ns",
    "slack [ps]": "suffix: ps",
    area_um2: "suffix: µm²",
    "Area (µm²)": "suffix: µm²",
    "area [um^2]": "suffix: µm²",
    power_mW: "mwatt",
    total_w: "watt",
    util_pct: "percent",
    "util (%)": "percent",
    runtime_s: "s",
    peak_mem_kb: "deckbytes",
    s: undefined,
    x_min: undefined,
    design: undefined,
  };
  same(Object.fromEntries(Object.keys(units).map((n) => [n, unitOf(n)?.grafana])), units);
  same(shapeOf("numeric(10,2)"), "number");
  same(["integer[]", "jsonb", "timestamp(3) without time zone"].map(shapeOf), [
    "other",
    "other",
    "time",
  ]);
});
