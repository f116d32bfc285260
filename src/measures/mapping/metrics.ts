import { type Column, type Meaning, meaningOf, wordsOf } from "../columns.ts";
import { columnOf } from "../names/choose.ts";
import { type Content, filled } from "./content.ts";

const SIGN_OFF = /^(?:lvs|drc|erc)$/i;
/** Meanings that the value column of a long table may have. */
const VALUES: (Meaning | undefined)[] = [undefined, "value", "errors", "violations", "count"];
const WHOLE = /^(?:all|total|overall)$/i;

/** The check in a column's name: "Setup mode". */
export function checkIn({ name }: Column): string {
  return wordsOf(name).find((word) => ["setup", "hold"].includes(word)) ?? "";
}

const NO_FIGURES: Meaning[] = ["run", "seed", "count", "value", "iteration", "x", "y"];

/** True when most values, read as column names, have a meaning as numbers. */
function namesFigures(column: Column, content: Content): boolean {
  if (column.shape !== "text" || column.form || column.known) return false;
  const found = content.columns.find(({ name }) => name === column.name)!;
  const values = [...new Set(filled(found))];
  if (values.some((value) => SIGN_OFF.test(value))) return true;
  if (column.meaning || values.length < 2) return false;
  const known = values.filter((value) => {
    const meaning = meaningOf(value, "number");
    return meaning && !NO_FIGURES.includes(meaning);
  });
  return known.length >= values.length / 2 && known.length >= 2;
}

/** Detects a long table whose columns have other names, or one value column per part of a run. */
export function withMetrics(
  content: Content,
  columns: Column[],
): { columns: Column[]; figures?: Column[] } {
  const numbers = columns.filter(({ shape }) => shape === "number");
  const metric = columnOf(columns, "metric") ??
    columns.find((column) => namesFigures(column, content));
  if (!metric) return { columns };
  const named = columnOf(columns, "value");
  const candidates = numbers.filter(({ meaning }) => VALUES.includes(meaning));
  const value = named ?? candidates.find(({ name }) => WHOLE.test(name)) ?? candidates[0];
  if (!value || !named && metric.meaning !== "metric" && !namesFigures(metric, content)) {
    return { columns };
  }
  const read = columns.map((column) =>
    column === metric
      ? { ...column, meaning: "metric" as const }
      : column === value
      ? { ...column, meaning: "value" as const }
      : column
  );
  const several = !named && candidates.length > 1 && !WHOLE.test(value.name) &&
    value.meaning === undefined;
  return { columns: read, ...(several && { figures: candidates }) };
}
