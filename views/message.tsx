import type { z } from "@hono/zod-openapi";
import type { DashboardWithMessage } from "../src/dashboards/listing.ts";
import type { WithShown } from "../src/measures/format.ts";
import type { Who } from "../src/who.ts";
import { Action } from "./dashboards/actions.tsx";
import { Layout } from "./layout.tsx";
import { NumberTable } from "./numbers.tsx";
import { PageTitle } from "./parts/page.tsx";

type Dashboard = WithShown<z.infer<typeof DashboardWithMessage>>;
type Text = { type?: string; text: string };
type Block = {
  type: string;
  text?: Text;
  accessory?: { text: Text; url: string };
  elements?: (Text | { text: Text; url: string })[];
  image_url?: string;
  alt_text?: string;
};

/** Slack shows people by name and times in the reader's zone: here, their ids and UTC. */
function lineOf({ type, text }: Text): string {
  if (type !== "mrkdwn") return text;
  return text.replace(/<@(\w+)>/g, "@$1").replace(/<!date\^[^|>]*\|([^>]*)>/g, "$1")
    .replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
}

/** Slack's blocks, drawn as Slack does. */
function BlockView({ block, preview }: { block: Block; preview: string }) {
  switch (block.type) {
    case "header":
      return <h2>{block.text?.text}</h2>;
    case "section":
      return (
        <div class="text">
          <p class="field">{block.text?.text}</p>
          {block.accessory && (
            <a class="button" href={block.accessory.url}>{block.accessory.text.text}</a>
          )}
        </div>
      );
    case "image":
      return <img src={preview} alt={block.alt_text ?? ""} />;
    case "context":
      return <p class="hint">{block.elements?.map((one) => lineOf(one as Text)).join(" · ")}</p>;
    case "actions":
      return (
        <p class="actions">
          {block.elements?.map((button) =>
            "url" in button && <a class="button" href={button.url}>{button.text.text}</a>
          )}
        </p>
      );
    default:
      return <hr />;
  }
}

type Message = NonNullable<Dashboard["slack_message"]>;

/** A message as it looks in Slack. */
export function SlackMessage({ id, message }: { id: number; message: Message }) {
  const preview = `/api/v1/dashboards/${id}/preview.gif`;
  return (
    <section class="card message">
      {message.blocks.map((block) => <BlockView block={block as Block} preview={preview} />)}
    </section>
  );
}

/** The newest posted message. */
export function MessagePage({ who, dashboard }: { who: Who; dashboard: Dashboard }) {
  const { slack_message, slack_sent_at, table_name, id, numbers } = dashboard;
  return (
    <Layout title={`Message: ${table_name}`} who={who}>
      <PageTitle text="Message" above={{ href: `/dashboards/${id}`, text: table_name }} />
      <div class="stack">
        {slack_message
          ? <SlackMessage id={id} message={slack_message} />
          : <p class="hint">This run has not been posted yet.</p>}
        {slack_message && (
          <div class="actions">
            <span class="hint">
              {slack_sent_at
                ? `Sent to Slack at ${slack_sent_at}.`
                : "Not posted: Slack was not configured for this run, the dashboard was muted, or the newest run is still being processed."}
            </span>
            {!slack_sent_at && dashboard.step === "done" && !dashboard.muted_by && (
              <Action row={dashboard} what="post" text="Post to Slack" from="row" />
            )}
          </div>
        )}
        {numbers.length > 0 && <NumberTable numbers={numbers} run={dashboard.run} />}
      </div>
    </Layout>
  );
}
