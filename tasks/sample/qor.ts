import { finalCounts } from "./drc.ts";
import {
  type Cell,
  columns,
  COMMON,
  type Flow,
  flows,
  ofStage,
  type Options,
  type Table,
} from "./flow.ts";
import { randomOf, round } from "./random.ts";

/** Each stage's share of a run's time. */
const STAGES = { synth: 0.08, floorplan: 0.04, place: 0.24, cts: 0.12, route: 0.44, finish: 0.08 };

/** `runs` (six rows a design and run, the last stage with its figures), `metrics` (eight, long). */
export function qorTables(options: Options): Table[] {
  const runs: Cell[][] = [];
  const metrics: Cell[][] = [];
  for (const flow of flows(options, "finish")) {
    const parts = stagesOf(flow);
    const run = runOf(flow, parts);
    for (const { stage, ...part } of parts) {
      const whole = stage === LAST ? figuresOf(run) : {};
      const cells: Record<string, Cell> = { ...whole, ...part };
      const own = Object.keys(FIGURES).map((name) => cells[name] ?? null);
      runs.push([...ofStage(flow.common, stage), ...own]);
    }
    for (const cells of metricsOf(flow, run)) metrics.push([...flow.common, ...cells]);
  }
  return [
    { table_name: "runs", columns: columns(RUN_COLUMNS), rows: runs },
    { table_name: "metrics", columns: columns(METRIC_COLUMNS), rows: metrics },
  ];
}

const LAST = "finish";

const FIGURES = {
  area_um2: "double precision",
  utilization_pct: "double precision",
  cells: "bigint",
  power_total_w: "double precision",
  power_leakage_w: "double precision",
  wirelength_um: "double precision",
  vias: "bigint",
  ir_drop_v: "double precision",
  runtime_s: "double precision",
  peak_mem_kb: "bigint",
  drc_errors: "bigint",
  warnings: "bigint",
};
const RUN_COLUMNS = { ...COMMON, ...FIGURES };

/** What only the last stage knows. */
function figuresOf({ runtime_s: _, peak_mem_kb: __, ...figures }: ReturnType<typeof runOf>) {
  return figures;
}

const METRIC_COLUMNS = {
  ...COMMON,
  metric: "text",
  value: "double precision",
  unit: "text",
  rule_op: "text",
  rule_limit: "double precision",
  pass: "boolean",
};

/** Cells: what the netlist has, and up to an eighth more to repair timing. */
function cellsOf({ seed, run, design, platform, cells, trouble }: Flow): number {
  const noise = randomOf(seed, "cells", design, platform, run).normal(0, 0.003);
  return Math.round(cells * (1 + 0.12 * trouble + noise));
}

function stagesOf(flow: Flow) {
  const random = randomOf(flow.seed, "stages", flow.design, flow.platform, flow.run);
  const cells = cellsOf(flow);
  return Object.entries(STAGES).map(([stage, share]) => ({
    stage,
    runtime_s: round(
      cells * 0.012 * share * (1 + 1.4 * flow.trouble) * random.between(0.9, 1.1),
      1,
    ),
    peak_mem_kb: Math.round(380_000 * random.between(0.95, 1.05) + cells * (4 + 20 * share)),
    warnings: random.int(0, 12),
  }));
}

/** The figures hang together: more cells, more area, wire, power, voltage drop, time and memory. */
function runOf(flow: Flow, stages: ReturnType<typeof stagesOf>) {
  const random = randomOf(flow.seed, "run", flow.design, flow.platform, flow.run);
  const near = (value: number, share: number) => value * (1 + random.normal(0, share));
  const cells = cellsOf(flow);
  const pitch_um = Math.sqrt(flow.cell_area_um2);
  const area_um2 = near(cells * flow.cell_area_um2, 0.002);
  const core_um2 = flow.cells * flow.cell_area_um2 / 0.6; // drawn for 60 % at the first netlist
  const clock_hz = 1e9 / (flow.period_ns * flow.speed);
  const power_leak_w = near(cells * flow.leak_w_per_cell, 0.01);
  // 7.3 fF for each µm of pitch brings ibex in sky130hd to some 0.14 W
  const switching_w = cells * 7.3e-15 * pitch_um * flow.supply_v ** 2 * clock_hz;
  const power_total_w = near(switching_w, 0.01) + power_leak_w;
  return {
    area_um2: round(area_um2, 1),
    utilization_pct: round(100 * area_um2 / core_um2, 2),
    cells,
    power_total_w: round(power_total_w, 6),
    power_leakage_w: Number(power_leak_w.toPrecision(4)),
    wirelength_um: Math.round(near(cells * 11 * pitch_um, 0.006)),
    vias: Math.round(near(cells * 8.4, 0.005)),
    ir_drop_v: random.chance(0.04)
      ? null
      : round(near(flow.supply_v * (0.004 + 0.1 * power_total_w), 0.02), 5),
    runtime_s: round(stages.reduce((sum, { runtime_s }) => sum + runtime_s, 0), 1),
    peak_mem_kb: Math.max(...stages.map(({ peak_mem_kb }) => peak_mem_kb)),
    drc_errors: finalCounts(flow).reduce((sum, { count }) => sum + count, 0),
  };
}

/** The run's figures against limits that the first netlist suggests, as a regression checks them. */
function metricsOf(flow: Flow, run: ReturnType<typeof runOf>): Cell[][] {
  const first_um2 = flow.cells * flow.cell_area_um2;
  const wire_um = flow.cells * 11 * Math.sqrt(flow.cell_area_um2);
  const rules: [string, number | null, string | null, string, number][] = [
    ["finish__design__instance__area", run.area_um2, "um^2", "<=", round(first_um2 * 1.06, 1)],
    ["finish__design__instance__utilization", run.utilization_pct, "%", "<=", 65],
    ["finish__design__instance__count", run.cells, null, "<=", Math.round(flow.cells * 1.06)],
    ["finish__design_powergrid__drop__worst", run.ir_drop_v, "V", "<=", flow.supply_v * 0.05],
    ["detailedroute__route__wirelength", run.wirelength_um, "um", "<=", Math.round(wire_um * 1.06)],
    ["detailedroute__route__drc_errors", run.drc_errors, null, "==", 0],
    ["finish__power__total", run.power_total_w, "W", ">=", 0],
    ["run__flow__total_time", run.runtime_s, "s", "<=", Math.round(flow.cells * 0.018)],
  ];
  return rules.map(([metric, value, unit, op, limit]) => {
    const rule_limit = round(limit, 4);
    const pass = value === null ? null : holds(value, op, rule_limit);
    return [metric, value, unit, op, rule_limit, pass];
  });
}

function holds(value: number, op: string, limit: number): boolean {
  return op === "==" ? value === limit : op === "<=" ? value <= limit : value >= limit;
}
