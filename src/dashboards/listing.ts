import { z } from "@hono/zod-openapi";
import { AppError } from "../errors.ts";
import type { Sql } from "../external/postgres/postgres.ts";
import { findUserByName } from "../users/store.ts";
import { mayChange, maySee, maySeeAll, type Who } from "../who.ts";
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
  run: z.int().openapi({ description: "The run's number, from 1." }),
  source: z.enum(["built-in", "grafana"]),
  dashboard_url: z.url(),
  local_snapshot_url: z.url(),
  step: z.enum(["create", "capture", "notify", "done"]),
  stopped: z.boolean().openapi({ description: "Needs attention; `last_error` says why." }),
  last_error: z.string().nullable(),
  error_code: z.string().nullable().openapi({
    example: "post_unclear",
    description:
      "Why it stopped; `post_unclear`: Slack may have the message, and a person must check. " +
      "`browser_installing`: it waits.",
  }),
  next_try_at: time,
  created_at: time,
  captured_at: time.nullable(),
  slack_sent_at: time.nullable(),
  archived_at: time.nullable().openapi({ description: "When its table was dropped." }),
  edited: z.boolean().openapi({
    description: "A person changed it in Grafana; it is kept until it is rewritten.",
  }),
  outcome: Outcome.nullable().openapi({
    description:
      "Outcome of the run's last capture, null before the first; `gone`: a person deleted the dashboard.",
  }),
  panels: z.array(Panel).openapi({ description: "State of each panel in that capture." }),
  numbers: z.array(KeyNumber).openapi({ description: "Numbers of the newest run; at most 200." }),
  why: z.string().nullable().openapi({ description: "Why the first of them changed." }),
  template_note: z.string().nullable().openapi({
    description: "Why the built-in board replaced the chosen template.",
  }),
  state: z.enum(store.STATES).openapi({ description: "The step, or `attention` once it stopped." }),
  designs: z.array(z.string()).openapi({ description: "Designs that it has numbers of." }),
  failures: z.int().openapi({ description: "Failed attempts at its step." }),
  found_at: time.nullable().openapi({ description: "When the scan found the run." }),
  numbers_at: time.nullable().openapi({ description: "When its board and numbers were made." }),
  posted_at: time.nullable().openapi({ description: "When its message was posted or kept." }),
  waits_for: z.string().nullable().openapi({ description: "What the table's next run waits for." }),
  muted_by: z.string().nullable().openapi({
    example: "ada",
    description: "Who muted it, as in the audit: its runs are not posted. null: it is not muted.",
  }),
  muted_until: time.nullable().openapi({
    description: "null, while `muted_by` is set: for good.",
  }),
  acknowledged_by: z.string().nullable().openapi({
    example: "slack:T0123456789/U0123456789",
    description: "Who acknowledged that the newest run got worse, as in the audit.",
  }),
  acknowledged_at: time.nullable(),
  request_id: z.uuid().nullable().openapi({
    description: "Of the request that its work goes back to, or of the scan; the log names it.",
  }),
}).openapi("Dashboard");

export const DashboardWithMessage = Dashboard.extend({
  slack_message: z.object({
    text: z.string(),
    blocks: z.array(z.looseObject({ type: z.string() })),
  })
    .nullable(),
}).openapi("DashboardWithMessage");

export type Filter = store.Filter & { username?: string | undefined };
export type Page = { sort: store.Sort; after?: store.Place | undefined; limit: number };

/** One page and where the next one begins. Throws 404 for another user's `user_id` or `username`. */
export async function pageOfDashboards(db: Sql, who: Who, filter: Filter, page: Page) {
  const own = await filterFor(db, who, filter);
  const found = own ? await store.listDashboards(db, own, { ...page, limit: page.limit + 1 }) : [];
  const dashboards = found.slice(0, page.limit);
  return {
    dashboards: dashboards.map(({ row }) => row),
    next: found.length > page.limit ? dashboards.at(-1)!.place : null,
  };
}

/** Undefined: there is no such user. */
async function filterFor(
  db: Sql,
  who: Who,
  { username, ...filter }: Filter,
): Promise<store.Filter | undefined> {
  if (!maySeeAll(who)) {
    const others = filter.user_id !== undefined && filter.user_id !== who.user_id;
    if (others || (username !== undefined && username !== who.username)) throw unknown();
    return { ...filter, user_id: who.user_id };
  }
  if (username === undefined) return filter;
  const user = await findUserByName(db, username);
  if (!user || (filter.user_id !== undefined && filter.user_id !== user.id)) return undefined;
  return { ...filter, user_id: user.id };
}

const unknown = () => new AppError("dashboard_unknown", 404, "There is no such dashboard.");

/** Throws 404 unless `who` may see the row. */
export async function visibleDashboard(db: Sql, who: Who, id: number) {
  const row = await store.findListed(db, id);
  if (!row || !maySee(who, row)) throw unknown();
  return row;
}

/** Throws 404 as visibleDashboard(), and 403 `not_yours` where `who` may only read the row. */
export async function changeableDashboard(db: Sql, who: Who, id: number) {
  const row = await visibleDashboard(db, who, id);
  if (mayChange(who, row)) return row;
  throw new AppError("not_yours", 403, "Only its user or an admin may change this dashboard.");
}

export async function showDashboard(db: Sql, who: Who, id: number) {
  const row = await visibleDashboard(db, who, id);
  const message = await findMessage(db, id);
  return {
    ...row,
    slack_message: message as z.infer<typeof DashboardWithMessage>["slack_message"],
  };
}

/** Throws 409 `not_stopped`. */
export async function retryDashboard(db: Sql, who: Who, id: number) {
  await changeableDashboard(db, who, id);
  if (!await restart(db, id)) {
    throw new AppError(
      "not_stopped",
      409,
      "This dashboard is not stopped: it continues without a retry.",
    );
  }
  return await visibleDashboard(db, who, id);
}

/** A row that is being drawn gets a preview anyway. Throws 409 `archived`, or `stopped` when drawing has stopped. */
export async function retakePreview(db: Sql, who: Who, id: number) {
  const { archived_at, step, stopped } = await changeableDashboard(db, who, id);
  if (stopped && step === "create") {
    const message = "This board could not be created, see its error. Press Retry or Rewrite.";
    throw new AppError("stopped", 409, message);
  }
  if (archived_at) {
    throw new AppError(
      "archived",
      409,
      "The table of this dashboard no longer exists.",
    );
  }
  await requestCapture(db, id);
  return await visibleDashboard(db, who, id);
}
