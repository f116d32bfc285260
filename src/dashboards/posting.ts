import { AppError } from "../errors.ts";
import type { Sql } from "../external/postgres/postgres.ts";
import { confirmPost, forgetPost } from "../pipeline/messages_store.ts";
import { lockLive, resumeAt } from "../pipeline/row.ts";
import type { Who } from "../who.ts";
import { changeableDashboard, visibleDashboard } from "./listing.ts";

/** The unclear post of the newest run is in the channel: it counts as sent. Throws 409 `not_unclear`. */
export async function confirmPosted(db: Sql, who: Who, id: number) {
  await changeableDashboard(db, who, id);
  const confirmed = await db.begin(async (tx) => {
    if (!await lockLive(tx, id) || !await confirmPost(tx, id)) return false;
    await resumeAt(tx, id, "done");
    return true;
  });
  if (!confirmed) {
    const message =
      "It is known whether this dashboard's message was posted: there is nothing to confirm.";
    throw new AppError("not_unclear", 409, message);
  }
  return await visibleDashboard(db, who, id);
}

/**
 * Posts the newest run whose post is unclear, or which was kept without Slack. Throws 409
 * `already_posted`, `muted`, and `not_ready` where the pipeline posts it by itself.
 */
export async function postMessage(db: Sql, who: Who, id: number) {
  const { slack_sent_at, muted_by } = await changeableDashboard(db, who, id);
  if (slack_sent_at) {
    throw new AppError("already_posted", 409, "This run's message is in the channel already.");
  }
  if (muted_by) throw new AppError("muted", 409, "This dashboard is muted. Unmute it first.");
  const forgotten = await db.begin(async (tx) => {
    if (!await lockLive(tx, id) || !await forgetPost(tx, id)) return false;
    await resumeAt(tx, id, "notify");
    return true;
  });
  if (!forgotten) {
    const message =
      "This run's message is not ready yet, or stopped for another reason: its row says why.";
    throw new AppError("not_ready", 409, message);
  }
  return await visibleDashboard(db, who, id);
}
