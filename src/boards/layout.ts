import type { Dashboard } from "./compose.ts";

/** A row of the grid is 30 px and a gap of 8 px; 16 px of padding above and below. */
const ROW_PX = 38;

/** The height in px that a board takes when nothing of it is cut off. */
export function heightOf({ panels = [] }: Dashboard): number {
  const rows = panels.map(({ gridPos }) => gridPos ? gridPos.y + gridPos.h : 0);
  return Math.max(0, ...rows) * ROW_PX - 8 + 2 * 16;
}
