import type { Dashboard } from "./compose.ts";

/** A row of the grid is 30 px and a gap of 8 px; 16 px of padding above and below. */
const ROW_PX = 38;
/** Sources that Grafana answers in the page itself: their panels send nothing. */
const IN_PAGE = ["-- Dashboard --", "-- Grafana --", "grafana"];

/** The height in px that a board takes when nothing of it is cut off. */
export function heightOf({ panels = [] }: Dashboard): number {
  const rows = panels.map(({ gridPos }) => gridPos ? gridPos.y + gridPos.h : 0);
  return Math.max(0, ...rows) * ROW_PX - 8 + 2 * 16;
}

/** A panel of a dashboard's page; `hasQuery`: it asks a data source for rows. */
export type ShownPanel = { id: number; title: string; hasQuery: boolean };

/** The panels that the dashboard's page mounts: those of folded rows and the rows themselves are none. */
export function shownPanels(dashboard: Dashboard): ShownPanel[] {
  const queried = queriedPanels(dashboard);
  return (dashboard.panels ?? []).flatMap(({ id, title = "", type }) =>
    id === undefined || type === "row" ? [] : [{ id, title, hasQuery: queried.includes(id) }]
  );
}

/** The ids of the panels that ask for rows. */
export function queriedPanels({ panels = [] }: Dashboard): number[] {
  return panels.flatMap((panel) => {
    if (!("targets" in panel) || panel.id === undefined) return [];
    const asks = panel.targets?.some((target) => !("hide" in target && target.hide)) &&
      !IN_PAGE.includes(panel.datasource?.uid ?? "");
    return asks ? [panel.id] : [];
  });
}
