import type { Column, Meaning } from "./columns.ts";

/** How several values become one. */
export type Aggregate = "min" | "max" | "sum";

/** How the parts of a run become its value: of ordered parts (stages, iterations) one end counts. */
export type Fold = Aggregate | "last" | "first";

/** The parts that a run's rows are cut into, innermost first. */
export const PARTS = ["endpoint", "corner", "iteration", "stage"] as const;
export type PartName = typeof PARTS[number];

/** A number that people follow from run to run, whatever the table's shape. */
export type Measure = {
  meaning?: Meaning;
  title: string;
  /** Grafana's unit id. */
  unit: string;
  decimals?: number;
  /** The number of one row in the unit that boards show, as SQL. */
  expression: string;
  /** The unit as people write it; `stated`: the SQL of each row's own, which `expression` converts. */
  symbol: string | null;
  stated?: { unit: string; expression: string };
  /** Which rows count, as SQL. */
  where?: string;
  /** How the rows of one part become one value. */
  rows: Aggregate;
  /** What of an endpoint's value is added up, as SQL over "v". */
  of_endpoint?: string;
  folds: Partial<Record<PartName, Fold>>;
  /** How the designs of a board become one number. */
  across: Aggregate;
  /** Each row is an object of its own (a path, a violation): many of them are one run. */
  objects?: true;
  /** Where red ends: slack is good from 0 up, a count of violations at 0. */
  good?: "from 0" | "at 0";
  /** Never negative and of any size: designs of different sizes are read on a logarithmic axis. */
  log_scale?: boolean;
  /** Which rows are the whole of a run: the others are its parts. As SQL. */
  whole?: string;
  /** What a reader should know of the number. */
  note?: string;
  /** Why the number is not sure, as a sentence. */
  doubt?: string;
  /** Where it was found: a column, and in a long table the metric. */
  source: { column: string; metric: string | null };
};

/** How a known number is shown and put together; a column's own unit goes before `unit`. */
export type Defaults =
  & Pick<Measure, "title" | "unit" | "decimals" | "rows" | "across" | "good" | "log_scale">
  & { folds: Measure["folds"] };

const LAST = { iteration: "last", stage: "last" } as const;
const WORST_SLACK = { corner: "min", ...LAST } as const;
const MOST = { corner: "max", ...LAST } as const;
const SLACK = {
  unit: "suffix: ns",
  rows: "min",
  across: "min",
  good: "from 0",
  folds: WORST_SLACK,
} as const;
const COUNT = { unit: "locale", decimals: 0, rows: "max", folds: MOST } as const;
const FAULTS = { ...COUNT, across: "max", good: "at 0" } as const;
const SIZE = { rows: "max", across: "max", log_scale: true, folds: MOST } as const;

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
    across: "max",
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
    across: "max",
    folds: MOST,
  },
  frequency: {
    title: "Fmax",
    unit: "suffix: MHz",
    rows: "min",
    across: "min",
    folds: WORST_SLACK,
  },
  ir_drop: {
    title: "IR drop",
    unit: "volt",
    decimals: 3,
    rows: "max",
    across: "max",
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

const OTHER = { rows: "max", across: "max", folds: MOST } as const;

/** A number that no word explains, under its own name. */
export const unnamed = (title: string) => ({ ...OTHER, title, unit: "none" });

/** How a column's number is shown in a table's cells. */
export function defaultsOf({ meaning }: Pick<Column, "meaning">): Defaults | undefined {
  return meaning &&
    (meaning === "slack" ? { ...SLACK, title: "Slack", decimals: 3 } : DEFAULTS[meaning]);
}
