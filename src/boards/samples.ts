import * as common from "@grafana/grafana-foundation-sdk/common";
import * as dashboard from "@grafana/grafana-foundation-sdk/dashboard";
import * as heatmap from "@grafana/grafana-foundation-sdk/heatmap";
import * as histogram from "@grafana/grafana-foundation-sdk/histogram";
import * as xychart from "@grafana/grafana-foundation-sdk/xychart";
import type { Column, Meaning } from "../measures/columns.ts";
import { columnOf, groupLabel, type TableFacts, tableOf } from "../measures/facts.ts";
import type { Measure } from "../measures/measure.ts";
import {
  BAD,
  colors,
  description,
  legend,
  type Panel,
  SERIES,
  type Source,
  thresholds,
} from "./panels.ts";
import { PostgresQuery } from "./query_builder.ts";
import { asOf, isCompared, ofNewest, seen, shownName } from "./runs.ts";
import { cellOf, conditions, numberOf, quoteName, timeOf } from "../measures/sql.ts";

/** Keeps the 30 bars of a histogram within 5 % of their height. */
const MOST_SAMPLES = 5000;
const SAMPLED = `Above ${MOST_SAMPLES} rows, a random sample of ${MOST_SAMPLES}.`;

/** A histogram of fewer rows adds nothing to the table. */
const FEW = 10;

function sampleOf(sql: string): string {
  return `SELECT * FROM (${sql}) s ORDER BY pg_catalog.random() LIMIT ${MOST_SAMPLES}`;
}

/** A histogram of the newest run, negative slack in its own colour. */
export function spreadPanel(
  { facts, datasource }: Source,
  measure: Measure,
  of: string,
): Panel[] {
  if (facts.rows < FEW) return [];
  const rows = facts.time && measure.meaning ? ofNewest(facts) : asOf(facts);
  const found = `SELECT ${measure.expression} AS "v" FROM ${tableOf(facts)}${
    conditions([...rows, measure.where])
  }`;
  const cut = measure.good === "from 0";
  const shown = cut
    ? `CASE WHEN "v" < 0 THEN "v" END AS "violated", CASE WHEN "v" >= 0 THEN "v" END AS "met"`
    : `"v" AS ${quoteName(shownName(measure))}`;
  const sampled = sampleOf(`SELECT "v" FROM (${found}) r WHERE "v" IS NOT NULL`);
  const ofRun = measure.meaning && facts.time ? ", in the newest run" : "";
  const red = cut ? "; below 0 in red" : "";
  const panel = new histogram.PanelBuilder()
    .title(`Spread of ${of}`)
    .description(description(measure, `The number of rows by value${ofRun}${red}. ${SAMPLED}`))
    .datasource(datasource)
    .withTarget(new PostgresQuery(datasource, `SELECT ${shown} FROM (${sampled}) v`))
    .unit(measure.unit)
    .thresholds(thresholds(undefined))
    .colorScheme(colors(dashboard.FieldColorModeId.Fixed, SERIES[0]))
    .fillOpacity(85).lineWidth(0)
    .combine(false)
    // Grafana 9 shows a name only for the second of two fields.
    .legend(legend(false));
  if (cut) {
    panel.overrideByName("violated", [
      { id: "color", value: { mode: "fixed", fixedColor: BAD } },
    ]);
  }
  return [panel];
}

/** A heat map of the values over runs. */
export function courseOfSpread(
  { facts, datasource }: Source,
  measure: Measure,
  of: string,
): Panel[] {
  if (!facts.time || facts.runs < 3 || facts.rows < FEW) return [];
  const found = `SELECT ${timeOf(facts.time.column)} AS "time", ${measure.expression} AS ${
    quoteName(shownName(measure))
  } FROM ${tableOf(facts)}${conditions([...seen(facts), measure.where])}`;
  return [
    new heatmap.PanelBuilder()
      .title(`Spread of ${of} over runs`)
      .description(description(measure, `Darker cells hold more rows. ${SAMPLED}`))
      .datasource(datasource)
      .withTarget(
        new PostgresQuery(
          datasource,
          `SELECT * FROM (${sampleOf(found)}) t ORDER BY "time"`,
          "time_series",
        ),
      )
      .calculate(true)
      .calculation(
        new common.HeatmapCalculationOptionsBuilder()
          .xBuckets(buckets(`${Math.min(facts.runs, 40)}`)).yBuckets(buckets("24")),
      )
      .color(
        new heatmap.HeatmapColorOptionsBuilder().mode(heatmap.HeatmapColorMode.Scheme)
          .scheme("Blues").fill(SERIES[0]).exponent(0.5).steps(32).reverse(false),
      )
      .yAxis(new heatmap.YAxisConfigBuilder().unit(measure.unit))
      .cellGap(1).showValue(common.VisibilityMode.Never),
  ];
}

function buckets(count: string) {
  return new common.HeatmapCalculationBucketConfigBuilder()
    .mode(common.HeatmapCalculationMode.Count).value(count);
}

/** The centre of a box, or its only coordinate. */
function middle(columns: Column[], from: Meaning, to: Meaning): string | undefined {
  const [low, high] = [columnOf(columns, from), columnOf(columns, to)];
  if (!low) return undefined;
  return high ? `(${numberOf(low)} + ${numberOf(high)}) / 2` : numberOf(low);
}

/** SQL: the design with the most rows; dies of several designs do not overlap. */
function fullest(facts: TableFacts): string {
  const label = groupLabel(facts.group_columns);
  return `${label} = (SELECT ${label} FROM ${tableOf(facts)}${
    conditions(ofNewest(facts))
  } GROUP BY 1 ORDER BY pg_catalog.count(*) DESC, 1 LIMIT 1)`;
}

/** Empty when the table has no coordinates. */
export function diePanel({ facts, datasource }: Source, what: string): Panel[] {
  const { columns } = facts;
  const [x, y] = [middle(columns, "x", "x_end"), middle(columns, "y", "y_end")];
  if (!x || !y) return [];
  const compared = isCompared(facts);
  const label = compared ? [`${groupLabel(facts.group_columns)} AS "design"`] : [];
  const named = (["rule", "layer"] as const).flatMap((meaning) => {
    const column = columnOf(columns, meaning);
    return column ? [`${cellOf(column)} AS ${quoteName(meaning)}`] : [];
  });
  const found = `SELECT ${[`${x} AS "x"`, `${y} AS "y"`, ...label, ...named].join(", ")} FROM ${
    tableOf(facts)
  }${conditions([...ofNewest(facts), compared ? fullest(facts) : undefined])}`;
  return [
    new xychart.PanelBuilder()
      .title(`Die map of ${what}`)
      .description(
        `Their middles on the die, in the newest run${
          compared ? ", of the design that has most of them unless one is chosen" : ""
        }. ${SAMPLED}`,
      )
      .datasource(datasource)
      .withTarget(
        new PostgresQuery(
          datasource,
          sampleOf(`SELECT * FROM (${found}) d WHERE "x" IS NOT NULL AND "y" IS NOT NULL`),
        ),
      )
      .unit(columnOf(columns, "x")!.unit?.grafana ?? "none")
      .thresholds(thresholds(undefined))
      .colorScheme(colors(dashboard.FieldColorModeId.Fixed, SERIES[1]))
      .mapping(xychart.SeriesMapping.Auto)
      .show(xychart.XYShowMode.Points).pointSize({ fixed: 6 }).fillOpacity(50)
      .legend(legend(false)),
  ];
}
