import type { Sql } from "../external/postgres/postgres.ts";
import { listWaiting, type WaitingTable } from "../pipeline/scan/store.ts";
import { maySeeAll, type Who } from "../who.ts";

const MOST = 100;

/** Tables that wait for their first run, at most 100. `more`: there are others. */
export async function visibleWaiting(
  db: Sql,
  who: Who,
): Promise<{ tables: WaitingTable[]; more: boolean }> {
  const found = await listWaiting(db, maySeeAll(who) ? undefined : who.user_id, MOST + 1);
  return { tables: found.slice(0, MOST), more: found.length > MOST };
}
