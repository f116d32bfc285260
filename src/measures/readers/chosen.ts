import { type Column, inUnitOf, type Meaning } from "../columns.ts";
import type { TableFacts } from "../facts.ts";
import type { Chosen } from "../mapping/chosen.ts";
import type { Fault } from "../mapping/parts.ts";
import type { Measure } from "../measure.ts";
import { unitNamed } from "../names/units.ts";
import type { NumberName } from "../number.ts";
import { longMeasure } from "./long.ts";
import { wideMeasure } from "./wide.ts";

type Read = (facts: TableFacts) => Measure | undefined;

/** Reads a corrected number; falls back to `automatic`, with a doubt, when the correction does not fit the table. */
export function chosenMeasure(
  facts: TableFacts,
  name: NumberName,
  meaning: Meaning,
  automatic: Read,
): { measure?: Measure; fault?: Fault } {
  const chosen = facts.mapping.chosen[name]!;
  if (chosen.column === null && !chosen.fault) return {};
  const own = automatic(facts);
  const found = chosen.fault ? undefined : measureAt(facts, name, meaning, chosen, own, automatic);
  if (found && !("path" in found)) return { measure: found };
  const fault = chosen.fault ?? found!;
  const doubt = `Correction ignored: ${fault.message}`;
  return { fault, ...(own && { measure: { ...own, doubt } }) };
}

function measureAt(
  facts: TableFacts,
  name: NumberName,
  meaning: Meaning,
  { column, is_number, unit, ...chosen }: Chosen,
  own: Measure | undefined,
  automatic: Read,
): Measure | Fault {
  const path = `measures.${name}`;
  const isOwn = own?.source.column === column!.name;
  const metric = chosen.metric === undefined && isOwn ? own.source.metric : chosen.metric ?? null;
  const confirmed = withUnit(withoutRival(facts, meaning), column!, unit);
  if (metric !== null) {
    const read = longMeasure(ofMetric(confirmed, column!, meaning, metric, unit), meaning);
    if (read) return read;
    return { path: `${path}.metric`, message: `No metric is named "${metric}".` };
  }
  // A counted table, or a slack column, gives several numbers.
  if (isOwn && (own.objects || !is_number)) return automatic(confirmed) ?? own;
  const at = `${path}.column`;
  if (!is_number) return { path: at, message: `Column "${column!.name}" has no numbers.` };
  const read = wideMeasure(inColumn(confirmed, column!, meaning), meaning);
  return read ?? { path: at, message: `Column "${column!.name}" is empty.` };
}

function withoutRival(facts: TableFacts, meaning: Meaning): TableFacts {
  const { [meaning]: _, ...rivals } = facts.mapping.rivals;
  return { ...facts, mapping: { ...facts.mapping, rivals } };
}

function withColumns(facts: TableFacts, change: (column: Column) => Column): TableFacts {
  return { ...facts, columns: facts.columns.map(change) };
}

const without = (column: Column, meaning: Meaning): Column => {
  const { meaning: own, ...rest } = column;
  return own === meaning ? rest : column;
};

function inColumn(facts: TableFacts, { name, shape, form }: Column, meaning: Meaning): TableFacts {
  const read = withColumns(
    facts,
    (column) =>
      column.name === name
        ? { ...column, shape, meaning, ...(form && { form }) }
        : without(column, meaning),
  );
  return read;
}

function ofMetric(
  facts: TableFacts,
  column: Column,
  meaning: Meaning,
  metric: string,
  unit: string | undefined,
): TableFacts {
  const metrics = facts.metrics.filter(({ name }) => name === metric)
    .map((found) => ({ ...found, meaning, ...(unit && { unit }) }));
  return { ...inColumn(facts, column, "value"), metrics };
}

function withUnit(facts: TableFacts, { name }: Column, text: string | undefined): TableFacts {
  const unit = text && unitNamed(text);
  if (!unit) return facts;
  return withColumns(facts, (column) => {
    return column.name === name ? inUnitOf(column, unit) : without(column, "unit");
  });
}
