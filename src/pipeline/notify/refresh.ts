import { ExternalError } from "../../errors.ts";
import { logFailure } from "../../external/log/failure.ts";
import { logHere } from "../../external/log/log.ts";
import { asExternal, type Db, type Sql } from "../../external/postgres/postgres.ts";
import { LIMITED } from "../../external/slack/errors.ts";
import { type Failure, runRetries } from "../../retries/retries.ts";
import { enqueue, type Retry } from "../../retries/store.ts";
import { pauseOf, pauseToken } from "../messages_store.ts";
import { announce } from "../mute_store.ts";
import * as store from "../posted_store.ts";
import { type Message, restate } from "./controls.ts";
import { metadataOf, pauseAskedBy } from "./post.ts";
import { type Deps as TargetDeps, namesOf, type Target, targetOf } from "./target.ts";

export type Deps = TargetDeps & { db: Sql; installation: string };
type Payload = { dashboard_id: number; run: number };

const RETRY = "slack_message";
const EXPIRY = "mute_expiry";
const POSTING: Failure = { message: "The message is being posted.", unavailable: false };
const MOST_TRIES = 3;

/**
 * Pages and the messages in Slack show the dashboard's state: its newest message, and that of `run`. In the
 * transaction of the change.
 */
export async function showState(
  tx: Db,
  { id, user_id }: { id: number; user_id: number },
  run?: number,
): Promise<void> {
  for (const shown of await store.shownRuns(tx, id, run)) {
    const payload: Payload = { dashboard_id: id, run: shown };
    const subject = `${id}/${shown}`;
    await enqueue(tx, { kind: RETRY, subject, target: `Slack of user ${user_id}`, payload });
  }
  await announce(tx, id);
}

/** Pages and messages show it when a mute ends. */
export async function showEnd(
  tx: Db,
  { id, user_id }: { id: number; user_id: number },
  at: string,
): Promise<void> {
  const retry = { kind: EXPIRY, subject: `${id}`, target: "", payload: { id, user_id } };
  await enqueue(tx, retry, at);
}

async function showNow(db: Sql, { payload }: Retry): Promise<undefined> {
  await db.begin((tx) => showState(tx, payload as { id: number; user_id: number }));
}

/** Updates the messages whose runs' state has changed. */
export async function refreshMessages(deps: Deps, signal: AbortSignal): Promise<void> {
  await runRetries(deps.db, { [EXPIRY]: (retry) => showNow(deps.db, retry) }, signal);
  await runRetries(deps.db, { [RETRY]: (retry) => refresh(deps, retry, signal) }, signal);
}

async function refresh(deps: Deps, retry: Retry, signal: AbortSignal) {
  const { dashboard_id, run } = retry.payload as Payload;
  try {
    for (let i = 0; i < MOST_TRIES; i++) {
      const posted = await store.findPostedRun(deps.db, dashboard_id, run);
      if (!posted) return undefined;
      if (posted.is_posting) return POSTING;
      const done = await update(deps, posted, signal);
      if (done !== "changed") return done;
    }
    return POSTING;
  } catch (thrown) {
    const error = asExternal(thrown);
    logFailure(logHere(), "A message in Slack does not show its run's state.", error, {
      dashboard_id,
    });
    if (!(error instanceof ExternalError) || error.permanent) return undefined;
    return { message: error.message, unavailable: true };
  }
}

/** "changed": a worker has changed the message meanwhile. */
async function update(
  deps: Deps,
  posted: store.PostedRun,
  signal: AbortSignal,
): Promise<Failure | undefined | "changed"> {
  const { id, run, slack_channel: channel, slack_ts: ts } = posted;
  const before = posted.slack_message as Message;
  const message = restate(before, posted);
  if (JSON.stringify(message) === JSON.stringify(before)) return undefined;
  const names = namesOf({ table_name: posted.table_name, numbers: [] });
  const target = await targetOf(deps, posted.user_id, names);
  if (!target) return undefined;
  if (await pauseOf(deps.db, target.token_hash) > 0) return { message: LIMITED, unavailable: true };
  const payload = { installation: deps.installation, dashboard_id: id, run };
  await send(
    deps.db,
    target,
    { channel, ts },
    { ...message, metadata: metadataOf(payload) },
    signal,
  );
  return await store.saveRestated(deps.db, posted, message) ? undefined : "changed";
}

type Update = Parameters<ReturnType<Target["in"]>["update"]>;

async function send(
  db: Db,
  target: Target,
  ref: Update[0],
  message: Update[1],
  signal: AbortSignal,
): Promise<void> {
  try {
    await target.in(ref.channel).update(ref, message, signal);
  } catch (error) {
    const seconds = error instanceof ExternalError ? pauseAskedBy(error) : 0;
    if (seconds > 0) await pauseToken(db, target.token_hash, seconds);
    throw error;
  }
}
