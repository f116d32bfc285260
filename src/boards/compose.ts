import * as dashboard from "@grafana/grafana-foundation-sdk/dashboard";
import type { Kind, TableFacts } from "../measures/facts.ts";
import type { Panel } from "./panels.ts";
import type { DataSource } from "./query_builder.ts";
import { drc } from "./layouts/drc.ts";
import { plain } from "./layouts/plain.ts";
import { qor } from "./layouts/qor.ts";
import type { Row } from "./layouts/row.ts";
import { timing } from "./layouts/timing.ts";
import { boardVariables } from "./variables.ts";

export type Dashboard = dashboard.Dashboard;
export type BoardIdentity = { uid: string; title: string; tags: string[]; datasource: DataSource };

const HOUR = 3_600_000;
/** PostgreSQL does not read ISO 8601 years of more than four digits. */
const LATEST = Date.parse("9999-12-31T23:59:59.999Z");
const TEMPLATES = { timing, qor, drc };

/** The data's time range plus 2 % on each side; an hour around a single time; else the last day. */
export function timeRange({ time, read_at }: TableFacts): { from: string; to: string } {
  const [first, last] = time
    ? [time.first.getTime(), time.last.getTime()]
    : [read_at.getTime() - 24 * HOUR, read_at.getTime()];
  const air = last > first ? Math.max((last - first) * 0.02, 1) : HOUR / 2;
  return {
    from: new Date(first - air).toISOString(),
    to: new Date(Math.min(last + air, LATEST)).toISOString(),
  };
}

/** Widths in Grafana's 24 columns; a row is always full. */
function widths({ panels, wide_last }: Row): number[] {
  if (wide_last && panels.length === 2) return [8, 16];
  if (wide_last && panels.length === 3) return [6, 6, 12];
  const each = Math.floor(24 / panels.length);
  const over = 24 - each * panels.length;
  return panels.map((_, i) => each + (i >= panels.length - over ? 1 : 0));
}

function addRows(board: dashboard.DashboardBuilder, rows: Row[], datasource: DataSource) {
  let y = 0;
  let id = 1;
  const add = (panel: Panel, x: number, w: number, h: number) =>
    board.withPanel(panel.id(id++).datasource(datasource).gridPos({ x, y, w, h }));
  for (const row of rows.filter(({ panels }) => panels.length > 0)) {
    let x = 0;
    for (const [i, w] of widths(row).entries()) {
      add(row.panels[i]!, x, w, row.height);
      x += w;
    }
    y += row.height;
  }
}

/** Uses the layout of the table's kind, or the plain layout when none fits. */
export function composeDashboard(
  facts: TableFacts,
  { uid, title, tags, datasource }: BoardIdentity,
): Dashboard {
  const source = { facts, datasource };
  // A table of paths may be in the QoR database: try its own kind first.
  const kinds = [facts.kind, ...(Object.keys(TEMPLATES) as Kind[])];
  const fitting = kinds.map((kind) => TEMPLATES[kind]({ datasource, facts: { ...facts, kind } }))
    .find((rows) => rows.length > 0);
  const board = new dashboard.DashboardBuilder(title).uid(uid).tags(tags)
    .time(timeRange(facts)).timezone("utc").refresh("")
    .variables(boardVariables(facts, datasource));
  addRows(board, fitting ?? plain(source), datasource);
  return board.build();
}
