import type { Dashboard } from "./compose.ts";

/** A grid row is 30 px plus an 8 px gap, inside 16 px of padding. */
const ROW_PX = 38;

/** In px, without scrolling. */
export function heightOf({ panels = [] }: Dashboard): number {
  const rows = panels.map(({ gridPos }) => gridPos ? gridPos.y + gridPos.h : 0);
  return Math.max(0, ...rows) * ROW_PX - 8 + 2 * 16;
}
