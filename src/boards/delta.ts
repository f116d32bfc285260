import type { Meaning } from "../measures/columns.ts";
import { groupLabel, type TableFacts } from "../measures/facts.ts";
import { defaultsOf } from "../measures/measure.ts";
import { quoteName, timeOf } from "../measures/sql.ts";
import type { Cell } from "./tables.ts";

/** What tells rows of one run apart and is no object that comes again. */
const PLACES: (Meaning | undefined)[] = ["x", "y", "metric", "iteration"];

/** The row of the run before, as a window over a design's rows. */
function before(facts: TableFacts): string {
  const parts = facts.mapping.dimensions.filter(({ meaning }) => !PLACES.includes(meaning));
  const same = [
    groupLabel(facts.group_columns) ?? "''",
    ...parts.map(({ name }) => quoteName(name)),
  ];
  return `(PARTITION BY ${same.join(", ")} ORDER BY ${timeOf(facts.time!.column)})`;
}

/**
 * A cell's change to the run before: of sizes (area, power) in percent, else in its own unit; with which
 * way is better, where that is known. `expression` and `cell` are those of the value itself.
 */
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
  const look: Cell = { name: "", ...(better && { better }) };
  if (log_scale) {
    return {
      expression: `100 * (${expression} - ${old}) / NULLIF(pg_catalog.abs(${old}), 0)`,
      cell: { ...look, unit: "percent", decimals: 1 },
    };
  }
  const { unit, decimals } = cell;
  return {
    expression: `${expression} - ${old}`,
    cell: { ...look, ...(unit && { unit }), ...(decimals !== undefined && { decimals }) },
  };
}
