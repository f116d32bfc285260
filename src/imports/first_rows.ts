import { isMissing } from "../measures/names/cells.ts";
import type { Reading } from "./reading.ts";
import { mainTable } from "./write/plan.ts";

const MOST_FILES = 20;
const MOST_ROWS = 5;
const MOST_COLUMNS = 30;

/** `more_columns`: how many columns are left out. */
export type FirstRows = { columns: string[]; more_columns: number; rows: (string | null)[][] };

/** The columns of a file in its table, by their numbers, without empty ones. */
function columnsOf({ tables }: Reading, table: number, file: number): number[] {
  const { openings, columns } = tables[table]!;
  const own = openings.filter((opening) => opening.file === file).flatMap((one) => one.columns);
  return [...new Set(own)].filter((column) => {
    const { type, is_empty } = columns[column]!;
    return !is_empty || type === "text"; // the values of canonical texts are not counted
  });
}

/** By file: the first rows of its records as they would be written; empty for files after the 20th. */
export async function firstRowsOf(reading: Reading): Promise<FirstRows[]> {
  const all = reading.files.map((_, file) => {
    const table = file < MOST_FILES ? mainTable(reading, file) : -1;
    const own = table < 0 ? [] : columnsOf(reading, table, file);
    return { table, shown: own.slice(0, MOST_COLUMNS), more: own.slice(MOST_COLUMNS).length };
  });
  const found: FirstRows[] = all.map(({ table, shown, more }) => ({
    columns: shown.map((column) => reading.tables[table]!.columns[column]!.name),
    more_columns: more,
    rows: [],
  }));
  for (const [i, { columns }] of reading.tables.entries()) {
    const wanted = all.map(({ table, shown }) => table === i ? shown : undefined);
    if (!wanted.some(Boolean)) continue;
    for (const { file, cells } of await reading.firstRows(i, wanted, MOST_ROWS)) {
      const isNone = (cell: string | null, at: number) =>
        cell === null || (columns[wanted[file]![at]!]!.type !== "text" && isMissing(cell));
      found[file]!.rows.push(cells.map((cell, at) => isNone(cell, at) ? null : cell));
    }
  }
  return found;
}
