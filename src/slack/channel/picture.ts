import { valueOf } from "../../credentials/credentials.ts";
import { ExternalError } from "../../errors.ts";
import { connectSlack, type Slack } from "../../external/slack/slack.ts";
import { findSlackGif } from "../../pipeline/channel_store.ts";
import { saveSlackFile } from "../../pipeline/messages_store.ts";
import type { Image } from "../../pipeline/notify/blocks.ts";
import { pictureFile } from "../../pipeline/notify/picture.ts";
import type { App, Deps } from "../envelope.ts";
import type { NumberedRow } from "./rows.ts";

/** For the upload of a run's GIF that is not in Slack yet. */
const UPLOAD_MS = 8_000;

/** The app's own connection to a channel; undefined: its token is not known. */
export async function connectionOf(
  deps: Deps,
  { user_id }: App,
  channel: string,
): Promise<Slack | undefined> {
  const { outside, slack: { timeoutMs } } = deps;
  const token = user_id === null
    ? outside.slack_token
    : await valueOf(deps, user_id, "SLACK_BOT_TOKEN");
  const time = timeoutMs === undefined ? {} : { timeoutMs };
  return token
    ? connectSlack({ token, channel, apiUrl: outside.slack_api_url, ...time })
    : undefined;
}

/** The run's GIF as a file of the app's; null: there is none, or Slack does not have it in time. */
export async function pictureOf(
  deps: Deps,
  slack: Slack | undefined,
  app: App,
  row: NumberedRow,
  signal: AbortSignal,
): Promise<Image | null> {
  const { of_run: run, slack_file_id: file, has_gif } = row;
  const isOwn = (row.slack_app === "installation") === (app.user_id === null);
  if (!slack || !isOwn || run === null || deps.slack.content !== "full") return null;
  if (file) return { slack_file: { id: file } };
  if (!has_gif) return null;
  const limit = AbortSignal.any([signal, AbortSignal.timeout(UPLOAD_MS)]);
  try {
    const bytes = await findSlackGif(deps.db, { id: row.id, run });
    if (!bytes) return null;
    const id = await slack.upload(pictureFile({ ...row, run }, bytes), limit);
    await saveSlackFile(deps.db, { id: row.id, run }, id);
    return { slack_file: { id } };
  } catch (error) {
    if (!(error instanceof ExternalError) || signal.aborted) throw error;
    return null;
  }
}
