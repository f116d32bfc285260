import { type Column, type Meaning, wordsOf } from "../columns.ts";
import { areAlike, isPathGroup, LATEST, NO_STAGE, sayAlike } from "./alike.ts";
import { numberOf } from "../sql.ts";

/** Words that restrict a number to a part of the design. */
const PARTIAL = new Set(
  ("stdcell std peak macro macros r2r reg2reg in2reg reg2out in2out unmapped avg average mean corner hier sub estimated")
    .split(" "),
);
/** Words that decide between names of one meaning, by preference. */
const PREFERRED: Partial<Record<Meaning, string[]>> = {
  setup_wns: ["wns", "ws"],
  hold_wns: ["wns", "whs", "ws"],
  power: ["total"],
  runtime: ["total"],
  frequency: ["fmax"],
  utilization: ["utilization", "utilisation", "util"],
  area: ["cell", "instance"],
  cells: ["instance", "cells"],
};

/** Sort key of how well a name states its meaning; lower is better. */
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

/** Best name first, whatever the table's column order. */
export function columnsOf(columns: Column[], meaning: Meaning): Column[] {
  return columns.filter((column) => column.meaning === meaning)
    .toSorted((a, b) => compared(rankOf(a), rankOf(b)) || byName(a, b));
}

export function columnOf(columns: Column[], meaning: Meaning): Column | undefined {
  return columnsOf(columns, meaning)[0];
}

/** Columns that claim the same number as well as this one and are not parts of it. */
export function rivalsOf(columns: Column[], column: Column): Column[] {
  const joint = jointWith(columns, column);
  return columns.filter((other) =>
    other !== column && other.meaning === column.meaning && !joint.includes(other) &&
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

/** The columns that form one number: per corner, path group or tool. A "total" column is never one of several. */
export function jointWith(columns: Column[], column: Column): Column[] {
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

/** Path groups add up; corners do not. */
export function arePathGroups(columns: Column[]): boolean {
  const [first, ...rest] = columns.map(({ name }) => wordsOf(name));
  const own = [first!, ...rest].map((words, i) => {
    const other = i === 0 ? rest[0] ?? [] : first!;
    return words.filter((word) => !other.includes(word));
  });
  return columns.length > 1 && own.every((words) => words.some(isPathGroup));
}

/** SQL: the worst of the columns, or the sum of path groups. */
export function combined(columns: Column[], meaning: Meaning): string {
  const values = columns.map(numberOf);
  if (values.length === 1) return values[0]!;
  const adds = !meaning.endsWith("wns") && meaning !== "drc_total" && arePathGroups(columns);
  // NULL when all columns are NULL.
  if (adds) {
    const all = values.map((value) => `COALESCE(${value}, 0)`).join(" + ");
    return `CASE WHEN COALESCE(${values.join(", ")}) IS NOT NULL THEN ${all} END`;
  }
  return `${/_[wt]ns$/.test(meaning) ? "LEAST" : "GREATEST"}(${values.join(", ")})`;
}
