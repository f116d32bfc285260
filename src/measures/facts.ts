import { columnOf } from "./names/choose.ts";
import type { Column, Meaning } from "./columns.ts";
import type { Mapping } from "./mapping/mapping.ts";
import { quoteName } from "./sql.ts";

export { columnOf } from "./names/choose.ts";

export type Kind = "timing" | "qor" | "drc";

/** A metric of a long table; `meaning`: of its name, beside what its column's name says. */
export type Metric = { name: string; unit: string; meaning?: Meaning };

/** One of a group's newest runs; `nth` 1 is the newest. `run` and `at` are texts of PostgreSQL's. */
export type NewestRun = {
  keys: string[];
  run: string;
  type: string;
  at: string | null;
  nth: number;
};

/** What a board is composed from: the table's columns, and a few figures of its content. */
export type TableFacts = {
  schema: string;
  table: string;
  kind: Kind;
  /** How the table is read; `columns` and `group_columns` are the mapping's. */
  mapping: Mapping;
  columns: Column[];
  rows: number;
  /** The column that says when a row's run was, and its first and last time. */
  time?: { column: Column; first: Date; last: Date };
  /** Columns that together name one design under test (platform, design, variant). */
  group_columns: Column[];
  /** How many of them there are (at most MOST_GROUPS are counted), and the six worst. */
  groups: { count: number; shown: string[] };
  /** Number columns without any value are of no use on a board. */
  empty: string[];
  /** The greatest value of each number column that is looked at. */
  greatest: Record<string, number>;
  /** The unit that the newest run's rows state for their times, where it is one. */
  time_unit?: string;
  /** When each group's runs start, in seconds since 1970, where rows have times of their own. */
  starts?: Record<string, number[]>;
  /** The two newest runs of each group, where runs are told apart. */
  newest?: NewestRun[];
  /** Whether some object stands in several rows that nothing puts in order. */
  unordered: boolean;
  /** How many different run times there are; MOST_RUNS + 1 means more. 1 without a time column. */
  runs: number;
  /** The values of the columns that a board is cut by (path type, layer), the most frequent 50 first. */
  values: Partial<Record<Meaning, string[]>>;
  /** Different values of each text column in the sample; 51 means more than 50. */
  distinct: Record<string, number>;
  /** A long table's metrics (name and unit, the most frequent first, at most MOST_METRICS). */
  metrics: Metric[];
  /** Why the table's numbers cannot be read: PostgreSQL's error for a value that cannot be computed. */
  refused?: Error;
  read_at: Date;
};

/** More designs than this are not told apart: comparing them would cost seconds. */
export const MOST_GROUPS = 1000;
/** Different metrics of a long table that are looked at: METRICS 2.1 knows about 400. */
export const MOST_METRICS = 2000;
/** Points of one line: more cannot be told apart on a screen 1,920 pixels wide. */
export const MOST_RUNS = 1500;

/** The columns of these meanings, each meaning once, that cut the rows into more than one part. */
export function dimensionsOf({ columns, distinct }: TableFacts, meanings: Meaning[]): Column[] {
  return meanings.flatMap((meaning) => columnOf(columns, meaning) ?? [])
    .filter(({ name }) => distinct[name] !== 1);
}

/** `"schema"."table"`. */
export function tableOf({ schema, table }: { schema: string; table: string }): string {
  return `${quoteName(schema)}.${quoteName(table)}`;
}

/** The text that names a row's group: `sky130hd gcd`; undefined where nothing names one. */
export function groupLabel(columns: Column[]): string | undefined {
  if (columns.length === 0) return undefined;
  const parts = columns.map(({ name }) => `${quoteName(name)}::pg_catalog.text`);
  return `pg_catalog.concat_ws(' ', ${parts.join(", ")})`;
}
