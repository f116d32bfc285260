import type { Sql } from "../../external/postgres/postgres.ts";
import type { SentMessage } from "../../external/slack/post.ts";
import { withoutData } from "../capture/outcome.ts";
import type * as store from "../messages_store.ts";
import type { Claim } from "../row.ts";
import type { Content } from "./blocks.ts";
import { controlsOf, type Message, restate } from "./controls.ts";
import { type Deps as LinkDeps, linkTo } from "./link.ts";
import { composeMessage, type MessageInput } from "./message.ts";
import type { Picture } from "./picture.ts";
import { metadataOf } from "./post.ts";
import { isUpdate, isWorse, shownNumbers } from "./worse.ts";

export type Deps = LinkDeps & {
  db: Sql;
  installation: string;
  slack: { content: Content; worse_percent: number };
};
export type Composed = Message & Pick<SentMessage, "metadata">;

/** `is_posted`: it is in the channel, and is updated; `is_interactive`: its buttons can call. */
type How = { is_posted: boolean; is_interactive: boolean };

export const payloadOf = ({ installation }: Deps, { id, run }: { id: number; run: number }) => {
  return { installation, dashboard_id: id, run };
};

/** A run's message for the channel. */
export async function composeWith(
  deps: Deps,
  claim: Claim,
  run: store.Run,
  picture: Picture,
  how: How,
): Promise<Composed> {
  const image = "file" in picture ? { slack_file: { id: picture.file } } : null;
  const no_picture = "inThread" in picture
    ? "The preview is in the thread."
    : "missing" in picture
    ? picture.missing
    : null;
  const metadata = metadataOf(payloadOf(deps, claim));
  const message = await compose(deps, claim, run, { image, no_picture, ...how });
  return { ...restate(message, run), metadata };
}

/** A run's message, kept for its page. */
export async function composeKept(deps: Deps, claim: Claim, run: store.Run): Promise<Message> {
  const image_url = `${deps.frontend_url}/api/v1/dashboards/${claim.id}/preview.gif`;
  const how = { is_posted: run.posted_at !== null, is_interactive: false };
  return await compose(deps, claim, run, { image: { image_url }, no_picture: null, ...how });
}

async function compose(
  deps: Deps,
  claim: Claim,
  run: store.Run,
  { image, no_picture, is_posted, is_interactive }:
    & How
    & Required<Pick<MessageInput, "image" | "no_picture">>,
): Promise<Message> {
  const { db, slack: { content, worse_percent } } = deps;
  const numbers = await shownNumbers(db, claim, run.numbers);
  const controls = controlsOf({
    id: claim.id,
    run: claim.run,
    has_preview: content === "full",
    is_worse: content !== "link" && isWorse(numbers, worse_percent),
  });
  return composeMessage({
    username: claim.username,
    kind: claim.kind,
    schema_name: claim.schema_name,
    table_name: claim.table_name,
    run: claim.run,
    rows: run.row_count,
    rows_before: run.rows_before,
    numbers,
    worse_percent,
    why: run.why,
    dashboard_url: await linkTo(deps, { id: claim.id, grafana_url: run.grafana_url }),
    image: content === "full" ? image : null,
    note: withoutData(run.outcome, run.panels),
    no_picture,
    content,
    found_at: run.found_at,
    corrected: run.corrected || run.correcting && is_posted,
    updated: await isUpdate(db, claim),
    controls: is_interactive ? controls : [],
  });
}
