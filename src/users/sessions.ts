import { z } from "@hono/zod-openapi";
import { audited } from "../audit/audit.ts";
import { AppError } from "../errors.ts";
import type { Db, Sql } from "../external/postgres/postgres.ts";
import type { Who } from "../who.ts";
import * as store from "./session_store.ts";
import { visibleUser } from "./users.ts";

const time = z.iso.datetime();
export const Session = z.object({
  id: z.int(),
  created_at: time,
  last_used_at: time.openapi({ description: "To 5 minutes." }),
  expires_at: time,
  from: z.string().openapi({ description: "The address that it was opened from." }),
  browser: z.string().openapi({ example: "Firefox on Linux" }),
  is_current: z.boolean().openapi({ description: "Whether it is the one that asks." }),
}).openapi("Session");

type Deps = { db: Sql };

/** The last used first. Throws 404 for the sessions of another user. */
export async function sessionsOf({ db }: { db: Db }, who: Who, user_id: number) {
  await visibleUser(db, who, user_id);
  const rows = await store.listSessions(db, user_id);
  return rows.map((row) => ({ ...row, is_current: row.id === who.session_id }));
}

/** Throws 404 `session_unknown`. */
export async function endSession({ db }: Deps, who: Who, user_id: number, id: number) {
  const { username } = await visibleUser(db, who, user_id);
  const entry = { action: "session.end", subject: username, user_id } as const;
  await audited(db, who, entry, async (tx) => {
    if (await store.deleteSession(tx, user_id, id)) return;
    throw new AppError("session_unknown", 404, "There is no such session: it has ended.");
  });
}

/** Ends all sessions of a user but the one that asks. Returns how many. */
export async function endSessions({ db }: Deps, who: Who, user_id: number): Promise<number> {
  const { username } = await visibleUser(db, who, user_id);
  const entry = { action: "session.end", subject: username, user_id } as const;
  const current = who.session_id ?? 0;
  return await audited(db, who, entry, (tx) => store.deleteSessions(tx, user_id, current));
}
