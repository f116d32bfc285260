import { type Column, type Meaning, wordsOf } from "../columns.ts";
import { areAlike, isPathGroup, LATEST, NO_STAGE, sayAlike } from "./alike.ts";
import { numberOf } from "../sql.ts";

/** Words of a name that say only a part of the whole is meant. */
const PARTIAL = new Set(
  ("stdcell std peak macro macros r2r reg2reg in2reg reg2out in2out unmapped avg average mean corner hier sub estimated")
    .split(" "),
);
/** Of names with the same meaning, which say it best; words earlier in a list go before later ones. */
const PREFERRED: Partial<Record<Meaning, string[]>> = {
  setup_wns: ["wns", "ws"],
  hold_wns: ["wns", "whs", "ws"],
  power: ["total"],
  runtime: ["total"],
  utilization: ["utilization", "utilisation", "util"],
  area: ["cell", "instance"],
  cells: ["instance", "cells"],
};

/** How well a name says its meaning, part by part; least is best. */
function rankOf({ name, meaning }: Column): number[] {
  const words = wordsOf(name);
  const preferred = PREFERRED[meaning!] ?? [];
  const at = (list: string[], none = list.length) => {
    const found = list.findIndex((word) => words.includes(word));
    return found < 0 ? none : found;
  };
  return [Number(words.some((word) => PARTIAL.has(word))), at(preferred), at(LATEST, NO_STAGE)];
}

const compared = (a: number[], b: number[]) => a.map((n, i) => n - b[i]!).find((n) => n !== 0) ?? 0;
const byName = (a: Column, b: Column) =>
  wordsOf(a.name).length - wordsOf(b.name).length ||
  (a.name.toLowerCase() < b.name.toLowerCase() ? -1 : 1);

/** The columns of a meaning, the one that says it best first; how the table orders them changes nothing. */
export function columnsOf(columns: Column[], meaning: Meaning): Column[] {
  return columns.filter((column) => column.meaning === meaning)
    .toSorted((a, b) => compared(rankOf(a), rankOf(b)) || byName(a, b));
}

/** The column that says this meaning best. */
export function columnOf(columns: Column[], meaning: Meaning): Column | undefined {
  return columnsOf(columns, meaning)[0];
}

/** Other columns that claim the same number as well as this one, and are no part of it. */
export function rivalsOf(columns: Column[], column: Column): Column[] {
  const together = togetherWith(columns, column);
  return columns.filter((other) =>
    other !== column && other.meaning === column.meaning && !together.includes(other) &&
    (compared(rankOf(other), rankOf(column)) === 0 || sayAlike(column, other))
  );
}

const TIMING: (Meaning | undefined)[] = [
  "setup_wns",
  "setup_tns",
  "hold_wns",
  "hold_tns",
  "setup_violations",
  "hold_violations",
  "violations",
];
const TOOLS = /magic|klayout|triton|calibre|pegasus|icv|assura|pvs|route/i;
const WHOLE = /^(?:all|total|overall)$/;

/**
 * The columns that say one number together, one a corner, path group or tool; of others the column alone.
 * A column of them that is called the total says it alone.
 */
export function togetherWith(columns: Column[], column: Column): Column[] {
  const isTool = column.meaning === "drc_total" && TOOLS.test(column.name);
  if (!isTool && !TIMING.includes(column.meaning)) return [column];
  const all = columns.filter((other) =>
    other === column ||
    (isTool
      ? other.meaning === column.meaning && TOOLS.test(other.name)
      : areAlike(column, other, columns))
  );
  const whole = all.find(({ name }) => wordsOf(name).some((word) => WHOLE.test(word)));
  return whole && all.length > 1 && !isTool ? [whole] : all;
}

/** Whether columns that say one number together are path groups, which add up, and not corners. */
export function arePathGroups(columns: Column[]): boolean {
  const [first, ...rest] = columns.map(({ name }) => wordsOf(name));
  const own = [first!, ...rest].map((words, i) => {
    const other = i === 0 ? rest[0] ?? [] : first!;
    return words.filter((word) => !other.includes(word));
  });
  return columns.length > 1 && own.every((words) => words.some(isPathGroup));
}

/** What several columns of one meaning come to: the worst, or of path groups the sum. As SQL. */
export function combined(columns: Column[], meaning: Meaning): string {
  const values = columns.map(numberOf);
  if (values.length === 1) return values[0]!;
  const adds = !meaning.endsWith("wns") && meaning !== "drc_total" && arePathGroups(columns);
  // A row without a value in any of them has none.
  if (adds) {
    const all = values.map((value) => `COALESCE(${value}, 0)`).join(" + ");
    return `CASE WHEN COALESCE(${values.join(", ")}) IS NOT NULL THEN ${all} END`;
  }
  return `${/_[wt]ns$/.test(meaning) ? "LEAST" : "GREATEST"}(${values.join(", ")})`;
}
