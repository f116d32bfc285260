import type { Sql } from "../external/postgres/postgres.ts";
import { composeDashboard, type Dashboard, type Place, timeRange } from "../boards/compose.ts";
import type { TableFacts } from "../measures/facts.ts";
import { fillTemplate, unfolded } from "./fill.ts";
import { chosenFor, recordTemplate } from "./store.ts";
import { reasonOf, refusedQueries } from "./try.ts";

type Deps = { db: Sql; log: (line: string) => void };

/**
 * A table's board: from the template chosen for it or, where one of its queries does not fit the table,
 * from the built-in one, so that no board has broken panels. Which template was chosen, and why it did
 * not draw the board, is kept with the dashboard (`template_id`, `template_note`). Throws ExternalError.
 */
export async function composeChosen(
  { db, log }: Deps,
  reader: Sql,
  facts: TableFacts,
  place: Place,
  { id, user_id, in_grafana }: { id: number; user_id: number; in_grafana: boolean },
): Promise<Dashboard> {
  const chosen = await chosenFor(db, { user_id, kind: facts.kind, table_name: facts.table });
  if (!chosen) {
    await recordTemplate(db, id, undefined, null);
    return composeDashboard(facts, place);
  }
  const board = fillTemplate(chosen.dashboard, facts, place, timeRange(facts));
  // What only Grafana knows, its own variables and macros, it fills in itself.
  const refused = (await refusedQueries(reader, board))
    .find(({ foreign }) => !(foreign && in_grafana));
  const note = refused
    ? `Drawn by the built-in template: version ${chosen.version} of "${chosen.name}" does not fit this table, its panel "${refused.panel}" ${
      reasonOf(refused)
    }.`
    : null;
  if (note) {
    log(`create: dashboard ${id}: template ${chosen.id} does not fit: SQLSTATE ${refused!.state}`);
  }
  await recordTemplate(db, id, chosen, note);
  if (note) return composeDashboard(facts, place);
  return in_grafana ? board : unfolded(board);
}
