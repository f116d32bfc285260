import type { Shape } from "../columns.ts";

export type Found = {
  name: string;
  type: string;
  shape: Shape;
  /** One text of at most 200 characters per sampled row. */
  values: (string | null)[];
  /** Set for number columns that have values. */
  least: number | null;
  most: number | null;
  comment?: string | null;
  /** By its view or as a virtual column, so that a row can fail. */
  computed?: boolean;
};

export type Content = {
  columns: Found[];
  sampled: number;
};

export function filled({ values }: Found): string[] {
  return values.filter((value) => value !== null);
}

export function distinct(column: Found): number {
  return new Set(filled(column)).size;
}

/** One text key per sampled row. */
export function keysOf(columns: Found[], sampled: number): string[] {
  return Array.from(
    { length: sampled },
    (_, row) => JSON.stringify(columns.map(({ values }) => values[row] ?? null)),
  );
}
