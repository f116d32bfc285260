import {
  type Cell,
  columns,
  COMMON,
  type Flow,
  flows,
  ofCorner,
  type Options,
  type Table,
} from "./flow.ts";
import { randomOf, round } from "./random.ts";

const PATHS = { max: 24, min: 12 };
const GROUPS = ["reg2reg", "reg2reg", "reg2reg", "in2reg", "reg2out", "in2out"];

type Path = { slack_ns: number; corner: string; cells: Cell[] };

/** `paths` (36 rows a design and run, one an endpoint) and `summary` (one), which add up. */
export function timingTables(options: Options): Table[] {
  const paths: Cell[][] = [];
  const summary: Cell[][] = [];
  for (const flow of flows(options, "finish")) {
    const setup = pathsOf(flow, "max");
    const hold = pathsOf(flow, "min");
    for (const { corner, cells } of [...setup, ...hold]) {
      paths.push([...ofCorner(flow.common, corner), ...cells]);
    }
    summary.push([...flow.common, ...summaryOf(flow, setup, hold)]);
  }
  return [
    { table_name: "paths", columns: columns(PATH_COLUMNS), rows: paths },
    { table_name: "summary", columns: columns(SUMMARY_COLUMNS), rows: summary },
  ];
}

const PATH_COLUMNS = {
  ...COMMON,
  path_group: "text",
  path_type: "text",
  startpoint: "text",
  endpoint: "text",
  slack_ns: "double precision",
  arrival_ns: "double precision",
  required_ns: "double precision",
  logic_levels: "bigint",
  clock: "text",
};

const SUMMARY_COLUMNS = {
  ...COMMON,
  path_group: "text",
  clock: "text",
  setup_wns_ns: "double precision",
  setup_tns_ns: "double precision",
  hold_wns_ns: "double precision",
  hold_tns_ns: "double precision",
  setup_violations: "bigint",
  hold_violations: "bigint",
  skew_ns: "double precision",
  fmax_mhz: "double precision",
};

function pathsOf(flow: Flow, type: "max" | "min"): Path[] {
  return Array.from({ length: PATHS[type] }, (_, i) => pathOf(flow, type, i));
}

/** An endpoint keeps its character from run to run; only trouble and some noise move its slack. */
function pathOf(flow: Flow, type: "max" | "min", i: number): Path {
  const { seed, design, platform, clock, corners, modules } = flow;
  const period = flow.period_ns * flow.speed;
  const lasting = randomOf(seed, "path", design, platform, type, i);
  const noise = randomOf(seed, "path", design, platform, type, i, flow.run);
  const [bad, good] = [lasting.unit() ** 3, lasting.unit()]; // cubed: few are far out, the tail
  const slack_ns = round(
    type === "max"
      ? period * (0.05 + 0.22 * good - 0.5 * flow.hardness * bad * (0.2 + 0.8 * flow.trouble) +
        noise.normal(0, 0.005))
      : period * (0.012 + 0.05 * good - 0.05 * bad * flow.trouble + noise.normal(0, 0.001)),
    4,
  );
  const required_ns = round(period * (type === "max" ? 0.965 : 0.01), 4);
  const arrival_ns = round(type === "max" ? required_ns - slack_ns : required_ns + slack_ns, 4);
  const edge = type === "max" ? corners.slow : corners.fast;
  const group = lasting.pick(GROUPS);
  const [from, to] = group.split("2");
  const register = () =>
    `${lasting.pick(modules)}/${lasting.pick(["q", "state", "data"])}_reg[${lasting.int(0, 31)}]`;
  const corner = lasting.chance(0.8) ? edge : corners.typical;
  const cells = [
    group,
    type,
    from === "in" ? `data_i[${i}]` : `${register()}/CK`,
    to === "out" ? `data_o[${i}]` : `${register()}/D`,
    slack_ns,
    arrival_ns,
    required_ns,
    noise.chance(0.02) ? null : Math.max(1, Math.round(Math.max(0, arrival_ns / period) * 26)),
    clock,
  ];
  return { slack_ns, corner, cells };
}

function summaryOf(flow: Flow, setup: Path[], hold: Path[]): Cell[] {
  const period = flow.period_ns * flow.speed;
  const random = randomOf(flow.seed, "clock", flow.design, flow.platform, flow.run);
  const [late, early] = [totals(setup), totals(hold)];
  const skew = period * (0.02 + 0.04 * flow.trouble) * random.between(0.9, 1.1);
  return [
    "Total",
    null,
    late.worst,
    late.total,
    early.worst,
    early.total,
    late.violating,
    early.violating,
    random.chance(0.03) ? null : round(skew, 4),
    round(1000 / (period - late.worst), 1),
  ];
}

/** `worst` may be above 0; `total` sums the violating paths only. */
function totals(paths: Path[]) {
  const slacks = paths.map((path) => path.slack_ns);
  const violating = slacks.filter((slack) => slack < 0);
  const total = round(violating.reduce((sum, slack) => sum + slack, 0), 4);
  return { worst: Math.min(...slacks), total, violating: violating.length };
}
