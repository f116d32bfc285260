import { barPanel, trendPanel } from "../charts.ts";
import { tableOf } from "../../measures/facts.ts";
import type { Measure } from "../../measures/measure.ts";
import { plainMeasure } from "../../measures/measures.ts";
import type { Panel, Source } from "../panels.ts";
import { newestRows } from "../rows.ts";
import { conditions } from "../../measures/sql.ts";
import { asOf, newestBy } from "../runs.ts";
import { spreadPanel } from "../samples.ts";
import { newestRun, newestStat, plainStat } from "../stats.ts";
import { packed, type Row } from "./row.ts";

const COUNT: Measure = {
  title: "Rows",
  unit: "locale",
  symbol: null,
  expression: "1",
  rows: "sum",
  folds: { stage: "sum", iteration: "sum", corner: "sum" },
  source: { column: "", metric: null },
  across_designs: "sum",
};

function rowCount(source: Source): Panel {
  const { facts } = source;
  return plainStat(source, {
    title: "Rows",
    unit: "locale",
    sql: `SELECT pg_catalog.count(*) AS "Rows" FROM ${tableOf(facts)}${
      conditions(asOf(facts))
    } HAVING pg_catalog.count(*) > 0`,
    about: "The number of rows in the time range.",
  });
}

/** Bars of the texts with few values. */
function countBars(source: Source): Panel[] {
  const { facts } = source;
  const texts = facts.columns.filter(({ name }) => {
    const values = facts.distinct[name] ?? 0;
    return values > 1 && values <= 20;
  });
  return texts.slice(0, 3).map((column) =>
    barPanel(source, {
      title: `Rows by ${column.name}`,
      about: "The most frequent values first; at most 20.",
      sql: newestBy(facts, COUNT, column, true),
      measure: COUNT,
    })
  );
}

/** Any table: numbers as stats and trends, texts with few values as bars, then the rows. */
export function plain(source: Source): Row[] {
  const { facts } = source;
  const numbers = facts.columns.filter(({ shape, name }) =>
    shape === "number" && !facts.empty.includes(name)
  );
  const keys = /(^|_)(id|key|no|nr|seq|index)$/i;
  const measures = numbers.filter(({ name }) => !keys.test(name)).slice(0, 6).map(plainMeasure);
  const bars = countBars(source);
  const trends = facts.time ? measures.slice(0, 3).map((m) => trendPanel(source, m)) : [];
  const spreads = measures.slice(0, 3).flatMap((m) => spreadPanel(source, m, m.title));
  return [
    {
      height: 4,
      panels: [
        rowCount(source),
        ...measures.map((m) => newestStat(source, m)),
        ...newestRun(source),
      ],
    },
    { height: 10, panels: trends.length > 0 ? trends : spreads },
    {
      height: 13,
      panels: [...bars.slice(0, 1), newestRows(source, { most: bars.length > 0 ? 11 : 14 })],
      wide_last: true,
    },
    ...packed([...bars.slice(1), ...(trends.length > 0 ? spreads : [])]),
  ];
}
