import type { Meaning } from "../columns.ts";

/** A column's meaning (null: ignored by us) and unit. */
export type Known = Meaning | null | [meaning: Meaning, unit: string];

/** A known tool's format; column names in lower case. */
export type FormatEntry = {
  name: string;
  /** Where the tool documents its columns. */
  source: string;
  /** Columns that occur together in this format only. */
  needs: string[];
  columns: Record<string, Known>;
  /** Names of one number, with and without a unit. */
  spellings?: string[][];
};
