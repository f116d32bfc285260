import * as common from "@grafana/grafana-foundation-sdk/common";
import * as table from "@grafana/grafana-foundation-sdk/table";
import type { Measure } from "../measures/measure.ts";
import { BAD, GOOD, type Panel, type Source, stepped, thresholds } from "./panels.ts";
import { PostgresQuery } from "./query_builder.ts";

/** `better`: the good direction of a delta; `heat`: coloured by its count. */
export type Cell = {
  name: string;
  unit?: string;
  decimals?: number;
  good?: Measure["good"];
  better?: "higher" | "lower";
  heat?: boolean;
  width?: number;
};

const INK = "#24292E";
/** Half steps of ten in one hue, readable in greyscale, under dark or white text. */
const HEAT = [
  { value: null, color: "#FFFFFF" },
  { value: 1, color: "#FDE8CF" },
  { value: 3, color: "#FCD5A7" },
  { value: 10, color: "#FBC27F" },
  { value: 30, color: "#F1A456" },
  { value: 100, color: "#E8862E" },
  { value: 300, color: "#BA560F" },
  { value: 1000, color: "#94400A" },
  { value: 10_000, color: "#5E2403" },
];
/** Below this, a change is rounding noise. */
const NO_CHANGE = 1e-9;

function stepsOf({ good, better, heat }: Cell) {
  if (heat) return stepped(HEAT);
  if (!better) return thresholds(good);
  const [up, down] = better === "higher" ? [GOOD, BAD] : [BAD, GOOD];
  return stepped([
    { value: null, color: down },
    { value: -NO_CHANGE, color: INK },
    { value: NO_CHANGE, color: up },
  ]);
}

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
  for (const cell of cells) {
    const { name, unit, decimals, width } = cell;
    const properties: { id: string; value: unknown }[] = [];
    if (unit) properties.push({ id: "unit", value: unit });
    if (decimals !== undefined) properties.push({ id: "decimals", value: decimals });
    if (width !== undefined) properties.push({ id: "custom.width", value: width });
    if (cell.good || cell.better || cell.heat) {
      const style = cell.heat ? "color-background" : "color-text";
      properties.push(
        { id: "thresholds", value: stepsOf(cell).build() },
        { id: "color", value: { mode: "thresholds" } },
        // Grafana 9.4 reads displayMode, later versions cellOptions.
        { id: "custom.displayMode", value: cell.heat ? "color-background-solid" : style },
        { id: "custom.cellOptions", value: { type: style, ...(cell.heat && { mode: "basic" }) } },
      );
    }
    if (properties.length > 0) panel.overrideByName(name, properties);
  }
  return panel;
}
