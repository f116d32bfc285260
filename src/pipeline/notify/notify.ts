import { ExternalError } from "../../errors.ts";
import type { Sql } from "../../external/postgres/postgres.ts";
import { LIMITED } from "../../external/slack/errors.ts";
import { RECOVERABLE } from "../../external/slack/refusals.ts";
import { attempt, ClaimLost } from "../attempt.ts";
import * as store from "../messages_store.ts";
import * as row from "../row.ts";
import type { BatchLimits } from "../batches_store.ts";
import { leadOf } from "./batch.ts";
import type { Content } from "./blocks.ts";
import { type Composed, composeKept, composeWith, payloadOf } from "./compose.ts";
import type { Message } from "./controls.ts";
import { addToThread, isNotReady, type Picture, preparePicture, waitedEnough } from "./picture.ts";
import {
  findPosted,
  metadataOf,
  openThread,
  pauseAskedBy,
  post,
  type Sent,
  update,
} from "./post.ts";
import { type Deps as TargetDeps, namesOf, type Target, targetOf, teamOf } from "./target.ts";
import { TokenLimit } from "./token_limit.ts";
import { type Broadcast, isWorse } from "./worse.ts";

export type Deps = Omit<TargetDeps, "slack"> & {
  db: Sql;
  slack: TargetDeps["slack"] & {
    broadcast: Broadcast;
    worse_percent: number;
    content: Content;
  };
  limits: BatchLimits;
  signingKey: CryptoKey;
  installation: string;
  frontend_url: string;
  board_link_days: number;
};
/** `list_ts`: the list of the run's batch. */
type Destination = Target & { list_ts: string | undefined };
/** `note`: what a person should know of a message that is posted; `team`: the workspace that it is in. */
type Done = {
  message: Message;
  sent?: Sent | undefined;
  team?: string | null;
  note?: string | undefined;
};

/**
 * Fourth step: one Slack message for the run, or, where no Slack is configured, the same message kept
 * for the page. True: there may be more to do.
 */
export async function notifyNext(
  deps: Deps,
  signal: AbortSignal,
  tokens = new TokenLimit(),
): Promise<boolean> {
  const { db } = deps;
  const claim = await row.claimNext(db, "notify", tokens.busyUsers());
  if (!claim) return false;
  await attempt(deps, claim, signal, async (signal) => {
    const run = await store.findRun(db, claim.id, claim.run);
    if (!run) throw new Error(`dashboard ${claim.id} has no run ${claim.run}`);
    const isMuted = run.is_muted && !run.posting_at;
    if ((run.posted_at || isMuted) && !run.slack_ts) {
      return await finish(db, claim, await keep(deps, claim, run));
    }
    const { table_name } = claim;
    const names = namesOf({ table_name, numbers: run.numbers });
    const target = await targetOf(deps, claim.user_id, names);
    if (!target) return await finish(db, claim, await keep(deps, claim, run));
    const seconds = await store.pauseOf(db, target.token_hash);
    if (seconds > 0) return await row.postpone(db, claim, LIMITED, seconds);
    if (!tokens.enter(claim.user_id, target.token_hash)) return await row.release(db, claim);
    try {
      const lead = run.slack_ts ? undefined : await leadOf(deps, claim, target, signal);
      if (lead && "why" in lead) return await row.postpone(db, claim, lead.why, lead.seconds);
      const list_ts = lead?.thread_ts;
      await finish(db, claim, await send(deps, claim, run, { ...target, list_ts }, signal), target);
    } catch (error) {
      if (error instanceof ExternalError) await noteRefusal(db, claim, target, error);
      throw error;
    } finally {
      tokens.leave(target.token_hash);
    }
  });
  return true;
}

async function noteRefusal(db: Sql, claim: row.Claim, target: Target, error: ExternalError) {
  const seconds = pauseAskedBy(error);
  if (seconds > 0) await store.pauseToken(db, target.token_hash, seconds);
  if (error.permanent) await store.saveTarget(db, claim, target.target_hash);
}

/** Tries one row again for each Slack that refused rows, as the reason may be gone. */
export async function probeRefusals({ db }: Pick<Deps, "db">): Promise<void> {
  await row.probeTargets(db, RECOVERABLE);
}

async function finish(db: Sql, claim: row.Claim, done: Done, target?: Target): Promise<void> {
  const { message: { text, blocks }, sent, note } = done;
  await db.begin(async (tx) => {
    if (!await row.advance(tx, claim, "done")) throw new ClaimLost();
    const from = sent && target && { ...sent, app: target.app, team: done.team ?? null };
    await store.saveMessage(tx, claim, { text, blocks }, from);
    if (note) await store.saveNote(tx, claim.id, note);
    if (sent && target) await row.restartForTarget(tx, target.target_hash, RECOVERABLE);
  });
}

async function keep(deps: Deps, claim: row.Claim, run: store.Run): Promise<Done> {
  const message = await composeKept(deps, claim, run);
  return { message, note: run.slack_sent_at ? UNKNOWN_PLACE : undefined };
}

/** For a post that a person confirmed: Slack gave no `ts` to change it by. */
const UNKNOWN_PLACE =
  "The message in the channel shows the table as it was read before. Dashkeeper did not see where Slack put it, and cannot correct it.";

async function send(
  deps: Deps,
  claim: row.Claim,
  run: store.Run,
  target: Destination,
  signal: AbortSignal,
): Promise<Done> {
  const { slack_channel: channel, slack_ts: ts } = run;
  const team = await teamOf(deps.db, target, signal);
  const posted = channel && ts
    ? { channel, ts, thread_ts: null }
    : await findPosted(target.in, run, metadataOf(payloadOf(deps, claim)), signal);
  if (posted && !run.correcting && !run.replacing) {
    return { message: run.slack_message as Message, sent: posted, team };
  }
  if (!posted && run.is_muted) return await keep(deps, claim, run);
  const slack = target.in(posted?.channel ?? target.channel);
  const picture: Picture = deps.slack.content === "full"
    ? await preparePicture(deps.db, slack, claim, run, signal)
    : { missing: null };
  const how = { is_posted: Boolean(posted), is_interactive: target.is_interactive };
  const message = await composeWith(deps, claim, run, picture, how);
  if (!posted) {
    return { ...await postNew(deps, claim, run, target, picture, message, signal), team };
  }
  const note = await update(deps.db, slack, claim, posted, message, signal);
  return { message, sent: posted, team, note };
}

/** Where Slack goes on refusing the GIF in a message, the message is posted first, and the GIF follows. */
async function postNew(
  deps: Deps,
  claim: row.Claim,
  run: store.Run,
  target: Destination,
  picture: Picture,
  message: Composed,
  signal: AbortSignal,
): Promise<Done> {
  const { db, slack: { broadcast, worse_percent } } = deps;
  const { channel, list_ts } = target;
  const slack = target.in(channel);
  const to = {
    thread_ts: await openThread(
      slack,
      list_ts ?? await store.findThread(db, claim, channel),
      signal,
    ),
    // The list shows it to the channel.
    broadcast: list_ts === undefined && (broadcast === "always" ||
      broadcast === "worse" && isWorse(run.numbers, worse_percent)),
  };
  try {
    const sent = await post(db, target, claim, to, message, signal);
    return { message, sent, note: await follow(deps, claim, run, target, picture, sent, signal) };
  } catch (error) {
    if (!isNotReady(error) || !("file" in picture)) throw error;
    await store.saveSlackFile(db, claim, null);
    if (!waitedEnough(run)) throw error;
    const inThread: Picture = { inThread: true };
    const how = { is_posted: false, is_interactive: target.is_interactive };
    const plain = await composeWith(deps, claim, run, inThread, how);
    return await postNew(deps, claim, run, target, inThread, plain, signal);
  }
}

/** The GIF that the message could not show goes into its thread, once the message is recorded. */
async function follow(
  { db }: Deps,
  claim: row.Claim,
  run: store.Run,
  target: Target,
  picture: Picture,
  sent: Sent,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (!("inThread" in picture)) return undefined;
  await store.saveMessageRef(db, claim, sent);
  return await addToThread(target.in(sent.channel), claim, run, sent.thread_ts ?? sent.ts, signal);
}
