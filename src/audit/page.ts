import { z } from "@hono/zod-openapi";
import { ACTIONS } from "./audit.ts";
import { type EntryFilter, findRemovedUser, listEntries } from "./store.ts";
import type { Sql } from "../external/postgres/postgres.ts";
import type { Who } from "../who.ts";
import { AppError } from "../errors.ts";
import { adminOnly } from "../who.ts";

export const Outcome = z.enum(["ok", "refused"]);
export const Text = z.string().max(400).regex(/^[^\0]*$/, "must be text without NUL");
/** PostgreSQL and JavaScript write times outside of these years differently. */
export const Moment = z.iso.datetime({ offset: true })
  .refine((text) => /^(?:19[7-9]|[2-9]\d)/.test(text), "must lie between 1970 and 9999");

export const AuditEntry = z.object({
  id: z.int(),
  at: z.iso.datetime(),
  actor: z.string().openapi({
    description: "A username, `system`, or `slack:<team id>/<user id>`.",
    example: "ada",
  }),
  action: z.enum(ACTIONS),
  subject: z.string().openapi({ example: "ada/SLACK_BOT_TOKEN" }),
  user_id: z.int().nullable().openapi({ description: "Whose thing it is." }),
  from: z.string().openapi({ description: "The address of who was asking." }),
  outcome: Outcome,
}).openapi("AuditEntry");

/** Users are known to a folder that comes later. */
export type Names = { userIdOf: (username: string) => Promise<number | undefined> };

/** A filter with the name of a user, who may be removed; undefined: there never was such a user. */
export async function filterByName(
  { db, userIdOf }: { db: Sql } & Names,
  { user, ...filter }: EntryFilter & { user?: string | undefined },
): Promise<EntryFilter | undefined> {
  if (user === undefined) return filter;
  const user_id = await userIdOf(user) ?? await findRemovedUser(db, user);
  return user_id === undefined ? undefined : { ...filter, user_id };
}

/** Newest first, also of removed users. Admins only. */
export async function pageOfAudit(
  db: Sql,
  who: Who,
  filter: EntryFilter,
  page: { limit: number; below: number },
) {
  if (who.role !== "admin" && filter.user_id !== undefined && filter.user_id !== who.user_id) {
    throw new AppError("user_unknown", 404, "There is no such user.");
  }
  adminOnly(who);
  const found = await listEntries(db, filter, page.below, page.limit + 1);
  const entries = found.slice(0, page.limit) as z.infer<typeof AuditEntry>[];
  return { entries, next: found.length > page.limit ? entries.at(-1)!.id : null };
}
