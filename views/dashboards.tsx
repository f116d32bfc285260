import type { z } from "@hono/zod-openapi";
import type { Dashboard } from "../src/dashboards/listing.ts";
import type { Who } from "../src/who.ts";
import { Layout } from "./layout.tsx";
import { KeyNumbers } from "./numbers.tsx";

type Row = z.infer<typeof Dashboard>;
type Props = { who: Who; dashboards: Row[] };

const KINDS = { timing: "Timing", qor: "QoR", drc: "DRC" };
const STEPS = {
  create: "Drawing the board",
  capture: "Taking the picture",
  notify: "Telling Slack",
  done: "Done",
};

function state({ step, stopped, archived_at, last_error, slack_sent_at }: Row) {
  if (archived_at) return { mark: "idle", text: "Its table is gone" };
  if (stopped) return { mark: "bad", text: `Stopped: ${STEPS[step].toLowerCase()}` };
  if (last_error) return { mark: "warn", text: `${STEPS[step]}, will be tried again` };
  if (step !== "done") return { mark: "busy", text: STEPS[step] };
  return { mark: "good", text: slack_sent_at ? "Told in Slack" : "Ready" };
}

export function Time({ at }: { at: string }) {
  return <time datetime={at}>{`${at.slice(0, 16).replace("T", " ")} UTC`}</time>;
}

function Card({ row, who }: { row: Row; who: Who }) {
  const { mark, text } = state(row);
  const name = row.schema_name === "public"
    ? row.table_name
    : `${row.schema_name}.${row.table_name}`;
  const preview = `/api/v1/dashboards/${row.id}/preview.gif?at=${row.captured_at ?? ""}`;
  return (
    <article class="card dashboard" id={`dashboard-${row.id}`}>
      <a class="preview" href={row.dashboard_url}>
        {row.captured_at
          ? <img src={preview} alt={`The dashboard of ${name}`} loading="lazy" />
          : <span class="hint">No picture yet</span>}
      </a>
      <div class="about">
        <h2>
          <a href={row.dashboard_url}>{name}</a>
        </h2>
        <p>
          <span class={`kind ${row.kind}`}>{KINDS[row.kind]}</span>
          <span class="hint">{`${row.username} · run ${row.run} · ${row.source}`}</span>
        </p>
        <p>
          <span class={`state ${mark}`}>{text}</span>
        </p>
        <KeyNumbers numbers={row.numbers} />
        {row.why && <p>{row.why}</p>}
        {row.last_error && <p class="fault">{row.last_error}</p>}
        {row.captured_at && (
          <p class="hint">
            Picture of <Time at={row.captured_at} />
          </p>
        )}
        <div class="actions">
          <a href={`/dashboards/${row.id}/message`}>Message</a>
          {row.stopped && <Action row={row} what="retry" text="Retry" />}
          {!row.archived_at && <Action row={row} what="capture" text="New picture" />}
          {who.role === "admin" && <Action row={row} what="remove" text="Remove" />}
        </div>
      </div>
    </article>
  );
}

function Action({ row, what, text }: { row: Row; what: string; text: string }) {
  return (
    <form method="post" action={`/dashboards/${row.id}/${what}`}>
      <button class="plain" type="submit">{text}</button>
    </form>
  );
}

/** The list alone: what is fetched again when a row has moved. */
export function DashboardList({ who, dashboards }: Props) {
  return (
    <div
      id="dashboards"
      class="dashboards"
      hx-get="/dashboards/list"
      hx-trigger="moved from:#live"
      hx-swap="outerMorph"
    >
      {dashboards.map((row) => <Card key={row.id} row={row} who={who} />)}
      {dashboards.length === 0 && (
        <section class="card">
          <h2>No dashboards yet</h2>
          <p>
            Load a table into one of your databases, by your flow or with{" "}
            <code>psql "$TIMING_DATABASE_URL"</code>. A few seconds after its last row it appears
            here.
          </p>
        </section>
      )}
    </div>
  );
}

export function DashboardsPage({ who, dashboards }: Props) {
  return (
    <Layout title="Dashboards" who={who}>
      <h1>Dashboards</h1>
      <div id="live" hx-sse:connect="/events"></div>
      <DashboardList who={who} dashboards={dashboards} />
    </Layout>
  );
}
