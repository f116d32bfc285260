import type { Shape } from "../columns.ts";

/** A column as the table has it, with what a sample of its rows says. */
export type Found = {
  name: string;
  type: string;
  shape: Shape;
  /** The sampled values as texts of at most 200 characters, one a sampled row; null where there is none. */
  values: (string | null)[];
  /** Of a number column's sample; null where it has no value. */
  least: number | null;
  most: number | null;
  comment?: string | null;
};

/** What a mapping is made from: a table's columns and a sample of its content. */
export type Content = {
  columns: Found[];
  /** How many rows were sampled. */
  sampled: number;
};

/** A column's sampled values without the missing ones. */
export function filled({ values }: Found): string[] {
  return values.filter((value) => value !== null);
}

/** How many different values a column's sample has. */
export function distinct(column: Found): number {
  return new Set(filled(column)).size;
}

/** The sampled rows as one text each, of these columns. */
export function keysOf(columns: Found[], sampled: number): string[] {
  return Array.from(
    { length: sampled },
    (_, row) => JSON.stringify(columns.map(({ values }) => values[row] ?? null)),
  );
}
