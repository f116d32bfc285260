import type { Cell, Format, Output, Said } from "../format.ts";
import { secondsOf } from "./figures.ts";
import { keysIn, metricsObject, withoutCorner } from "./object.ts";
import { figuresOf, type Metric, writeMetrics, writeRun } from "./run.ts";

/** In the order of the flow; parts of a stage such as `finish_merge` are stages of their own. */
const STAGES = [
  ...["synth", "floorplan", "globalplace", "placeopt", "detailedplace", "cts", "globalroute"],
  ...["fillcell", "detailedroute", "finish"],
];
const STAGE = new RegExp(`^(?:${STAGES.join("|")})(?:_[a-z]+)*__`);

function metricOf(key: string, value: Cell): Metric {
  const [prefix] = STAGE.exec(key) ?? [""];
  return { ...withoutCorner(key.slice(prefix.length)), stage: prefix.slice(0, -2) || null, value };
}

const KEYS = {
  run_id: "run__flow__uuid",
  design: "run__flow__design",
  platform: "run__flow__platform",
  variant: "run__flow__variant",
  tool_version: "run__flow__openroad_version",
} as const;

function saidIn(fields: Map<string, Cell>): Said {
  const said: Said = { tool: "OpenROAD-flow-scripts" };
  for (const [name, key] of Object.entries(KEYS)) {
    const text = String(fields.get(key) ?? "").trim();
    if (text && text !== "N/A") said[name as keyof typeof KEYS] = text;
  }
  const date = /^(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d(?::\d\d)?)/
    .exec(String(fields.get("run__flow__generate_date") ?? ""));
  if (date) said.run_ts = `${date[1]}T${date[2]!.length === 5 ? `${date[2]}:00` : date[2]}`;
  return said;
}

function timeUnitIn(fields: Map<string, Cell>): string | undefined {
  return /^1 ?(fs|ps|ns|us)$/.exec(String(fields.get("run__flow__platform__time_units") ?? ""))
    ?.[1];
}

function write(out: Output, fields: Map<string, Cell>) {
  out.say(saidIn(fields));
  const timeUnit = timeUnitIn(fields);
  const metrics = [...fields].map(([key, value]) => metricOf(key, value));
  const stages = new Set(metrics.map(({ stage }) => stage));
  const last = STAGES.findLast((stage) => stages.has(stage)) ?? null;
  const columns = figuresOf(metrics, { timeUnit, last, order: STAGES });
  const peaks = metrics.filter(({ name }) => name === "mem__peak").map(({ value }) =>
    Number(value)
  );
  if (peaks.some((peak) => peak > 0)) columns.set("peak_mem_kb", Math.max(...peaks));
  const runtime = secondsOf(String(fields.get("total_time") ?? ""));
  if (runtime !== null) columns.set("runtime_s", runtime);
  writeRun(out, new Map([["stage", last], ...columns]));
  writeMetrics(out, metrics, timeUnit);
}

/**
 * flow/util/genMetrics.py of OpenROAD-flow-scripts; names as in METRICS 2.1 (IEEE CEDA DATC).
 * `run__flow__platform__power_units` is the library's: OpenROAD writes W (report_power_metric).
 */
export const metrics21: Format = {
  name: "metrics-2.1-json",
  tool: "OpenROAD-flow-scripts",
  kind: "qor",
  table: "runs",
  recognise(start) {
    const keys = keysIn(start);
    const staged = keys.filter((key) => STAGE.test(key)).length;
    const isFlow = keys.length > 2 && keys.some((key) => key.startsWith("run__flow__"));
    return isFlow || staged > keys.length / 2 ? 0.95 : 0;
  },
  open: (out) => metricsObject((fields) => write(out, fields)),
};
