import type { Meaning } from "../measures/columns.ts";
import { groupLabel, type TableFacts } from "../measures/facts.ts";
import { defaultsOf } from "../measures/measure.ts";
import { quoteName, timeOf } from "../measures/sql.ts";
import type { Cell } from "./tables.ts";

/** Dimensions that do not identify an object from run to run. */
const PLACES: (Meaning | undefined)[] = ["x", "y", "metric", "iteration"];

/** SQL: the window that finds the same object in the previous run. */
function before(facts: TableFacts): string {
  const parts = facts.mapping.dimensions.filter(({ meaning }) => !PLACES.includes(meaning));
  const same = [
    groupLabel(facts.group_columns) ?? "''",
    ...parts.map(({ name }) => quoteName(name)),
  ];
  return `(PARTITION BY ${same.join(", ")} ORDER BY ${timeOf(facts.time!.column)})`;
}

/** The change since the previous run: in percent for sizes (area, power), else in the column's unit. */
export function deltaMeasure(
  facts: TableFacts,
  meaning: Meaning,
  expression: string,
  cell: Cell,
): { expression: string; cell: Cell } {
  const { log_scale, good } = defaultsOf({ meaning }) ?? {};
  const old = `pg_catalog.lag(${expression}) OVER ${before(facts)}`;
  const better: Cell["better"] = good === "from 0"
    ? "higher"
    : good || log_scale
    ? "lower"
    : undefined;
  const base: Cell = { name: "", ...(better && { better }) };
  if (log_scale) {
    return {
      expression: `100 * (${expression} - ${old}) / NULLIF(pg_catalog.abs(${old}), 0)`,
      cell: { ...base, unit: "percent", decimals: 1 },
    };
  }
  const { unit, decimals } = cell;
  return {
    expression: `${expression} - ${old}`,
    cell: { ...base, ...(unit && { unit }), ...(decimals !== undefined && { decimals }) },
  };
}
