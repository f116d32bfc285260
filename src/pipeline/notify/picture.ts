import { ExternalError } from "../../errors.ts";
import type { Db } from "../../external/postgres/postgres.ts";
import { UNUPLOADABLE } from "../../external/slack/refusals.ts";
import type { Slack } from "../../external/slack/slack.ts";
import * as store from "../messages_store.ts";
import type { Claim } from "../row.ts";

/** How the run's GIF reaches the channel: in the message, in its thread, or not at all, and why. */
export type Picture = { file: string } | { inThread: true } | { missing: string | null };

/** Attempts for which the message waits for its GIF. */
const MOST_WAITS = 2;
const codeOf = (error: unknown) => error instanceof ExternalError ? error.more.code : undefined;
export const isNotReady = (error: unknown) => codeOf(error) === "file_not_ready";

/** Uploads the GIF and waits until a message can show it. Throws ExternalError where that may come later. */
export async function preparePicture(
  db: Db,
  slack: Slack,
  claim: Claim,
  run: store.Run,
  signal: AbortSignal,
): Promise<Picture> {
  if (!run.gif && !run.slack_file_id) return { missing: null };
  try {
    const keep = (file: string) => store.saveSlackFile(db, claim, file);
    if (!run.slack_file_id) {
      return { file: await slack.upload(pictureFile(claim, run.gif!), signal, keep) };
    }
    await slack.waitUntilProcessed(run.slack_file_id, signal);
    return { file: run.slack_file_id };
  } catch (error) {
    const code = codeOf(error);
    if (UNUPLOADABLE.includes(code ?? "")) return { missing: (error as ExternalError).message };
    if (code === "file_not_found") await store.saveSlackFile(db, claim, null);
    if (isNotReady(error) && waitedEnough(run)) return { inThread: true };
    throw error;
  }
}

export const waitedEnough = ({ failures }: store.Run) => failures >= MOST_WAITS;

/** Adds the GIF to the thread of its message. Returns why that failed; it is not tried again. */
export async function addToThread(
  slack: Slack,
  claim: Claim,
  { gif }: store.Run,
  thread_ts: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (!gif) return undefined;
  try {
    await slack.uploadIntoThread(pictureFile(claim, gif), thread_ts, signal);
  } catch (error) {
    if (!(error instanceof ExternalError)) throw error;
    return `The message is posted without its preview. ${
      error.message.replace(/ Retrying\.$/, "")
    }`;
  }
}

/** A run's GIF as Slack takes it. */
export function pictureFile(
  { id, run, table_name }: Pick<Claim, "id" | "run" | "table_name">,
  bytes: Uint8Array,
) {
  return {
    bytes,
    filename: `dashboard-${id}-run-${run}.gif`,
    title: `${table_name}, run ${run}`.slice(0, 200),
    alt_text: `The dashboard of ${table_name}`.slice(0, 200),
  };
}
