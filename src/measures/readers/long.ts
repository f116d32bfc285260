import { isOfOne, neutralOf } from "./wide.ts";
import { arePathGroups, columnOf, combined, jointWith } from "../names/choose.ts";
import { type Column, type Meaning, readColumn, unitOf } from "../columns.ts";
import { allOf, hasHold, notWaived, ofCheck } from "./conditions.ts";
import type { Metric, TableFacts } from "../facts.ts";
import { type Aggregate, DEFAULTS, type Measure, unnamed } from "../measure.ts";
import { scaled } from "./scaled.ts";
import { durationOf, numberOf, quoteText, textOf } from "../sql.ts";
import { writtenUnit } from "../names/units.ts";

type Long = { metric: Column; value: Column; unit: Column | undefined };

function longOf({ columns, metrics }: TableFacts): Long | undefined {
  const [metric, value] = [columnOf(columns, "metric"), columnOf(columns, "value")];
  if (!metric || !value || metrics.length === 0) return undefined;
  return { metric, value, unit: columnOf(columns, "unit") };
}

function named({ name, meaning }: Metric): Column {
  const { meaning: _, ...column } = readColumn(name, "double precision");
  return { ...column, ...(meaning && { meaning }) };
}

function ofMetrics(
  facts: TableFacts,
  long: Long,
  found: Metric[],
  rows?: Aggregate,
  check?: string,
): Measure {
  const [{ name, unit: stated, meaning }] = found as [Metric];
  const { metric, value, unit } = long;
  const defaults = meaning && DEFAULTS[meaning];
  const said = stated ? unitOf(`in ${stated}`) : unitOf(name) ?? value.unit;
  const column: Column = { ...value, ...(said && { unit: said }) };
  const clock = meaning === "runtime" && value.type === "text";
  const figures = facts.mapping.figures;
  const number = figures ? combined(figures, meaning ?? "area") : numberOf(value);
  const names = found.map(({ name }) => quoteText(name)).join(", ");
  return {
    ...defaults ?? unnamed(name),
    title: defaults?.title ?? name,
    ...(meaning && { meaning }),
    ...(rows && { rows }),
    ...scaled(facts, column, meaning, number),
    ...(unit && stated && !clock && {
      symbol: writtenUnit(stated),
      stated: { unit: textOf(unit), expression: number },
    }),
    ...(clock && {
      unit: "s",
      symbol: "s",
      expression: `COALESCE(${durationOf(value)}, ${numberOf(value)})`,
    }),
    where: allOf(`${textOf(metric)} IN (${names})`, check, notWaived(facts))!,
    source: { column: value.name, metric: name },
  };
}

/** `report_global_timing` of PrimeTime has a row NUM beside WNS and TNS. */
function withCounts(columns: Column[]): Column[] {
  const has = (meaning: Meaning) => columns.some((column) => column.meaning === meaning);
  if (has("violations") || !has("setup_wns") || !has("setup_tns")) return columns;
  return columns.map((column) =>
    /^num(?:ber)?$/i.test(column.name) ? { ...column, meaning: "violations" } : column
  );
}

/** A long table's number of a meaning; of several metrics the one that says it best, or all that say it joint. */
export function longMeasure(facts: TableFacts, meaning: Meaning): Measure | undefined {
  const long = longOf(facts);
  if (!long) return undefined;
  const columns = withCounts(facts.metrics.map(named));
  const own = columnOf(columns, meaning);
  const both = /^(?:setup|hold)_|^violations$/.test(meaning) && hasHold(facts);
  const chosen = own ?? (both ? neutralOf(columns, meaning) : undefined);
  if (!chosen) return undefined;
  const check = both && !isOfOne(chosen)
    ? ofCheck(facts, meaning.startsWith("hold") ? "hold" : "setup")
    : undefined;
  const joint = jointWith(columns, chosen);
  const found = joint.map((column) => facts.metrics[columns.indexOf(column)]!);
  const worst = meaning.endsWith("ns") ? "min" : "max";
  const rows = arePathGroups(joint) && !meaning.endsWith("wns") ? "sum" : worst;
  return ofMetrics(facts, long, found, joint.length > 1 ? rows : undefined, check);
}
