import type { Db, Sql } from "../external/postgres/postgres.ts";
import {
  type BoardIdentity,
  composeDashboard,
  type Dashboard,
  timeRange,
} from "../boards/compose.ts";
import type { TableFacts } from "../measures/facts.ts";
import { fillTemplate, unfolded } from "./fill.ts";
import { chosenFor } from "./store.ts";
import { reasonOf, refusedQueries } from "./try.ts";
import type { Log } from "../external/log/log.ts";

type Deps = { db: Db; log: Log };

/** Which template was chosen for a board; `note`: why it did not draw the board after all. */
export type UsedTemplate = { id: number; version: number; note: string | null };

/**
 * A table's board from its chosen template or, where a query fails, from the built-in one. Throws
 * ExternalError.
 */
export async function composeChosen(
  { db, log }: Deps,
  reader: Sql,
  facts: TableFacts,
  place: BoardIdentity,
  { id, user_id, in_grafana }: { id: number; user_id: number; in_grafana: boolean },
): Promise<{ board: Dashboard; template: UsedTemplate | null }> {
  const chosen = await chosenFor(db, { user_id, kind: facts.kind, table_name: facts.table });
  if (!chosen) return { board: composeDashboard(facts, place), template: null };
  const board = fillTemplate(chosen.dashboard, facts, place, timeRange(facts));
  // Grafana fills in its own variables and macros.
  const refused = (await refusedQueries(reader, board))
    .find(({ foreign }) => !(foreign && in_grafana));
  const note = refused
    ? `Drawn by the built-in template: version ${chosen.version} of "${chosen.name}" does not fit this table, its panel "${refused.panel}" ${
      reasonOf(refused)
    }.`
    : null;
  if (note) {
    log.warn("The chosen template does not fit the table: the built-in board is drawn.", {
      dashboard_id: id,
      template_id: chosen.id,
      code: refused!.state,
    });
  }
  const template = { id: chosen.id, version: chosen.version, note };
  if (note) return { board: composeDashboard(facts, place), template };
  return { board: in_grafana ? board : unfolded(board), template };
}
