import { composeDashboard } from "../boards/compose.ts";
import { readTable } from "../boards/facts.ts";
import { withReader } from "../workspaces/reader.ts";
import type { Deps as WorkspaceDeps } from "../workspaces/workspaces.ts";
import { attempt, ClaimLost } from "./attempt.ts";
import { advance, type Claim, claimNext, saveBoard } from "./store.ts";

/** Second step: the table's columns become panels, the panels a board. True: there may be more to do. */
export async function createNext(deps: WorkspaceDeps, signal: AbortSignal): Promise<boolean> {
  const claim = await claimNext(deps.db, "create");
  if (!claim) return false;
  await attempt(deps.db, claim, signal, async () => {
    const board = JSON.stringify(await composeBoard(deps, claim));
    await deps.db.begin(async (tx) => {
      await saveBoard(tx, claim.id, board);
      if (!await advance(tx, claim, "capture")) throw new ClaimLost();
    });
  });
  return true;
}

function composeBoard(deps: WorkspaceDeps, claim: Claim) {
  const { id, user_id, username, kind, schema_name, table_name } = claim;
  return withReader(
    deps,
    user_id,
    kind,
    async (reader) =>
      composeDashboard(await readTable(reader, schema_name, table_name, kind), {
        uid: `dk-d${id}`,
        title: schema_name === "public" ? table_name : `${schema_name}.${table_name}`,
        tags: ["dashkeeper", kind, username],
        datasource: { type: "postgres", uid: `dk-${user_id}-${kind}` },
      }),
  );
}
