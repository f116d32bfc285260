import { ParseError } from "../format.ts";
import { wholeNumber } from "../numbers.ts";

/** A column of a table without lines between its cells; the dashes under its name show where. */
export type Column = { name: string; start: number; end: number };

const LAST = /(?:^|\s)(?:-?\d[\d.]*|NA|-?inf)$/;

export const isDashes = (line: string) => /^[ \t]*-{3,}(?:[ -]*-)?[ \t]*$/.test(line);

export function columnsOf(header: string, dashes: string): Column[] {
  return [...dashes.matchAll(/-+/g)].map(({ 0: run, index: start }) => ({
    ...{ name: header.slice(start, start + run.length).trim(), start, end: start + run.length },
  }));
}

type Cells = { names: string[]; numbers: (number | null)[] };

/**
 * Cells of a row by position, as blank ones have no text: the first `texts` columns hold names,
 * which begin with their column, the others numbers, which end with theirs.
 */
export function cellsOf(line: string, columns: Column[], texts: number, number: number): Cells {
  const full = cellsInOrder(line, columns.length, texts);
  if (full) return full;
  const names: string[] = [];
  let from = 0;
  for (let i = 0; i < texts; i++) {
    const { start } = columns[i]!;
    const isLast = i === texts - 1;
    const region = line.slice(start, isLast ? columns[texts]!.end : columns[i + 1]!.start);
    const name = isLast && line.length >= columns[texts]!.end ? region.replace(LAST, "") : region;
    names.push(name.trim());
    from = start + name.length;
  }
  const numbers = columns.slice(texts).map(({ end }) => {
    const text = line.slice(from, end).trim();
    from = end;
    const value = text === "" ? null : wholeNumber(text);
    if (value === undefined || text !== "" && line.length < end) {
      throw new ParseError(`The table's row is cut at "${text}".`, number);
    }
    return value;
  });
  return { names, numbers };
}

/** Of a row without blank cells; a number that is too wide moves what follows. */
function cellsInOrder(line: string, count: number, texts: number): Cells | null {
  const cells = line.trim().split(/\s{2,}/);
  if (cells.length !== count) return null;
  const numbers = cells.slice(texts).map(wholeNumber);
  const all = numbers.filter((one) => one !== undefined);
  return all.length === numbers.length ? { names: cells.slice(0, texts), numbers: all } : null;
}
