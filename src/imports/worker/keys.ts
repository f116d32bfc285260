import type { SpooledTable } from "./table.ts";

/** More differing runs or designs in one file are refused. */
const MOST_KEYS = 100_000;
const ESCAPED: Record<string, string> = { t: "\t", n: "\n", r: "\r", "\\": "\\" };
const text = new TextDecoder();

/** A spooled cell as it was read. */
export const cellOf = (cell: string | undefined) =>
  cell === undefined || cell === "\\N"
    ? null
    : cell.replace(/\\([tnr\\])/g, (_, letter) => ESCAPED[letter]!);

/** The different values that these columns have together in the rows of each file; null: too many. */
export function rowKeys(
  { openings, spool }: SpooledTable,
  columns: number[],
): { file: number; cells: (string | null)[] }[] | null {
  const keys = new Map<string, { file: number; cells: (string | null)[] }>();
  for (const lines of spool.blocks()) {
    for (const line of lines) {
      const [opening, ...own] = text.decode(line).split("\t");
      const { file, at } = openings[Number(opening)]!;
      const cells = columns.map((column) => cellOf(own[at.indexOf(column)]));
      const key = JSON.stringify([file, ...cells]);
      if (keys.has(key)) continue;
      if (keys.size === MOST_KEYS) return null;
      keys.set(key, { file, cells });
    }
  }
  return [...keys.values()];
}
