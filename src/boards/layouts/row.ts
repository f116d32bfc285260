import type { Measure } from "../../measures/measure.ts";
import type { TableFacts } from "../../measures/facts.ts";
import { columnOf } from "../../measures/facts.ts";
import type { Panel } from "../panels.ts";

/**
 * Panels side by side, sharing the 24 columns; an empty row is left out. `height` in Grafana's rows
 * (30 px and a gap of 8). `wide_last`: the last panel, a table, takes what a third leaves.
 */
export type Row = { height: number; panels: Panel[]; wide_last?: boolean };

/** Detail below the first screen: three panels a row, two where one would be left over. */
export function packed(panels: Panel[], height = 9): Row[] {
  const rows: Row[] = [];
  for (let left = panels; left.length > 0;) {
    const most = left.length === 4 || left.length === 2 ? 2 : 3;
    rows.push({ height, panels: left.slice(0, most) });
    left = left.slice(most);
  }
  return rows;
}

/** How high a table of the newest rows must be: no higher than its lines, no more than 13. */
export function tableHeight(
  { rows, metrics, groups, columns, distinct, time }: TableFacts,
): number {
  const stage = columnOf(columns, "stage");
  const parts = Math.max(1, stage ? distinct[stage.name] ?? 1 : 1, metrics.length);
  const lines = time && groups.count > 1 ? groups.count * parts : rows;
  // A line is 29 px, a row of the grid 38.
  return Math.min(Math.max(Math.ceil(lines * 0.8) + 2, 7), 13);
}

/** Whether no measure before this one has its title: one panel shows each number. */
export function isFirstOfTitle({ title }: Measure, i: number, measures: Measure[]): boolean {
  return measures.findIndex((other) => other.title === title) === i;
}
