import { z } from "@hono/zod-openapi";
import { AppError } from "../errors.ts";
import type { Sql } from "../external/postgres/postgres.ts";
import type { Who } from "../who.ts";
import { KINDS } from "../workspaces/names.ts";
import { findMessage } from "../pipeline/messages_store.ts";
import { requestCapture, restart } from "../pipeline/row.ts";
import * as store from "./store.ts";
import { Outcome, Panel } from "../previews/outcome.ts";
import { KeyNumber } from "../measures/number.ts";

const time = z.iso.datetime();

export const Dashboard = z.object({
  id: z.int(),
  user_id: z.int(),
  username: z.string(),
  kind: z.enum(KINDS),
  schema_name: z.string(),
  table_name: z.string(),
  run: z.int().openapi({ description: "The number of the table's content, from 1." }),
  source: z.enum(["built-in", "grafana"]),
  dashboard_url: z.url(),
  local_snapshot_url: z.url(),
  step: z.enum(["create", "capture", "notify", "done"]),
  stopped: z.boolean().openapi({ description: "It waits for a person; `last_error` says why." }),
  last_error: z.string().nullable(),
  error_code: z.string().nullable().openapi({
    example: "post_unclear",
    description:
      "Why it stopped; `post_unclear`: Slack may have the message, and a person must check.",
  }),
  next_try_at: time,
  created_at: time,
  captured_at: time.nullable(),
  slack_sent_at: time.nullable(),
  archived_at: time.nullable().openapi({ description: "Since when its table is gone." }),
  edited: z.boolean().openapi({
    description: "A person changed it in Grafana: it is left as it is, until it is rewritten.",
  }),
  outcome: Outcome.nullable().openapi({
    description:
      "What the run's last capture came to, null before there was one; `gone`: a person deleted it.",
  }),
  panels: z.array(Panel).openapi({ description: "What that capture saw, panel by panel." }),
  numbers: z.array(KeyNumber).openapi({ description: "Of the newest run; at most 200." }),
  why: z.string().nullable().openapi({ description: "Why the first of them moved." }),
  template_note: z.string().nullable().openapi({
    description: "Why the chosen template did not draw this board, but the built-in one.",
  }),
}).openapi("Dashboard");

export const DashboardWithMessage = Dashboard.extend({
  slack_message: z.object({
    text: z.string(),
    blocks: z.array(z.looseObject({ type: z.string() })),
  })
    .nullable(),
}).openapi("DashboardWithMessage");

export type Filter = store.Filter;

/** One page of the dashboards that `who` may see, newest first. 404 for somebody else's `user_id`. */
export async function pageOfDashboards(
  db: Sql,
  who: Who,
  filter: store.Filter,
  page: { limit: number; below: number },
) {
  if (who.role !== "admin") {
    if (filter.user_id !== undefined && filter.user_id !== who.user_id) throw unknown();
    filter = { ...filter, user_id: who.user_id };
  }
  const found = await store.listDashboards(db, filter, page.below, page.limit + 1);
  const dashboards = found.slice(0, page.limit);
  return { dashboards, next: found.length > page.limit ? dashboards.at(-1)!.id : null };
}

const unknown = () => new AppError("dashboard_unknown", 404, "There is no such dashboard.");

/** The row, if `who` may see it. Throws 404 otherwise. */
export async function visibleDashboard(db: Sql, who: Who, id: number) {
  const row = await store.findListed(db, id);
  if (!row || (who.role !== "admin" && row.user_id !== who.user_id)) throw unknown();
  return row;
}

export async function showDashboard(db: Sql, who: Who, id: number) {
  const row = await visibleDashboard(db, who, id);
  const message = await findMessage(db, id);
  return {
    ...row,
    slack_message: message as z.infer<typeof DashboardWithMessage>["slack_message"],
  };
}

/** Sets a stopped row going. Throws 409 `not_stopped`. */
export async function retryDashboard(db: Sql, who: Who, id: number) {
  await visibleDashboard(db, who, id);
  if (!await restart(db, id)) {
    throw new AppError("not_stopped", 409, "This dashboard is not stopped: it goes on by itself.");
  }
  return await visibleDashboard(db, who, id);
}

/**
 * Has a new picture taken; a row whose board is being drawn gets one anyway. Throws 409 `archived`, and
 * `stopped` where that drawing waits for a person.
 */
export async function retakePreview(db: Sql, who: Who, id: number) {
  const { archived_at, step, stopped } = await visibleDashboard(db, who, id);
  if (stopped && step === "create") {
    const message = "This board could not be drawn, as its row says: press Retry or Rewrite.";
    throw new AppError("stopped", 409, message);
  }
  if (archived_at) {
    throw new AppError(
      "archived",
      409,
      "The table of this dashboard is gone: there is nothing to show.",
    );
  }
  await requestCapture(db, id);
  return await visibleDashboard(db, who, id);
}
