import type { Dashboard } from "../../../src/boards/compose.ts";
import { shownPanels } from "../../../src/boards/queried.ts";

/** The ids of the panels that ask for data. */
export function queriedPanels(dashboard: Dashboard): number[] {
  return shownPanels(dashboard).flatMap(({ id, hasQuery }) => hasQuery ? [id] : []);
}
