import { ExternalError } from "../../errors.ts";
import type { Sql } from "../../external/postgres/postgres.ts";
import type { MessageRef } from "../../external/slack/post.ts";
import type { Slack } from "../../external/slack/slack.ts";
import { ofNewRuns } from "../../measures/number.ts";
import { attempt, ClaimLost } from "../attempt.ts";
import { signLink } from "../../boards/access.ts";
import { composeMessage } from "./message.ts";
import { withoutData } from "../capture/outcome.ts";
import { findCovered } from "../numbers_store.ts";
import * as store from "../messages_store.ts";
import { advance, type Claim, claimNext } from "../row.ts";

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
    const { message, sent } = await tell(deps, claim, run, signal);
    await deps.db.begin(async (tx) => {
      if (!await advance(tx, claim, "done")) throw new ClaimLost();
      await store.saveMessage(tx, claim, message, sent);
    });
  });
  return true;
}

async function tell(deps: Deps, claim: Claim, run: store.Run, signal: AbortSignal) {
  const { db, slack, frontend_url } = deps;
  if (!slack) {
    const image_url = `${frontend_url}/api/v1/dashboards/${claim.id}/preview.gif`;
    return { message: await compose(deps, claim, run, { image_url }), sent: undefined };
  }
  const payload = {
    installation: deps.installation,
    dashboard_id: claim.id,
    run: claim.run,
  };
  let file = run.slack_file_id;
  if (!file && run.gif) {
    file = await slack.upload({
      bytes: run.gif,
      filename: `dashboard-${claim.id}-run-${claim.run}.gif`,
      title: `${claim.table_name}, run ${claim.run}`.slice(0, 200),
      alt_text: `The dashboard of ${claim.table_name}`.slice(0, 200),
    }, signal);
    await store.saveSlackFile(db, claim, file);
  }
  const message = await compose(deps, claim, run, file ? { slack_file: { id: file } } : null);
  const before = run.posting_at &&
    await findPosted(deps, slack, claim, payload, run.posting_at, signal);
  const sent = before || await post(db, slack, claim, message, payload, signal);
  return { message, sent };
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
  message: Message,
  event_payload: Record<string, string | number>,
  signal: AbortSignal,
): Promise<MessageRef> {
  if (!await store.beginPosting(db, claim)) throw new ClaimLost();
  try {
    return await slack.post({ ...message, metadata: { event_type: EVENT, event_payload } }, signal);
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
): Promise<Message> {
  const signature = await signLink(signingKey, claim.id, board_link_days);
  const { now, told } = await findCovered(db, claim);
  return composeMessage({
    username: claim.username,
    kind: claim.kind,
    schema_name: claim.schema_name,
    table_name: claim.table_name,
    run: claim.run,
    rows: run.row_count,
    rows_before: run.rows_before,
    numbers: ofNewRuns(run.numbers, now, told),
    why: run.why,
    dashboard_url: run.grafana_url ??
      `${frontend_url}/boards/${claim.id}?signature=${signature}`,
    image,
    note: withoutData(run.outcome, run.panels),
  });
}
