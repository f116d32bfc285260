import { ParseError } from "../format.ts";

/** PostgreSQL's own limit. */
export const MOST_COLUMNS = 1_600;
/** PostgreSQL cuts names at 63 bytes; beyond this it is no name. */
const LONGEST_NAME = 500;

/** Refuses what cannot be the columns of a table. */
export function checkColumns(names: Iterable<string>, line?: number) {
  const all = [...names];
  if (all.length > MOST_COLUMNS) throw tooMany(all.length, line);
  if (all.some(({ length }) => length > LONGEST_NAME)) {
    throw new ParseError(`A column's name is longer than ${LONGEST_NAME} characters.`, line);
  }
}

function tooMany(columns: number, line?: number): ParseError {
  return new ParseError(`${columns} columns: a table has at most ${MOST_COLUMNS}.`, line);
}

const isNumber = (cell: string) => /^[-+]?[\d.]+(?:e[-+]?\d+)?$/i.test(cell);

/** An empty first name is a pandas index; the name of the n-th column without one is `column_n`. */
function named(cells: readonly string[]): string[] {
  return cells.map((cell, i) => {
    const name = cell.replace(/\s+/g, " ").trim();
    const plain = i === 0 ? name.replace(/^#\s*/, "") : name;
    return plain || (i === 0 ? "index" : `column_${i + 1}`);
  });
}

/** Column names of a header row, each once; a name that comes again gets `_2`. */
export function columnNames(
  cells: readonly string[],
  line: number,
  warn: (message: string) => void,
): string[] {
  checkColumns(cells, line);
  const names = named(cells);
  if (names.every(isNumber)) {
    throw new ParseError("The first row has only numbers: name the columns in a row above.", line);
  }
  const used = new Set(names);
  const seen = new Set<string>();
  return names.map((name) => {
    if (!seen.has(name)) {
      seen.add(name);
      return name;
    }
    let n = 2;
    while (used.has(`${name}_${n}`)) n++;
    const own = `${name}_${n}`;
    used.add(own);
    warn(`Two columns are called "${name}": the later one becomes "${own}".`);
    return own;
  });
}
