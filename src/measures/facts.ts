import { columnOf } from "./names/choose.ts";
import type { Column, Meaning } from "./columns.ts";
import type { Mapping } from "./mapping/mapping.ts";
import { quoteName } from "./sql.ts";

export { columnOf } from "./names/choose.ts";

export type Kind = "timing" | "qor" | "drc";

/** `meaning` of the metric's name, read like a column's. */
export type Metric = { name: string; unit: string; meaning?: Meaning };

/** One of a group's newest runs; `nth` 1 is the newest. `run` and `at` as PostgreSQL's text. */
export type NewestRun = {
  keys: string[];
  run: string;
  type: string;
  at: string | null;
  nth: number;
};

export type TableFacts = {
  schema: string;
  table: string;
  kind: Kind;
  mapping: Mapping;
  columns: Column[];
  rows: number;
  /** When runs took place: the column, its first and last value. */
  time?: { column: Column; first: Date; last: Date };
  /** Columns that identify one design under test (platform, design, variant). */
  group_columns: Column[];
  /** Counted up to MOST_GROUPS, with the six worst. */
  groups: { count: number; shown: string[] };
  /** Number columns without values. */
  empty: string[];
  /** By column, the maximum of some number columns. */
  greatest: Record<string, number>;
  /** Set when the newest run states a single time unit. */
  time_unit?: string;
  /** Start of each group's runs in Unix seconds, when rows have individual times. */
  starts?: Record<string, number[]>;
  /** The two newest runs of each group. */
  newest?: NewestRun[];
  /** Objects repeat and no column orders the rows. */
  unordered: boolean;
  /** Number of run times; MOST_RUNS + 1 means more, 1 without a time column. */
  runs: number;
  /** Of path type, layer and similar columns, the most frequent 50. */
  values: Partial<Record<Meaning, string[]>>;
  /** Distinct sampled values by text column; 51 means more than 50. */
  distinct: Record<string, number>;
  /** Most frequent first, at most MOST_METRICS. */
  metrics: Metric[];
  /** PostgreSQL's error when the numbers cannot be computed. */
  refused?: Error;
  read_at: Date;
};

/** Comparing more designs would take seconds. */
export const MOST_GROUPS = 1000;
/** METRICS 2.1 has about 400. */
export const MOST_METRICS = 2000;
/** Points that a screen of 1,920 pixels can show. */
export const MOST_RUNS = 1500;

/** Columns of these meanings with more than one value, one per meaning. */
export function dimensionsOf({ columns, distinct }: TableFacts, meanings: Meaning[]): Column[] {
  return meanings.flatMap((meaning) => columnOf(columns, meaning) ?? [])
    .filter(({ name }) => distinct[name] !== 1);
}

export function tableOf({ schema, table }: { schema: string; table: string }): string {
  return `${quoteName(schema)}.${quoteName(table)}`;
}

/** SQL: `sky130hd gcd`; undefined without group columns. */
export function groupLabel(columns: Column[]): string | undefined {
  if (columns.length === 0) return undefined;
  const parts = columns.map(({ name }) => `${quoteName(name)}::pg_catalog.text`);
  return `pg_catalog.concat_ws(' ', ${parts.join(", ")})`;
}
