import type { Actor } from "../audit/audit.ts";
import { AppError } from "../errors.ts";
import type { Sql } from "../external/postgres/postgres.ts";
import { beginReplacing } from "../pipeline/mute_store.ts";
import type { PostedRun } from "../pipeline/posted_store.ts";
import { lockLive, requestCapture } from "../pipeline/row.ts";
import { findListed } from "./store.ts";
import { type Part, recorded } from "./muting/muting.ts";

const refused = (code: string, message: string) => new AppError(code, 409, message);

/**
 * Takes a new preview that replaces the one in the run's message. Throws 409 `archived`, `newer_run`,
 * `not_drawn`, and 429 `too_soon`: once a minute for each dashboard.
 */
export async function capture(db: Sql, actor: Actor, posted: PostedRun, part: Part): Promise<void> {
  const { id, run } = posted;
  await recorded(db, actor, posted, "dashboard.capture", async (tx) => {
    if (!await lockLive(tx, id)) {
      throw refused("archived", "The table of this dashboard no longer exists.");
    }
    const row = await findListed(tx, id);
    if (row!.run !== run) {
      const message = `This is run ${run}; the newest is run ${
        row!.run
      }. Take the preview at its message.`;
      throw refused("newer_run", message);
    }
    if (row!.step === "create") {
      throw refused("not_drawn", "The dashboard is being drawn. Try again when that is done.");
    }
    const seconds = await beginReplacing(tx, { id, run }, actor.username);
    if (seconds > 0) {
      const message = `A preview was asked for less than a minute ago. Try again in ${seconds} s.`;
      throw new AppError("too_soon", 429, message);
    }
    await requestCapture(tx, id);
    return true;
  }, part);
}
