import type { Meaning } from "../columns.ts";

/** What one column of a known tool's format holds: its meaning (null: none of ours) and its unit. */
export type Known = Meaning | null | [meaning: Meaning, unit: string];

/** A known tool's format: how it is recognised and what each of its columns means. Names in lower case. */
export type FormatEntry = {
  name: string;
  /** Where the meaning of its columns is written. */
  source: string;
  /** The columns that together are found in no other format. */
  needs: string[];
  columns: Record<string, Known>;
};
