import type { Column } from "../measures/columns.ts";
import { columnOf, type TableFacts } from "../measures/facts.ts";
import type { Measure } from "../measures/measure.ts";
import type { Panel, Source } from "./panels.ts";
import { newestPivot } from "./runs.ts";
import { cellOf, quoteName, quoteText } from "../measures/sql.ts";
import { tablePanel } from "./tables.ts";

/** Layer columns that fit side by side. */
const MOST_LAYERS = 12;

/** The most frequent layers, in numeric order: metal2 before metal10. */
function layersOf({ values }: TableFacts): string[] {
  return (values.layer ?? []).slice(0, MOST_LAYERS)
    .toSorted((a, b) => a.localeCompare(b, "en", { numeric: true }));
}

/** Violations by rule and layer as a heat table. */
export function pivotPanel(source: Source, total: Measure, rule: Column, layer: Column): Panel {
  const { facts } = source;
  const layers = layersOf(facts);
  // The trailing space avoids a clash with "Total" and the rule's column.
  const name = (layer: string) => ["Total", rule.name].includes(layer) ? `${layer} ` : layer;
  const ofLayers = layers.map((value) => ({
    ...total,
    where: [total.where, `${cellOf(layer)} = ${quoteText(value)}`].filter(Boolean).join(" AND "),
  }));
  const counts = layers.map((value, i) =>
    `NULLIF(pg_catalog.sum(v${i + 1}), 0)::float8 AS ${quoteName(name(value))}`
  );
  const columns = [
    `cut AS ${quoteName(rule.name)}`,
    `pg_catalog.sum(v0)::float8 AS "Total"`,
    ...counts,
  ];
  const hidden = (facts.values.layer?.length ?? 0) > layers.length;
  return tablePanel(source, {
    title: `${total.title} by ${rule.name} and ${layer.name}`,
    about: `The newest run${
      columnOf(facts.columns, "iteration") ? ", its last iteration" : ""
    }, highest total first; at most 30 rules${
      hidden ? `, and the ${MOST_LAYERS} layers with the most rows` : ""
    }.`,
    sql:
      `SELECT ${columns.join(", ")} FROM (${newestPivot(facts, [total, ...ofLayers], rule)}) p ` +
      `GROUP BY 1 HAVING pg_catalog.sum(v0) > 0 ORDER BY 2 DESC, 1 LIMIT 30`,
    cells: [
      { name: rule.name },
      { name: "Total", unit: "locale", decimals: 0 },
      ...layers.map((value) => ({ name: name(value), unit: "locale", decimals: 0, heat: true })),
    ],
  });
}
