import { type Cell, columns, COMMON, type Flow, flows, type Options, type Table } from "./flow.ts";
import { randomOf, round } from "./random.ts";

const ITERATIONS = 8;
/** By layer (`M2.S.1`): what the rule is about, and how often it is broken at first in 1,000 cells. */
const RULES = [
  { code: "S.1", category: "min spacing", share: 0.35 },
  { code: "S.2", category: "end-of-line spacing", share: 0.14 },
  { code: "W.1", category: "min width", share: 0.04 },
  { code: "A.1", category: "min area", share: 0.09 },
  { code: "SH.1", category: "short", share: 0.12 },
  { code: "EN.1", category: "via enclosure", share: 0.07 },
];
/** Lower layers are fuller, so they break more. */
const LAYER_SHARE = [0.5, 1, 0.7, 0.25, 0.1];

/** `violations` (what is left after routing, a box each) and `summary` (a count an iteration and rule, and its total). */
export function drcTables(options: Options): Table[] {
  const violations: Cell[][] = [];
  const summary: Cell[][] = [];
  for (const flow of flows(options, "route")) {
    const totals = Array<number>(ITERATIONS).fill(0);
    for (const counted of finalCounts(flow)) {
      for (let i = 0; i < counted.count; i++) {
        violations.push([...flow.common, ...violationOf(flow, counted, i)]);
      }
      iterationCounts(flow, counted).forEach((count, iteration) => {
        totals[iteration]! += count;
        summary.push([...flow.common, iteration, counted.rule, counted.layer, count]);
      });
    }
    totals.forEach((count, iteration) =>
      summary.push([...flow.common, iteration, "Total", null, count])
    );
  }
  return [
    { table_name: "violations", columns: columns(VIOLATION_COLUMNS), rows: violations },
    { table_name: "summary", columns: columns(SUMMARY_COLUMNS), rows: summary },
  ];
}

const VIOLATION_COLUMNS = {
  ...COMMON,
  rule: "text",
  category: "text",
  layer: "text",
  count: "bigint",
  x1_um: "double precision",
  y1_um: "double precision",
  x2_um: "double precision",
  y2_um: "double precision",
  nets: "text",
  severity: "text",
  waived: "boolean",
  cell: "text",
};

const SUMMARY_COLUMNS = {
  ...COMMON,
  iteration: "bigint",
  rule: "text",
  layer: "text",
  count: "bigint",
};

type Counted = ReturnType<typeof finalCounts>[number];

/** How often each rule is still broken when routing ends: every layer, every rule, 0 included. */
export function finalCounts({ seed, run, design, platform, layers, cells, trouble }: Flow) {
  return layers.flatMap((layer, i) =>
    RULES.map(({ code, category, share }) => {
      const rule = `M${i + 1}.${code}`;
      const random = randomOf(seed, "drc", design, platform, rule, run);
      const expected = cells / 1000 * share * LAYER_SHARE[i]! * trouble * 0.9;
      const count = Math.max(0, Math.round(expected * random.between(0.6, 1.4) - 0.3));
      return { layer, rule, category, count };
    })
  );
}

/** Counts after each iteration of the router: they fall to the final one, which is the last. */
function iterationCounts({ seed, run, design, platform, cells }: Flow, last: Counted): number[] {
  const random = randomOf(seed, "iterations", design, platform, last.rule, run);
  const first = cells / 60 * random.between(0.5, 1.5) * (last.count + 1) / (last.count + 4);
  const decay = random.between(0.25, 0.45);
  return Array.from(
    { length: ITERATIONS },
    (_, iteration) =>
      iteration === ITERATIONS - 1
        ? last.count
        : last.count + Math.round(first * decay ** iteration),
  );
}

/** Three in four lie at one of the design's three hot spots, which stay where they are. */
function violationOf(flow: Flow, { layer, rule, category }: Counted, i: number): Cell[] {
  const { seed, run, design, platform, modules } = flow;
  const die_um = dieSide(flow);
  const random = randomOf(seed, "box", design, platform, rule, run, i);
  const spot = randomOf(seed, "spot", design, platform, random.int(1, 3));
  const [x, y] = [spot.between(0.15, 0.85), spot.between(0.15, 0.85)].map((middle) =>
    random.chance(0.75) ? random.normal(middle, 0.03) : random.unit()
  ) as [number, number];
  const [width, height] = [random.between(0.05, 0.9), random.between(0.05, 0.9)];
  const x1 = Math.min(Math.max(x, 0), 0.99) * die_um;
  const y1 = Math.min(Math.max(y, 0), 0.99) * die_um;
  const net = () => `${random.pick(modules)}/net${random.int(100, 9999)}`;
  return [
    rule,
    category,
    layer,
    1,
    round(x1, 3),
    round(y1, 3),
    round(x1 + width, 3),
    round(y1 + height, 3),
    category === "short" ? `${net()},${net()}` : random.chance(0.1) ? null : net(),
    category === "short" || random.chance(0.7) ? "error" : "warning",
    category !== "short" && random.chance(0.06),
    random.chance(0.3) ? null : random.pick(modules),
  ];
}

/** A square die, filled to 60 %; 2 µm more keep the last box inside. */
export function dieSide({ cells, cell_area_um2 }: { cells: number; cell_area_um2: number }) {
  return Math.ceil(Math.sqrt(cells * cell_area_um2 / 0.6)) + 2;
}
