import type { Column } from "./columns.ts";
import type { TableFacts } from "./facts.ts";
import type { Measure } from "./measures.ts";
import type { Panel, Source } from "./panels.ts";
import { countedRows, ofNewest } from "./runs.ts";
import { cellOf, quoteName, quoteText } from "./sql.ts";
import { tablePanel } from "./tables.ts";

/** Layers side by side that can still be read. */
const MOST_LAYERS = 12;

/** The layers with the most rows, in the order of their numbers (metal2 before metal10). */
function layersOf({ values }: TableFacts): string[] {
  return (values.layer ?? []).slice(0, MOST_LAYERS)
    .toSorted((a, b) => a.localeCompare(b, "en", { numeric: true }));
}

/** How many violations of which rule lie on which layer: a table with the counts coloured. */
export function crossPanel(source: Source, total: Measure, rule: Column, layer: Column): Panel {
  const { facts } = source;
  const layers = layersOf(facts);
  const sum = (filter = "") => `pg_catalog.sum(${total.expression})${filter}`;
  // Names of the table's own beside ours: a space tells "Total" and the rule's column apart.
  const name = (layer: string) => ["Total", rule.name].includes(layer) ? `${layer} ` : layer;
  const counts = layers.map((value) =>
    `NULLIF(${sum(` FILTER (WHERE ${cellOf(layer)} = ${quoteText(value)})`)}, 0)::float8 AS ${
      quoteName(name(value))
    }`
  );
  const columns = [
    `${cellOf(rule)} AS ${quoteName(rule.name)}`,
    `${sum()}::float8 AS "Total"`,
    ...counts,
  ];
  const hidden = (facts.values.layer?.length ?? 0) > layers.length;
  return tablePanel(source, {
    title: `${total.title} by ${rule.name} and ${layer.name}`,
    about: `The newest run${
      total.iteration ? ", its last iteration" : ""
    }, the most first; at most 30 rules${
      hidden ? `, and the ${MOST_LAYERS} layers with the most rows` : ""
    }.`,
    sql: `SELECT ${columns.join(", ")} FROM ${countedRows(facts, total, ofNewest(facts))} ` +
      `GROUP BY 1 HAVING ${sum()} > 0 ORDER BY 2 DESC, 1 LIMIT 30`,
    cells: [
      { name: rule.name },
      { name: "Total", unit: "locale", decimals: 0 },
      ...layers.map((value) => ({ name: name(value), unit: "locale", decimals: 0, heat: true })),
    ],
  });
}
