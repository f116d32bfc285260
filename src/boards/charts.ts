import * as barchart from "@grafana/grafana-foundation-sdk/barchart";
import * as bargauge from "@grafana/grafana-foundation-sdk/bargauge";
import * as common from "@grafana/grafana-foundation-sdk/common";
import * as dashboard from "@grafana/grafana-foundation-sdk/dashboard";
import * as statetimeline from "@grafana/grafana-foundation-sdk/statetimeline";
import * as timeseries from "@grafana/grafana-foundation-sdk/timeseries";
import type { TableFacts } from "../measures/facts.ts";
import type { Measure } from "../measures/measure.ts";
import {
  BAD,
  colors,
  description,
  GOOD,
  legend,
  type Panel,
  SERIES,
  type Source,
  stepped,
  thresholds,
} from "./panels.ts";
import { PostgresQuery } from "./query_builder.ts";
import { isCompared, isDense, newestOfEach, shownName, spanOf, trend } from "./runs.ts";

function pointSentence(facts: TableFacts, { rows }: Measure): string {
  const { count, shown } = facts.groups;
  const lines = isCompared(facts) && shown.length < count
    ? ` The ${shown.length} worst designs of ${count >= 1000 ? "1000 or more" : count}.`
    : "";
  if (!isDense(facts)) return `Each point is one run.${lines}`;
  const which = { min: "lowest", max: "highest", sum: "sum" }[rows];
  return `Each point is the ${which} over ${duration(spanOf(facts))}.${lines}`;
}

function duration(seconds: number): string {
  const [size, name] = ([[86400, "days"], [3600, "hours"], [60, "minutes"]] as const)
    .find(([size]) => seconds >= size) ?? [1, "seconds"];
  return `${Number((seconds / size).toPrecision(2))} ${name}`;
}

/** Run time on the x axis, one line per design. */
export function trendPanel({ facts, datasource }: Source, measure: Measure): Panel {
  const compared = isCompared(facts);
  const panel = new timeseries.PanelBuilder()
    .title(
      `${measure.title} ${compared ? "by design" : measure.meaning ? "over runs" : "over time"}`,
    )
    .description(description(measure, pointSentence(facts, measure)))
    .datasource(datasource)
    .withTarget(new PostgresQuery(datasource, trend(facts, measure), "time_series"))
    .unit(measure.unit)
    .thresholds(thresholds(measure.good === "from 0" ? measure.good : undefined))
    .thresholdsStyle(new common.GraphThresholdsStyleConfigBuilder().mode(zeroLine(measure)))
    .colorScheme(colors(dashboard.FieldColorModeId.PaletteClassic))
    .lineWidth(2).fillOpacity(0).pointSize(5)
    .showPoints(isDense(facts) ? common.VisibilityMode.Never : common.VisibilityMode.Always)
    // Designs run at different times, so each series has nulls at the times of the others.
    .spanNulls(compared)
    .tooltip(
      new common.VizTooltipOptionsBuilder().mode(common.TooltipDisplayMode.Multi)
        .sort(common.SortOrder.None),
    )
    .legend(legend(compared));
  if (measure.decimals !== undefined) panel.decimals(measure.decimals);
  if (compared && measure.log_scale) {
    panel.scaleDistribution(
      new common.ScaleDistributionConfigBuilder().type(common.ScaleDistribution.Log).log(10),
    );
  }
  const names = compared ? facts.groups.shown : [shownName(measure)];
  names.forEach((name, i) => {
    const value = { mode: "fixed", fixedColor: SERIES[i % SERIES.length] };
    panel.overrideByName(name, [{ id: "color", value }]);
  });
  return panel;
}

const zeroLine = ({ good }: Measure) =>
  good === "from 0" ? common.GraphThresholdsStyleMode.Line : common.GraphThresholdsStyleMode.Off;

type Bars = { title: string; about: string; sql: string; measure: Measure; upright?: boolean };

/** `sql` returns one row per bar, its first column as text. */
export function barPanel(
  { datasource }: Source,
  { title, about, sql, measure, upright = false }: Bars,
): Panel {
  const panel = new barchart.PanelBuilder()
    .title(title).description(description(measure, about)).datasource(datasource)
    .withTarget(new PostgresQuery(datasource, sql))
    .unit(measure.unit)
    .thresholds(thresholds(measure.good === "from 0" ? measure.good : undefined))
    .colorScheme(
      measure.good === "from 0"
        ? colors(dashboard.FieldColorModeId.Thresholds)
        : colors(dashboard.FieldColorModeId.Fixed, SERIES[0]),
    )
    .orientation(upright ? common.VizOrientation.Vertical : common.VizOrientation.Horizontal)
    .showValue(upright ? common.VisibilityMode.Auto : common.VisibilityMode.Always)
    .barWidth(0.8).fillOpacity(85).lineWidth(0)
    .xTickLabelMaxLength(28)
    // Without a fixed size Grafana hides all values when one does not fit.
    .text(new common.VizTextDisplayOptionsBuilder().valueSize(12))
    .legend(legend(false));
  // Otherwise all bars take the colour of the last value.
  if (measure.good === "from 0") panel.colorByField(shownName(measure));
  // A fixed number of decimals makes axis labels overlap.
  return panel;
}

/** One gauge per design, from 0 to `most`. */
export function gaugePanel(
  { facts, datasource }: Source,
  { title, about, measure, most }: {
    title: string;
    about: string;
    measure: Measure;
    most: number;
  },
): Panel {
  const panel = new bargauge.PanelBuilder()
    .title(title).description(description(measure, about)).datasource(datasource)
    .withTarget(new PostgresQuery(datasource, newestOfEach(facts, measure)))
    .unit(measure.unit).min(0).max(most)
    .thresholds(stepped([{ value: null, color: SERIES[0] }]))
    .colorScheme(colors(dashboard.FieldColorModeId.Thresholds))
    .orientation(common.VizOrientation.Horizontal)
    .displayMode(common.BarGaugeDisplayMode.Basic)
    .valueMode(common.BarGaugeValueMode.Text)
    .namePlacement(common.BarGaugeNamePlacement.Left)
    .showUnfilled(true)
    .reduceOptions(
      new common.ReduceDataOptionsBuilder().values(true).limit(20).calcs([]).fields(""),
    );
  return measure.decimals === undefined ? panel : panel.decimals(measure.decimals);
}

/** One line per design: since when is it broken? */
export function statePanel(
  { facts, datasource }: Source,
  measure: Measure,
  [yes, no]: [string, string],
): Panel {
  const good = measure.good === "from 0" ? `"value" >= 0` : `"value" <= 0`;
  const value = `CASE WHEN ${good} THEN 1 WHEN NOT ${good} THEN 0 END`;
  const mappings = [{
    type: dashboard.MappingType.ValueToText as const,
    options: { "0": { text: no, color: BAD, index: 0 }, "1": { text: yes, color: GOOD, index: 1 } },
  }];
  return new statetimeline.PanelBuilder()
    .title(`${measure.title}: ${yes} or ${no}`)
    .description(description(measure, pointSentence(facts, measure)))
    .datasource(datasource)
    .withTarget(new PostgresQuery(datasource, trend(facts, measure, { value }), "time_series"))
    .mappings(mappings)
    // With threshold colours the legend shows the steps ("< 1") instead of the states.
    .thresholds(thresholds(undefined))
    .colorScheme(colors(dashboard.FieldColorModeId.Fixed, SERIES[0]))
    .fillOpacity(85).lineWidth(0)
    // A design keeps its state until its next run.
    .spanNulls(true).mergeValues(true)
    .showValue(common.VisibilityMode.Never).rowHeight(0.8)
    .legend(legend(true));
}
