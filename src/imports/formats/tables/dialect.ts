import { firstRows } from "./delimited.ts";

/** How a delimited file is written. `skip`: rows before the header, after a line `sep=;`. */
export type Dialect = {
  delimiter: string;
  decimalComma: boolean;
  sepLine: boolean;
  skip: number;
  rows: string[][];
  /** Share of the rows that are as wide as the header. */
  share: number;
};

const DELIMITERS = [",", "\t", ";", "|"];
const SEP = /^sep=(.)\n/i;

export const isBlank = (cells: readonly string[]) => cells.every((cell) => cell.trim() === "");

const isNote = (cells: string[]) => cells.length === 1 || isBlank(cells);

/** A header may begin with `#`; a comment does not have the width of the row after it. */
function isHeader(cells: string[], next: string[] | undefined): boolean {
  if (isNote(cells)) return false;
  return !cells[0]!.startsWith("#") || cells.length === next?.length;
}

function tried(text: string, delimiter: string, goesOn: boolean) {
  const rows = firstRows(text, delimiter, goesOn);
  const skip = rows.findIndex((cells, i) => isHeader(cells, rows[i + 1]));
  const filled = rows.filter((cells) => !isBlank(cells) && !cells[0]!.startsWith("#"));
  const width = rows[skip]?.length ?? 0;
  const alike = filled.filter((cells) => cells.length === width).length;
  return { delimiter, rows, skip, width, share: skip < 0 ? 0 : alike / Math.max(filled.length, 1) };
}

const COMMA = /^[-+]?\d+,\d+$/;
const THOUSANDS = /^[-+]?\d{1,3}(?:[,.]\d{3})+$/;
const POINT = /^[-+]?\d*\.\d+$/;

function hasDecimalCommas({ delimiter, rows, skip }: ReturnType<typeof tried>): boolean {
  if (delimiter === ",") return false;
  const cells = rows.slice(skip + 1).flat().map((cell) => cell.trim());
  return cells.some((cell) => COMMA.test(cell) && !THOUSANDS.test(cell)) &&
    !cells.some((cell) => POINT.test(cell) && !THOUSANDS.test(cell));
}

/** Decides by the file's beginning; `goesOn`: there is more of it. */
export function dialectOf(start: string, goesOn: boolean): Dialect {
  const sep = SEP.exec(start);
  const text = sep ? start.slice(sep[0].length) : start;
  const candidates = (sep ? [sep[1]!] : DELIMITERS).map((one) => tried(text, one, goesOn));
  const best = candidates.reduce((a, b) => b.share > a.share + 1e-9 ? b : a);
  const only = best.rows.findIndex((cells) => !isBlank(cells) && !cells[0]!.startsWith("#"));
  const skip = best.skip < 0 ? Math.max(only, 0) : best.skip;
  return {
    ...{ delimiter: best.delimiter, rows: best.rows, share: best.share, skip },
    ...{ sepLine: sep !== null, decimalComma: hasDecimalCommas({ ...best, skip }) },
  };
}
