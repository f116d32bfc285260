import type { Measure } from "../../measures/measure.ts";
import type { TableFacts } from "../../measures/facts.ts";
import { columnOf } from "../../measures/facts.ts";
import type { Panel } from "../panels.ts";

/** `height` in grid rows of 38 px; panels share 24 columns, or `wide_last` takes what a third leaves. */
export type Row = { height: number; panels: Panel[]; wide_last?: boolean };

/** Three panels per row, two where a single one would remain. */
export function packed(panels: Panel[], height = 9): Row[] {
  const rows: Row[] = [];
  for (let left = panels; left.length > 0;) {
    const most = left.length === 4 || left.length === 2 ? 2 : 3;
    rows.push({ height, panels: left.slice(0, most) });
    left = left.slice(most);
  }
  return rows;
}

/** In grid rows: as tall as the table's rows, at most 13. */
export function tableHeight(
  { rows, metrics, groups, columns, distinct, time }: TableFacts,
): number {
  const stage = columnOf(columns, "stage");
  const parts = Math.max(1, stage ? distinct[stage.name] ?? 1 : 1, metrics.length);
  const lines = time && groups.count > 1 ? groups.count * parts : rows;
  // A table row is 29 px, a grid row 38 px.
  return Math.min(Math.max(Math.ceil(lines * 0.8) + 2, 7), 13);
}

/** True for the first measure of a title: each title gets one panel. */
export function isFirstOfTitle({ title }: Measure, i: number, measures: Measure[]): boolean {
  return measures.findIndex((other) => other.title === title) === i;
}
