import type * as barchart from "@grafana/grafana-foundation-sdk/barchart";
import type * as bargauge from "@grafana/grafana-foundation-sdk/bargauge";
import * as common from "@grafana/grafana-foundation-sdk/common";
import * as dashboard from "@grafana/grafana-foundation-sdk/dashboard";
import type * as heatmap from "@grafana/grafana-foundation-sdk/heatmap";
import type * as histogram from "@grafana/grafana-foundation-sdk/histogram";
import type * as stat from "@grafana/grafana-foundation-sdk/stat";
import type * as statetimeline from "@grafana/grafana-foundation-sdk/statetimeline";
import type * as table from "@grafana/grafana-foundation-sdk/table";
import type * as timeseries from "@grafana/grafana-foundation-sdk/timeseries";
import type * as xychart from "@grafana/grafana-foundation-sdk/xychart";
import type { TableFacts } from "../measures/facts.ts";
import type { Measure } from "../measures/measure.ts";
import type { DataSource } from "./query_builder.ts";

export type Source = { facts: TableFacts; datasource: DataSource };
export type Panel =
  | barchart.PanelBuilder
  | bargauge.PanelBuilder
  | heatmap.PanelBuilder
  | histogram.PanelBuilder
  | stat.PanelBuilder
  | statetimeline.PanelBuilder
  | table.PanelBuilder
  | timeseries.PanelBuilder
  | xychart.PanelBuilder;

/** Okabe and Ito's colours for colour-blind readers, without the pale yellow. */
export const SERIES = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00"] as const;
/** Red and a bluish green that also differ in lightness. */
export const BAD = "#C4320A";
export const GOOD = "#00846B";
const PLAIN = "#1F4E79";
const UNSURE = "#6E7681";

export function thresholds(good: Measure["good"]) {
  const steps = good === "from 0"
    ? [{ value: null, color: BAD }, { value: 0, color: GOOD }]
    : good === "at 0"
    ? [{ value: null, color: GOOD }, { value: 1, color: BAD }]
    : [{ value: null, color: PLAIN }];
  return stepped(steps);
}

/** Grey when the number is not sure. */
export function thresholdsOf({ good, doubt }: Measure) {
  return doubt ? stepped([{ value: null, color: UNSURE }]) : thresholds(good);
}

/** A colour from each value up; the first value is null. */
export function stepped(steps: { value: number | null; color: string }[]) {
  return new dashboard.ThresholdsConfigBuilder().mode(dashboard.ThresholdsMode.Absolute).steps(
    steps,
  );
}

export function colors(mode: dashboard.FieldColorModeId, fixed?: string) {
  const color = new dashboard.FieldColorBuilder().mode(mode);
  return fixed ? color.fixedColor(fixed) : color;
}

/** The text behind a panel's "i". */
export function description(measure: Measure, first: string): string {
  const good = measure.good === "from 0"
    ? "Good at 0 or above."
    : measure.good === "at 0"
    ? "Good at 0."
    : "";
  const doubt = measure.doubt ? `Not sure: ${measure.doubt}` : "";
  return [first, doubt || good, measure.note ?? ""].filter(Boolean).join(" ");
}

export function legend(shown: boolean) {
  return new common.VizLegendOptionsBuilder().showLegend(shown)
    .displayMode(common.LegendDisplayMode.List).placement(common.LegendPlacement.Bottom)
    .calcs([]);
}
