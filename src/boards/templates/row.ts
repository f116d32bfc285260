import type { Panel } from "../panels.ts";

/**
 * Panels side by side, sharing the 24 columns; an empty row is left out. `height` in Grafana's rows
 * (30 px and a gap of 8). `wide_last`: the last panel, a table, takes what a third leaves.
 */
export type Row = { height: number; panels: Panel[]; wide_last?: boolean };
