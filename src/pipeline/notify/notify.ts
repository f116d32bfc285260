import { ExternalError } from "../../errors.ts";
import type { Sql } from "../../external/postgres/postgres.ts";
import type { MessageRef, SentMessage } from "../../external/slack/post.ts";
import { UNCHANGEABLE } from "../../external/slack/refusals.ts";
import type { Slack } from "../../external/slack/slack.ts";
import { ofNewRuns } from "../../measures/number.ts";
import { attempt, ClaimLost } from "../attempt.ts";
import { signLink } from "../../boards/access.ts";
import { composeMessage } from "./message.ts";
import { withoutData } from "../capture/outcome.ts";
import { findCovered } from "../numbers_store.ts";
import * as store from "../messages_store.ts";
import { advance, type Claim, claimNext, saveNote } from "../row.ts";

export type Deps = {
  db: Sql;
  slack?: Slack | undefined;
  signingKey: CryptoKey;
  installation: string;
  frontend_url: string;
  board_link_days: number;
};

const EVENT = "dashkeeper_dashboard";
type Message = ReturnType<typeof composeMessage>;

/**
 * Fourth step: one Slack message for the run, or, where no Slack is configured, the same message kept
 * for the page. True: there may be more to do.
 */
export async function notifyNext(deps: Deps, signal: AbortSignal): Promise<boolean> {
  const claim = await claimNext(deps.db, "notify");
  if (!claim) return false;
  await attempt(deps.db, claim, signal, async (signal) => {
    const run = await store.findRun(deps.db, claim.id, claim.run);
    if (!run) throw new Error(`dashboard ${claim.id} has no run ${claim.run}`);
    const { message, sent, note } = await tell(deps, claim, run, signal);
    await deps.db.begin(async (tx) => {
      if (!await advance(tx, claim, "done")) throw new ClaimLost();
      await store.saveMessage(tx, claim, message, sent);
      if (note) await saveNote(tx, claim.id, note);
    });
  });
  return true;
}

/** `note`: what a person should know of a message that is told. */
type Told = { message: Message; sent?: MessageRef | undefined; note?: string };

async function tell(
  deps: Deps,
  claim: Claim,
  run: store.Run,
  signal: AbortSignal,
): Promise<Told> {
  const { db, slack, frontend_url, installation } = deps;
  const { told_at, slack_channel: channel, slack_ts: ts } = run;
  const posted = channel && ts ? { channel, ts } : undefined;
  if (!slack || told_at && !posted) {
    const image_url = `${frontend_url}/api/v1/dashboards/${claim.id}/preview.gif`;
    return { message: await compose(deps, claim, run, { image_url }, told_at !== null) };
  }
  const payload = { installation, dashboard_id: claim.id, run: claim.run };
  const file = run.slack_file_id ?? await uploaded(db, slack, claim, run, signal);
  const before = posted ?? (run.posting_at &&
    await findPosted(deps, slack, claim, payload, run.posting_at, signal));
  const image = file ? { slack_file: { id: file } } : null;
  const message = await compose(deps, claim, run, image, Boolean(before));
  const metadata = { event_type: EVENT, event_payload: payload };
  if (!before) {
    return { message, sent: await post(db, slack, claim, { ...message, metadata }, signal) };
  }
  if (!run.correcting) return { message, sent: before };
  const note = await update(db, slack, claim, before, { ...message, metadata }, signal);
  return { message, sent: before, ...(note && { note }) };
}

async function uploaded(
  db: Sql,
  slack: Slack,
  claim: Claim,
  { gif }: store.Run,
  signal: AbortSignal,
): Promise<string | null> {
  if (!gif) return null;
  const file = await slack.upload({
    bytes: gif,
    filename: `dashboard-${claim.id}-run-${claim.run}.gif`,
    title: `${claim.table_name}, run ${claim.run}`.slice(0, 200),
    alt_text: `The dashboard of ${claim.table_name}`.slice(0, 200),
  }, signal);
  await store.saveSlackFile(db, claim, file);
  return file;
}

/** Corrects a posted message in place. Where Slack will never allow that, the reason is the note. */
async function update(
  db: Sql,
  slack: Slack,
  claim: Claim,
  posted: MessageRef,
  message: SentMessage,
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    await slack.update(posted, message, signal);
  } catch (error) {
    if (!(error instanceof ExternalError)) throw error;
    if (UNCHANGEABLE.includes(error.more.code ?? "")) return error.message;
    if (error.more.code === "file_not_ready") await store.saveSlackFile(db, claim, null);
    throw error;
  }
}

/**
 * A post whose end nobody saw may stand in the channel. Where the history cannot be read, a person
 * decides: the trace is taken away, so that Retry posts.
 */
async function findPosted(
  { db }: Deps,
  slack: Slack,
  claim: Claim,
  payload: Record<string, string | number>,
  posting_at: string,
  signal: AbortSignal,
) {
  // Slack's clock and ours may differ.
  const oldest = new Date(Date.parse(posting_at) - 5 * 60_000);
  try {
    return await slack.find(EVENT, payload, oldest, signal);
  } catch (error) {
    if (!(error instanceof ExternalError) || error.more.code !== "missing_scope") throw error;
    await store.endPosting(db, claim);
    throw new ExternalError(
      "Slack",
      "Slack may have this message already, and without the scope channels:history (groups:history for a private channel) that cannot be seen. Look at the channel; Retry posts it again.",
      true,
    );
  }
}

async function post(
  db: Sql,
  slack: Slack,
  claim: Claim,
  message: SentMessage,
  signal: AbortSignal,
): Promise<MessageRef> {
  if (!await store.beginPosting(db, claim)) throw new ClaimLost();
  try {
    return await slack.post(message, signal);
  } catch (error) {
    const code = error instanceof ExternalError ? error.more.code : "ambiguous";
    if (code !== "ambiguous") await store.endPosting(db, claim);
    if (code === "file_not_ready") await store.saveSlackFile(db, claim, null);
    throw error;
  }
}

async function compose(
  { db, signingKey, frontend_url, board_link_days }: Deps,
  claim: Claim,
  run: store.Run,
  image: { slack_file: { id: string } } | { image_url: string } | null,
  is_posted: boolean,
): Promise<Message> {
  const signature = await signLink(signingKey, claim.id, board_link_days);
  const { now, posted } = await findCovered(db, claim);
  return composeMessage({
    username: claim.username,
    kind: claim.kind,
    schema_name: claim.schema_name,
    table_name: claim.table_name,
    run: claim.run,
    rows: run.row_count,
    rows_before: run.rows_before,
    numbers: ofNewRuns(run.numbers, now, posted),
    why: run.why,
    dashboard_url: run.grafana_url ??
      `${frontend_url}/boards/${claim.id}?signature=${signature}`,
    image,
    note: withoutData(run.outcome, run.panels),
    corrected: run.correcting && is_posted,
  });
}
