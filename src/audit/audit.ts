import { AppError } from "../errors.ts";
import {
  asUnavailable,
  type Db,
  isDeadlock,
  isOutcomeUnknown,
  type Sql,
} from "../external/postgres/postgres.ts";
import { pause } from "../external/abort.ts";
import type { Who } from "../who.ts";
import { insertEntry } from "./store.ts";
import { logHere } from "../external/log/log.ts";

export const ACTIONS = [
  "user.create",
  "user.change",
  "user.remove",
  "key.rotate",
  "credential.create",
  "credential.reveal",
  "credential.change",
  "credential.remove",
  "credential.rollback",
  "credential.test",
  "password.rotate",
  "session.start",
  "session.end",
  "orphan.remove",
  "workspace.repair",
  "datasources.repair",
  "mapping.change",
  "dashboard.mute",
  "dashboard.unmute",
  "dashboard.capture",
  "dashboard.acknowledge",
  "view.read",
  "template.create",
  "template.change",
  "template.remove",
  "import.create",
  "import_key.create",
  "import_key.remove",
] as const;
export type Action = typeof ACTIONS[number];

/** `subject`: `ada` or `ada/TOKEN`; `user_id`: whose thing it is, null where that is unknown. */
export type AuditedAction = { action: Action; subject: string; user_id: number | null };
export type Actor = Pick<Who, "username" | "from">;

export const SYSTEM: Actor = { username: "system", from: "" };

type Outcome = "ok" | "refused";

/** Records an action outside of a transaction. */
export async function record(db: Sql, who: Actor, entry: AuditedAction, outcome: Outcome = "ok") {
  await insert(db, who, entry, outcome);
  logEntry(who, entry, outcome);
}

const insert = (db: Db, who: Actor, entry: AuditedAction, outcome: Outcome) =>
  insertEntry(db, { ...entry, actor: who.username, from: who.from, outcome });

/** The entry as a line of the log, once it is committed. */
export function logEntry(who: Actor, entry: AuditedAction, outcome: Outcome): void {
  const { username: actor, from } = who;
  const { action, subject, user_id } = entry;
  const fields = { audit: true, actor, action, subject, user_id, from, outcome };
  logHere().info(`${actor}: ${action} ${subject}: ${outcome}`, fields);
}

/** What to do where the outcome is unknown: a key that is shown once is lost with the answer. */
const CHECKS: Partial<Record<Action, (entry: AuditedAction) => string>> = {
  "user.create": ({ subject }) =>
    `Look for the user: GET /api/v1/users?q=${subject}. If it is there, its API key is lost: an admin makes a new one with POST /api/v1/users/{id}/api-key.`,
  "key.rotate": ({ subject, user_id }) =>
    `If the old key of ${subject} is refused, the new one is lost: an admin makes another one with POST /api/v1/users/${user_id}/api-key.`,
  "credential.create": ({ user_id }) =>
    `Look for the credential: GET /api/v1/users/${user_id}/credentials.`,
  "credential.change": ({ subject, user_id }) =>
    `Look at the version of ${subject}: GET /api/v1/users/${user_id}/credentials.`,
  "credential.remove": ({ user_id }) =>
    `Look whether the credential is gone: GET /api/v1/users/${user_id}/credentials.`,
  "user.remove": ({ subject }) => `Look for the user: GET /api/v1/users?q=${subject}.`,
  "session.start": () => "Sign in again.",
};

const MOST_TRIES = 4;

/**
 * Runs `work` and records it in the same transaction. A refused action (403, 404, 409) leaves only its record.
 * `work` may complete the entry.
 */
export async function audited<T>(
  db: Sql,
  who: Actor,
  entry: AuditedAction,
  work: (tx: Db) => Promise<T>,
): Promise<T> {
  const attempt = () =>
    db.begin(async (tx) => {
      const result = await work(tx);
      await insert(tx, who, entry, "ok");
      return result;
    });
  try {
    for (let tries = 1;; tries++) {
      try {
        const result = await attempt();
        logEntry(who, entry, "ok");
        return result;
      } catch (error) {
        if (!isDeadlock(error) || tries === MOST_TRIES) throw error;
        // Without a pause, ours takes the lock again before the other transaction wakes.
        await pause(50 * tries);
      }
    }
  } catch (error) {
    const refused = error instanceof AppError && [403, 404, 409].includes(error.status);
    if (refused) await record(db, who, entry, "refused");
    throw isOutcomeUnknown(error) ? asUnavailable(error, CHECKS[entry.action]?.(entry)) : error;
  }
}
