import { columnOf } from "../names/choose.ts";
import type { Column, Meaning } from "../columns.ts";
import type { TableFacts } from "../facts.ts";
import { defaultsOf, type Measure } from "../measure.ts";
import { numberOf, rowUnit, textOf } from "../sql.ts";
import { grafanaOf, inUnit, symbolOf } from "../names/units.ts";

const TIMES = new Set<Meaning>(["setup_wns", "setup_tns", "hold_wns", "hold_tns", "slack", "skew"]);
const COUNTS =
  /_violations$|^violations$|_total$|_errors$|_tests$|^cells$|^vias$|^antenna$|^failed$/;

/** Above this maximum, a utilization column holds percentages. */
const MOST_RATIO = 1.5;

/** The display unit where cells state different units. */
const SHOWN: Partial<Record<Meaning, string>> = {
  power: "mW",
  leakage: "mW",
  runtime: "s",
  area: "µm²",
};

/** Display units of counts and shares, which no table needs to state. */
const DIMENSIONLESS = ["locale", "short", "percent"];

export type Scaled = Pick<
  Measure,
  "expression" | "unit" | "symbol" | "stated" | "note" | "decimals"
>;

/** The display unit and the SQL that converts to it. */
export function scaled(
  facts: TableFacts,
  column: Column,
  meaning: Meaning | undefined,
  value = numberOf(column),
): Scaled {
  const decimals = meaning && defaultsOf({ meaning })?.decimals;
  const symbol = symbolOf(column);
  if (meaning && COUNTS.test(meaning)) {
    // -1: the step did not run.
    const expression = `CASE WHEN ${value} >= 0 THEN ${value} END`;
    return { unit: "locale", symbol: null, expression };
  }
  if (column.spelled) return inSpelledUnits(value, column.spelled, column);
  if (column.mixed) return inOneUnit(value, rowUnit(column), (meaning && SHOWN[meaning]) ?? "ns");
  if (column.unit) return { unit: column.unit.grafana, symbol, expression: value };
  const time_unit = columnOf(facts.columns, "time_unit");
  if (time_unit && meaning && TIMES.has(meaning)) {
    const target = facts.time_unit ?? "ns";
    const note =
      `Converted to ${target} from the unit in ${time_unit.name}; rows without a unit are left out.`;
    return { ...inOneUnit(value, textOf(time_unit), target), note };
  }
  if (meaning === "utilization") return ratioOrPercent(facts, column, value);
  // The table states no unit, so the board shows none, as the row does.
  const unit = DIMENSIONLESS.find((unit) => unit === (meaning && defaultsOf({ meaning })?.unit)) ??
    "none";
  return { unit, symbol: null, expression: value, ...(decimals !== undefined && { decimals }) };
}

/** Rows without a unit stay as they are: then the board shows none. */
function inSpelledUnits(value: string, spelled: Column[], column: Column): Scaled {
  const units = spelled.map((one) => symbolOf(one));
  const target = units.find((unit) => unit === "ns") ?? units.find((unit) => unit !== null)!;
  const all = inOneUnit(value, rowUnit(column), target);
  if (!units.includes(null)) return all;
  const { stated, expression } = all;
  return {
    ...all,
    unit: "none",
    symbol: null,
    expression: `COALESCE(${expression}, ${value})`,
    stated: stated!,
  };
}

function inOneUnit(value: string, unit: string, target: string): Scaled {
  return {
    unit: grafanaOf(target),
    symbol: target,
    expression: inUnit(value, unit, target),
    stated: { unit, expression: value },
  };
}

/** The column's maximum decides. A negative value means that the step did not run. */
function ratioOrPercent(facts: TableFacts, column: Column, value: string): Scaled {
  const percent = (facts.greatest[column.name] ?? 0) > MOST_RATIO;
  const expression = `CASE WHEN ${value} >= 0 THEN ${value} END`;
  return percent
    ? { unit: "percent", symbol: null, expression }
    : { unit: "none", decimals: 3, symbol: null, expression };
}
