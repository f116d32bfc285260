import { z } from "@hono/zod-openapi";
import { type Actor, audited, type AuditedAction } from "../../audit/audit.ts";
import { AppError } from "../../errors.ts";
import type { Db, Sql } from "../../external/postgres/postgres.ts";
import type { KeyNumber } from "../../measures/number.ts";
import { isWorse, shownNumbers } from "../../pipeline/notify/worse.ts";
import { showEnd, showState } from "../../pipeline/notify/refresh.ts";
import * as store from "../../pipeline/mute_store.ts";
import { resumeAt } from "../../pipeline/row.ts";
import { Expiry } from "../../users/expiry.ts";
import type { Who } from "../../who.ts";
import { findListed } from "../store.ts";
import { changeableDashboard, visibleDashboard } from "../listing.ts";

export const Mute = z.strictObject({
  until: Expiry.refine((text) => Date.parse(text) > Date.now(), "must lie in the future").nullable()
    .openapi({ description: "null: for good.", example: "2030-01-31T00:00:00Z" }),
}).openapi("Mute");

const DAY_MS = 86_400_000;
export const DURATIONS = { day: DAY_MS, week: 7 * DAY_MS, good: null };
export type Duration = keyof typeof DURATIONS;

/** When a mute that begins now ends; null: never. */
export function untilAfter(duration: Duration): string | null {
  const ms = DURATIONS[duration];
  return ms === null ? null : new Date(Date.now() + ms).toISOString();
}

/** A dashboard's row, as far as these actions need it. */
export type Subject = {
  id: number;
  user_id: number;
  username: string;
  kind: string;
  schema_name: string;
  table_name: string;
};

/** What else is part of the same transaction. `run`: whose message shows it too. */
export type Part = { first?: (tx: Db) => Promise<void>; run?: number };

type Action = "dashboard.mute" | "dashboard.unmute" | "dashboard.capture" | "dashboard.acknowledge";

/** Undoes a transaction that has nothing to record. */
export class Unchanged extends Error {}

/** Does it and records it once. False: `work` had nothing to change. */
export async function recorded(
  db: Sql,
  actor: Actor,
  { id, user_id, username, kind, schema_name, table_name }: Subject,
  action: Action,
  work: (tx: Db) => Promise<boolean>,
  { first, run }: Part = {},
): Promise<boolean> {
  const subject = `${username}/${kind}/${schema_name}.${table_name}`;
  const entry: AuditedAction = { action, subject, user_id };
  try {
    await audited(db, actor, entry, async (tx) => {
      await first?.(tx);
      if (!await work(tx)) throw new Unchanged();
      await showState(tx, { id, user_id }, run);
    });
    return true;
  } catch (error) {
    if (error instanceof Unchanged) return false;
    throw error;
  }
}

/** No run is posted until then (null: for good); each is captured. `part`: see recorded(). */
export const mute = (db: Sql, actor: Actor, row: Subject, until: string | null, part?: Part) =>
  recorded(db, actor, row, "dashboard.mute", async (tx) => {
    if (!await store.mute(tx, row.id, actor.username, until)) return false;
    const now = await findListed(tx, row.id);
    // It ends without the message that Slack did not take.
    if (now?.step === "notify" && now.last_error) await resumeAt(tx, row.id, "notify");
    if (until !== null) await showEnd(tx, row, until);
    return true;
  }, part);

export const unmute = (db: Sql, actor: Actor, row: Subject, part?: Part) =>
  recorded(
    db,
    actor,
    row,
    "dashboard.unmute",
    (tx) => store.unmute(tx, row.id, actor.username),
    part,
  );

/** False: that run was acknowledged before, and stays so. */
export const acknowledge = (
  db: Sql,
  actor: Actor,
  row: Subject,
  run: number,
  part?: Part,
) =>
  recorded(
    db,
    actor,
    row,
    "dashboard.acknowledge",
    (tx) => store.acknowledge(tx, { id: row.id, run }, actor.username),
    { run, ...part },
  );

/** Throws 404, 403. */
export async function muteDashboard(db: Sql, who: Who, id: number, until: string | null) {
  await mute(db, who, await changeableDashboard(db, who, id), until);
  return await visibleDashboard(db, who, id);
}

/** Posts nothing of what the mute kept. Throws 404, 403. */
export async function unmuteDashboard(db: Sql, who: Who, id: number) {
  await unmute(db, who, await changeableDashboard(db, who, id));
  return await visibleDashboard(db, who, id);
}

export type Deps = { db: Sql; slack: { worse_percent: number } };

type Run = { id: number; run: number; numbers: KeyNumber[]; acknowledged_by: string | null };

/** Whether a row's newest run got worse, as its message says, and nobody acknowledged that. */
export async function mayAcknowledge({ db, slack: { worse_percent } }: Deps, row: Run) {
  if (row.acknowledged_by !== null) return false;
  return isWorse(await shownNumbers(db, row, row.numbers), worse_percent);
}

/** The newest run's. Throws 404, 403, and 409 `not_worse`. */
export async function acknowledgeDashboard(deps: Deps, who: Who, id: number) {
  const row = await changeableDashboard(deps.db, who, id);
  if (row.acknowledged_by === null) {
    if (!await mayAcknowledge(deps, row)) {
      throw new AppError("not_worse", 409, "The newest run did not get worse.");
    }
    await acknowledge(deps.db, who, row, row.run);
  }
  return await visibleDashboard(deps.db, who, id);
}
