import type { Column } from "../columns.ts";
import { COMMON } from "../formats/canonical/run_columns.ts";
import type { TableFacts } from "../facts.ts";
import { baseOf } from "../names/base.ts";
import { grafanaOf, inUnit, symbolOf } from "../names/units.ts";
import { numberOf } from "../sql.ts";
import type { Scaled } from "./scaled.ts";

/** The columns of one number in an imported table, one for each unit; a row has one of them. */
export function variantsOf({ columns, empty }: TableFacts, column: Column): Column[] {
  const names = columns.map(({ name }) => name);
  if (!Object.keys(COMMON).every((name) => names.includes(name))) return [column];
  return columns.filter((other) =>
    other.shape === "number" && other.meaning === column.meaning &&
    baseOf(other) === baseOf(column) && (other === column || !empty.includes(other.name))
  );
}

/** Each run in the unit that its rows state; boards show one unit where all rows state one. */
export function ofVariants(variants: Column[]): Scaled {
  const symbols = variants.map(symbolOf);
  const target = symbols.find((symbol) => symbol !== null)!;
  const values = variants.map(numberOf);
  const inTarget = values.map((value, i) =>
    symbols[i] ? inUnit(value, `'${symbols[i]}'`, target) : value
  );
  const units = values.flatMap((value, i) =>
    symbols[i] ? [`WHEN ${value} IS NOT NULL THEN '${symbols[i]}'`] : []
  );
  const known = !symbols.includes(null);
  return {
    unit: known ? grafanaOf(target) : "none",
    symbol: known ? target : null,
    expression: `COALESCE(${inTarget.join(", ")})`,
    stated: {
      unit: `CASE ${units.join(" ")} END`,
      expression: `COALESCE(${values.join(", ")})`,
    },
    note: known
      ? `Converted to ${target} from the units of the columns.`
      : `Rows without a unit stand beside rows in ${target}.`,
  };
}
