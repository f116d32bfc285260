import type { Column, Meaning } from "./columns.ts";

export type Aggregate = "min" | "max" | "sum";

/** How a run's parts become its value: "first" and "last" for ordered parts (stages, iterations). */
export type Fold = Aggregate | "last" | "first";

/** Parts of a run, innermost first. */
export const PARTS = ["endpoint", "corner", "iteration", "stage"] as const;
export type PartName = typeof PARTS[number];

export type Measure = {
  meaning?: Meaning;
  title: string;
  /** Grafana's unit id. */
  unit: string;
  decimals?: number;
  /** SQL: the value of one row in the displayed unit. */
  expression: string;
  /** `stated`: SQL of each row's own unit, from which `expression` converts. */
  symbol: string | null;
  stated?: { unit: string; expression: string };
  /** SQL: the rows that count. */
  where?: string;
  rows: Aggregate;
  /** SQL over "v": the part of an endpoint's value that is summed. */
  of_endpoint?: string;
  folds: Partial<Record<PartName, Fold>>;
  /** How several designs become one number. */
  across_designs: Aggregate;
  /** Each row is an object (a path, a violation), so that a run has many rows. */
  objects?: true;
  /** The good side: slack from 0 up, a count of violations at 0. */
  good?: "from 0" | "at 0";
  /** Never negative, any magnitude: designs of different sizes share a logarithmic axis. */
  log_scale?: boolean;
  /** SQL: the rows that cover a whole run; the others are its parts. */
  whole?: string;
  /** Shown in the panel's description. */
  note?: string;
  /** A sentence: why the number is not sure. */
  doubt?: string;
  /** The column, and the metric in a long table. */
  source: { column: string; metric: string | null };
};

/** Display and aggregation of a known number; a column's own unit wins over `unit`. */
export type Defaults =
  & Pick<Measure, "title" | "unit" | "decimals" | "rows" | "across_designs" | "good" | "log_scale">
  & { folds: Measure["folds"] };

const LAST = { iteration: "last", stage: "last" } as const;
const WORST_SLACK = { corner: "min", ...LAST } as const;
const MOST = { corner: "max", ...LAST } as const;
const SLACK = {
  unit: "suffix: ns",
  rows: "min",
  across_designs: "min",
  good: "from 0",
  folds: WORST_SLACK,
} as const;
const COUNT = { unit: "locale", decimals: 0, rows: "max", folds: MOST } as const;
const FAULTS = { ...COUNT, across_designs: "max", good: "at 0" } as const;
const SIZE = { rows: "max", across_designs: "max", log_scale: true, folds: MOST } as const;

export const DEFAULTS: Partial<Record<Meaning, Defaults>> = {
  setup_wns: { ...SLACK, title: "Setup WNS", decimals: 3 },
  setup_tns: { ...SLACK, title: "Setup TNS", decimals: 2 },
  setup_violations: { ...FAULTS, title: "Failing endpoints" },
  hold_wns: { ...SLACK, title: "Hold WNS", decimals: 3 },
  hold_tns: { ...SLACK, title: "Hold TNS", decimals: 2 },
  hold_violations: { ...FAULTS, title: "Hold failing endpoints" },
  violations: { ...FAULTS, title: "Failing endpoints", rows: "sum" },
  drc_total: { ...FAULTS, title: "DRC violations", rows: "sum" },
  antenna: { ...FAULTS, title: "Antenna violations" },
  slew_violations: { ...FAULTS, title: "Max slew violations" },
  cap_violations: { ...FAULTS, title: "Max cap violations" },
  fanout_violations: { ...FAULTS, title: "Max fanout violations" },
  lvs_errors: { ...FAULTS, title: "LVS errors" },
  failing_tests: { ...FAULTS, title: "Failing tests", rows: "sum" },
  failed: { ...FAULTS, title: "Failed checks", rows: "sum" },
  area: { ...SIZE, title: "Area", unit: "suffix: µm²" },
  utilization: {
    title: "Utilization",
    unit: "percent",
    decimals: 1,
    rows: "max",
    across_designs: "max",
    folds: MOST,
  },
  power: { ...SIZE, title: "Power", unit: "watt" },
  leakage: { ...SIZE, title: "Leakage power", unit: "watt" },
  wirelength: { ...SIZE, title: "Wirelength", unit: "suffix: µm" },
  cells: { ...COUNT, ...SIZE, title: "Cells" },
  vias: { ...COUNT, ...SIZE, title: "Vias" },
  skew: {
    title: "Clock skew",
    unit: "suffix: ns",
    decimals: 3,
    rows: "max",
    across_designs: "max",
    folds: MOST,
  },
  frequency: {
    title: "Fmax",
    unit: "suffix: MHz",
    rows: "min",
    across_designs: "min",
    folds: WORST_SLACK,
  },
  ir_drop: {
    title: "IR drop",
    unit: "volt",
    decimals: 3,
    rows: "max",
    across_designs: "max",
    folds: MOST,
  },
  runtime: {
    ...SIZE,
    title: "Runtime",
    unit: "s",
    rows: "sum",
    folds: { corner: "sum", iteration: "last", stage: "sum" },
  },
  memory: { ...SIZE, title: "Peak memory", unit: "short" },
  used: { ...COUNT, ...SIZE, title: "Used", log_scale: false },
  site_utilization: { ...SIZE, title: "Utilization", unit: "percent", log_scale: false },
};

const OTHER = { rows: "max", across_designs: "max", folds: MOST } as const;

export const unnamed = (title: string) => ({ ...OTHER, title, unit: "none" });

export function defaultsOf({ meaning }: Pick<Column, "meaning">): Defaults | undefined {
  return meaning &&
    (meaning === "slack" ? { ...SLACK, title: "Slack", decimals: 3 } : DEFAULTS[meaning]);
}
