import type { Sql } from "../external/postgres/postgres.ts";
import { composeDashboard, type Dashboard, type Place, timeRange } from "../boards/compose.ts";
import type { TableFacts } from "../measures/facts.ts";
import { fillTemplate, unfolded } from "./fill.ts";
import { chosenFor, recordTemplate } from "./store.ts";
import { reasonOf, refusedQueries } from "./try.ts";

type Deps = { db: Sql; log: (line: string) => void };

/**
 * A table's board from its chosen template or, where a query fails, from the built-in one; records which
 * and why. Throws ExternalError.
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
  // Grafana fills in its own variables and macros.
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
