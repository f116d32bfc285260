import { ParseError } from "../format.ts";
import type { Cell } from "../format.ts";
import type { Row, WriteRow } from "../rows.ts";

/** What `stat` says of a module, or of the design as a whole. */
export type Part = {
  name: string;
  cells: number | null;
  area: number | null;
  types: { cell: string; cells: number | null; area: number | null }[];
};

/** The hierarchy's first line names the top module. */
export const isUnnamed = ({ name, cells }: Part) => name === "design hierarchy" && cells === null;

/** A report has a few hundred cell types a module; more is no report. */
const MOST_TYPES = 200_000;

export function typeCounter() {
  let types = 0;
  return (line: number) => {
    if (++types > MOST_TYPES) throw new ParseError("The report has over 200,000 cell types.", line);
  };
}

/**
 * Writes the design's cell types once: of the whole if the report has it, else of its modules.
 * A row of the run only where one part is the whole.
 */
export function writeParts(write: WriteRow, design: Part | null, modules: Part[]) {
  const whole = design ?? (modules.length === 1 ? modules[0]! : null);
  if (whole) write("qor", "runs", some({ cells: whole.cells, area: whole.area }));
  for (const part of whole ? [whole] : modules) {
    for (const type of part.types) {
      write("qor", "area", some({ module: whole ? null : part.name, ...type }));
    }
  }
}

/** Leaves out what is null. */
const some = (row: Record<string, Cell>): Row =>
  Object.fromEntries(
    Object.entries(row).filter(([name, cell]) => name === "cells" || cell !== null),
  );

/** `\reg_file` as it is written in the source. */
export const plainName = (name: string) => name.startsWith("\\") ? name.slice(1) : name;
