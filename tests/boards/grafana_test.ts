import { deepStrictEqual as same, ok } from "node:assert";
import type { Dashboard } from "../../src/boards/compose.ts";
import { type Kind } from "../../src/measures/facts.ts";
import { boardOf, load, loadOfEachKind, place, withTables } from "../help/boards/boards.ts";

type Override = { matcher: { id: string }; properties: { id: string; value: unknown }[] };
type PanelJson = {
  id: number;
  type: string;
  title: string;
  description?: string;
  gridPos: { x: number; y: number; w: number; h: number };
  datasource: unknown;
  targets: { refId: string; datasource: unknown; rawSql: string; format: string; rawQuery: true }[];
  options: Record<string, unknown> & {
    reduceOptions?: { values: boolean };
    legend?: { showLegend?: boolean };
    colorByField?: string;
  };
  fieldConfig: {
    defaults: { unit?: string; color?: { mode?: string }; custom?: Record<string, unknown> };
    overrides: Override[];
  };
};

/** The kinds of panel and the first units of time that Grafana 9.4 knows. */
const KINDS = new Set(
  "stat timeseries table barchart bargauge histogram heatmap state-timeline xychart".split(" "),
);
const UNITS = new Set(
  "none short locale percent percentunit watt mwatt volt mvolt hertz s ms µs m h ns decbytes deckbytes decmbytes decgbytes bytes kbytes mbytes gbytes"
    .split(" "),
);
/** What may stand in SQL for Grafana to fill in; everything else of that look would be a table's own. */
const OURS = /\$__timeFilter\((?:U&)?"[^()$[\]]*"\)|\$\{(?:design|run):sqlstring\}/g;

/** What an old Grafana would draw wrongly or not at all, as sentences. */
function faults(board: Dashboard): string[] {
  const found: string[] = [];
  const panels = board.panels as unknown as PanelJson[];
  const source = JSON.stringify(place.datasource);
  const say = (panel: PanelJson, what: string) => found.push(`${panel.title}: ${what}`);
  for (const panel of panels) {
    if (!KINDS.has(panel.type)) say(panel, `kind ${panel.type}`);
    if (!panel.title || !panel.description) say(panel, "no title or description");
    if (JSON.stringify(panel.datasource) !== source) say(panel, "data source of the panel");
    for (const { datasource, rawSql, rawQuery } of panel.targets) {
      if (JSON.stringify(datasource) !== source) say(panel, "data source of the target");
      if (!rawQuery) say(panel, "not a raw query");
      const foreign = rawSql.replace(OURS, "").match(/\$\w|\$\{|\[\[/);
      if (foreign) say(panel, `Grafana would read ${foreign[0]} in ${rawSql}`);
    }
    const [{ format }] = panel.targets as [PanelJson["targets"][0]];
    const overTime = ["timeseries", "heatmap", "state-timeline"].includes(panel.type);
    if (overTime && format !== "time_series") say(panel, `format ${format}`);
    if (["histogram", "xychart", "table", "barchart", "bargauge"].includes(panel.type)) {
      if (format !== "table") say(panel, `format ${format}`);
    }
    if (panel.type === "bargauge" && panel.options.reduceOptions?.values !== true) {
      say(panel, "one bar for all rows");
    }
    const units = [
      panel.fieldConfig.defaults.unit,
      ...panel.fieldConfig.overrides.flatMap(({ properties }) =>
        properties.filter(({ id }) => id === "unit").map(({ value }) => value as string)
      ),
    ];
    for (const unit of units) {
      if (unit && !UNITS.has(unit) && !/^(suffix|time):/.test(unit)) say(panel, `unit ${unit}`);
    }
    const byThresholds = panel.fieldConfig.defaults.color?.mode === "thresholds";
    const { colorByField, legend } = panel.options;
    if (panel.type === "state-timeline" && byThresholds) say(panel, "its legend names steps");
    if (panel.type === "histogram" && legend?.showLegend) say(panel, "its legend names one field");
    if (panel.type === "barchart" && byThresholds) {
      const isThere = panel.targets[0]!.rawSql.includes(` AS "${colorByField}"`);
      if (!isThere) say(panel, "all bars have the colour of the last one");
    }
    if (/background_solid/.test(JSON.stringify(panel.options))) say(panel, "background_solid");
    const { x, y, w, h } = panel.gridPos;
    for (const other of panels) {
      const { gridPos: o } = other;
      const apart = x + w <= o.x || o.x + o.w <= x || y + h <= o.y || o.y + o.h <= y;
      if (other !== panel && !apart) say(panel, `lies on ${other.title}`);
    }
    if (x < 0 || x + w > 24) say(panel, "beyond the 24 columns");
  }
  if (new Set(panels.map(({ id }) => id)).size < panels.length) found.push("an id twice");
  for (const { type, query, datasource, name } of board.templating?.list ?? []) {
    if (type !== "query" || typeof query !== "string") found.push(`variable ${name}`);
    if (JSON.stringify(datasource) !== source) found.push(`data source of ${name}`);
  }
  return found;
}

Deno.test("faults() sees what an old Grafana minds", async () => {
  await withTables(async ({ db }, reader) => {
    await load(db, "qor_history");
    const { board } = await boardOf(reader, "qor_history", "qor");
    // deno-lint-ignore no-explicit-any
    const broken = (change: (board: any) => void) => {
      const copy = structuredClone(board);
      change(copy);
      return faults(copy).length;
    };
    same(faults(board), []);
    ok(broken((b) => delete b.panels[1].datasource) > 0);
    ok(broken((b) => delete b.panels[1].targets[0].datasource) > 0);
    ok(broken((b) => b.panels[1].targets[0].rawSql += ' "$__interval"') > 0);
    ok(broken((b) => b.panels[1].fieldConfig.defaults.unit = "ps") > 0);
    ok(broken((b) => b.panels[1].gridPos.x = 2) > 0);
    ok(broken((b) => b.panels.find((p: PanelJson) => p.type === "bargauge").options = {}) > 0);
  });
});

Deno.test("composeDashboard() writes what Grafana 9.4 draws, for each template and table", async () => {
  await withTables(async ({ db }, reader) => {
    const tables = await loadOfEachKind(db);
    const kinds = new Set<string>();
    for (const table of tables) {
      for (const kind of ["timing", "qor", "drc"] as Kind[]) {
        const { board } = await boardOf(reader, table, kind);
        same(faults(board), [], `${table} as ${kind}`);
        for (const { type } of board.panels!) kinds.add(type!);
      }
    }
    same(kinds, KINDS, "every kind of panel is used by some template");
  });
});
