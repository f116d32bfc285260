import * as barchart from "@grafana/grafana-foundation-sdk/barchart";
import * as common from "@grafana/grafana-foundation-sdk/common";
import * as dashboard from "@grafana/grafana-foundation-sdk/dashboard";
import * as stat from "@grafana/grafana-foundation-sdk/stat";
import * as table from "@grafana/grafana-foundation-sdk/table";
import * as timeseries from "@grafana/grafana-foundation-sdk/timeseries";
import type { TableFacts } from "./facts.ts";
import type { Measure } from "./measures.ts";
import { type DataSource, PostgresQuery } from "./query_builder.ts";
import { isCompared, newestTime, newestValue, shownName, trend } from "./runs.ts";

/** What a panel is composed from. */
export type Source = { facts: TableFacts; datasource: DataSource };
export type Panel =
  | stat.PanelBuilder
  | timeseries.PanelBuilder
  | table.PanelBuilder
  | barchart.PanelBuilder;
export type Cell = {
  name: string;
  unit?: string;
  decimals?: number;
  good?: Measure["good"];
  width?: number;
};

/** Okabe and Ito's colours, which people who mix up red and green can tell apart (yellow left out: too pale). */
const SERIES = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00"];
/** Red and a bluish green of different lightness, so that they differ to every eye. */
const BAD = "#C4320A";
const GOOD = "#00846B";
const PLAIN = "#1F4E79";

function thresholds(good: Measure["good"]) {
  const steps = good === "from 0"
    ? [{ value: null, color: BAD }, { value: 0, color: GOOD }]
    : good === "at 0"
    ? [{ value: null, color: GOOD }, { value: 1, color: BAD }]
    : [{ value: null, color: PLAIN }];
  return new dashboard.ThresholdsConfigBuilder().mode(dashboard.ThresholdsMode.Absolute).steps(
    steps,
  );
}

function colors(mode: dashboard.FieldColorModeId, fixed?: string) {
  const color = new dashboard.FieldColorBuilder().mode(mode);
  return fixed ? color.fixedColor(fixed) : color;
}

/** Which of the newest run's designs a stat shows, as a word and as a sentence. */
function choice({ across, good, any_size }: Measure): [string, string] {
  if (across === "sum") return ["total", "The sum over the designs of the newest run."];
  const word = good ? "worst" : across === "min" ? "lowest" : any_size ? "largest" : "highest";
  return [word, `The ${word} of the designs in the newest run, with its name.`];
}

function description(measure: Measure, first: string): string {
  const good = measure.good === "from 0"
    ? "Good from 0 up."
    : measure.good === "at 0"
    ? "Good at 0."
    : "";
  return [first, good, measure.note ?? ""].filter(Boolean).join(" ");
}

/** The newest run's number; over one design with its course behind it, over several with the design's name. */
export function newestStat({ facts, datasource }: Source, measure: Measure): Panel {
  const compared = isCompared(facts);
  const course = facts.time !== undefined && !compared;
  const [word, sentence] = choice(measure);
  const panel = new stat.PanelBuilder()
    .title(compared ? `${measure.title} · ${word}` : measure.title)
    .description(description(measure, compared ? sentence : "The newest run."))
    .datasource(datasource)
    .withTarget(
      course
        ? new PostgresQuery(datasource, trend(facts, measure), "time_series")
        : new PostgresQuery(datasource, newestValue(facts, measure)),
    )
    .unit(measure.unit)
    .thresholds(thresholds(measure.good))
    .colorScheme(colors(dashboard.FieldColorModeId.Thresholds))
    .colorMode(common.BigValueColorMode.Value)
    .graphMode(course ? common.BigValueGraphMode.Area : common.BigValueGraphMode.None)
    .justifyMode(common.BigValueJustifyMode.Center)
    .textMode(
      compared && measure.across !== "sum"
        ? common.BigValueTextMode.ValueAndName
        : common.BigValueTextMode.Value,
    )
    .reduceOptions(
      course
        ? new common.ReduceDataOptionsBuilder().values(false).calcs(["last"]).fields("")
        : new common.ReduceDataOptionsBuilder().values(true).limit(1).calcs([]).fields(""),
    );
  return measure.decimals === undefined ? panel : panel.decimals(measure.decimals);
}

/** One number that a query of its own answers. */
export function plainStat(
  { datasource }: Source,
  { title, unit, sql, about }: { title: string; unit: string; sql: string; about: string },
  named = false,
): Panel {
  return new stat.PanelBuilder()
    .title(title).description(about).datasource(datasource)
    .withTarget(new PostgresQuery(datasource, sql))
    .unit(unit).thresholds(thresholds(undefined))
    .colorScheme(colors(dashboard.FieldColorModeId.Thresholds))
    .colorMode(common.BigValueColorMode.Value)
    .graphMode(common.BigValueGraphMode.None)
    .justifyMode(common.BigValueJustifyMode.Center)
    .textMode(named ? common.BigValueTextMode.ValueAndName : common.BigValueTextMode.Value)
    .reduceOptions(
      new common.ReduceDataOptionsBuilder().values(true).limit(1).calcs([]).fields(""),
    );
}

/** The first of a query's bars as a number with its name: the rule that most violations break. */
export function firstBar(source: Source, measure: Measure, title: string, sql: string): Panel {
  return plainStat(source, { title, unit: measure.unit, sql, about: "The newest run." }, true);
}

/** When the newest run was; nothing for a table without time. */
export function newestRun(source: Source): Panel[] {
  const { time } = source.facts;
  if (!time) return [];
  return [plainStat(source, {
    title: "Newest (UTC)",
    unit: "time:YYYY-MM-DD HH:mm",
    sql: newestTime({ ...source.facts, time }),
    about: `The greatest ${time.column.name} in the time range.`,
  })];
}

/** A number over run time, one line a design. */
export function trendPanel({ facts, datasource }: Source, measure: Measure): Panel {
  const compared = isCompared(facts);
  const shown = facts.groups.newest.length;
  const panel = new timeseries.PanelBuilder()
    .title(
      compared
        ? `${measure.title} by design`
        : `${measure.title} over ${measure.meaning ? "runs" : "time"}`,
    )
    .description(description(
      measure,
      compared && shown < facts.groups.count
        ? `The ${shown} that ran last of ${
          facts.groups.count === 1000 ? "1000 or more" : facts.groups.count
        }.`
        : "Each point is one run.",
    ))
    .datasource(datasource)
    .withTarget(new PostgresQuery(datasource, trend(facts, measure), "time_series"))
    .unit(measure.unit)
    .thresholds(thresholds(undefined))
    .colorScheme(colors(dashboard.FieldColorModeId.PaletteClassic))
    .lineWidth(2).fillOpacity(0).pointSize(5)
    .showPoints(common.VisibilityMode.Always)
    // Designs run at different times: in the joined frame every other line has nulls there.
    .spanNulls(compared)
    .tooltip(
      new common.VizTooltipOptionsBuilder().mode(common.TooltipDisplayMode.Multi)
        .sort(common.SortOrder.None),
    )
    .legend(
      new common.VizLegendOptionsBuilder().showLegend(compared)
        .displayMode(common.LegendDisplayMode.List).placement(common.LegendPlacement.Bottom)
        .calcs([]),
    );
  if (measure.decimals !== undefined) panel.decimals(measure.decimals);
  if (compared && measure.any_size) {
    panel.scaleDistribution(
      new common.ScaleDistributionConfigBuilder().type(common.ScaleDistribution.Log).log(10),
    );
  }
  const names = compared ? facts.groups.newest : [shownName(measure)];
  names.forEach((name, i) =>
    panel.overrideByName(name, [
      { id: "color", value: { mode: "fixed", fixedColor: SERIES[i % SERIES.length] } },
    ])
  );
  return panel;
}

type Bars = { title: string; about: string; sql: string; measure: Measure; upright?: boolean };

/** Bars over the values of a first, text column; `sql` gives one row a bar. */
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
    .legend(
      new common.VizLegendOptionsBuilder().showLegend(false)
        .displayMode(common.LegendDisplayMode.List).placement(common.LegendPlacement.Bottom)
        .calcs([]),
    );
  if (measure.decimals !== undefined) panel.decimals(measure.decimals);
  return panel;
}

/** Rows as they are, the numbers with their units, what is bad in red. */
export function tablePanel(
  { datasource }: Source,
  { title, about, sql, cells }: { title: string; about: string; sql: string; cells: Cell[] },
): Panel {
  const panel = new table.PanelBuilder()
    .title(title).description(about).datasource(datasource)
    .withTarget(new PostgresQuery(datasource, sql))
    .thresholds(thresholds(undefined))
    .showHeader(true)
    .cellHeight(common.TableCellHeight.Sm);
  for (const { name, unit, decimals, good, width } of cells) {
    const properties: { id: string; value: unknown }[] = [];
    if (unit) properties.push({ id: "unit", value: unit });
    if (decimals !== undefined) properties.push({ id: "decimals", value: decimals });
    if (width !== undefined) properties.push({ id: "custom.width", value: width });
    if (good) {
      properties.push(
        { id: "thresholds", value: thresholds(good).build() },
        { id: "color", value: { mode: "thresholds" } },
        // Grafana 9.4 reads the first, later versions the second.
        { id: "custom.displayMode", value: "color-text" },
        { id: "custom.cellOptions", value: { type: "color-text" } },
      );
    }
    if (properties.length > 0) panel.overrideByName(name, properties);
  }
  return panel;
}
