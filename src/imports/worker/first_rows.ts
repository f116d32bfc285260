import { cellOf } from "./keys.ts";
import type { SpooledTable } from "./table.ts";

const TAB = 9;
const MOST_CHARACTERS = 120;
const text = new TextDecoder();

const shortened = (cell: string | null) =>
  cell !== null && cell.length > MOST_CHARACTERS
    ? `${cell.slice(0, MOST_CHARACTERS).toWellFormed()}…`
    : cell;

/** The first `most` rows of each file that has `columns`, in their order; long cells are cut. */
export function firstRows(
  { openings, rows, spool }: SpooledTable,
  columns: (number[] | undefined)[],
  most: number,
): { file: number; cells: (string | null)[] }[] {
  const open = columns.map((own, file) => own ? Math.min(rows[file] ?? 0, most) : 0);
  const found: { file: number; cells: (string | null)[] }[] = [];
  let missing = open.reduce((sum, count) => sum + count, 0);
  if (missing === 0) return found;
  for (const lines of spool.blocks()) {
    for (const line of lines) {
      const end = line.indexOf(TAB);
      const opening = Number(text.decode(end < 0 ? line : line.subarray(0, end)));
      const { file, at } = openings[opening]!;
      if (!open[file]) continue;
      const own = text.decode(line).split("\t").slice(1);
      const cells = columns[file]!.map((column) => shortened(cellOf(own[at.indexOf(column)])));
      found.push({ file, cells });
      open[file]--;
      if (--missing === 0) return found;
    }
  }
  return found;
}
