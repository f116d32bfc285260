import type { z } from "@hono/zod-openapi";
import type { Dashboard } from "../src/dashboards/listing.ts";
import type { WithShown } from "../src/measures/format.ts";
import type { Who } from "../src/who.ts";
import { Layout } from "./layout.tsx";
import { KeyNumbers } from "./numbers.tsx";

type Row = WithShown<z.infer<typeof Dashboard>>;
type Props = { who: Who; dashboards: Row[] };

export const KINDS = { timing: "Timing", qor: "QoR", drc: "DRC" };
export const STEPS = {
  create: "Drawing the board",
  capture: "Taking the picture",
  notify: "Telling Slack",
  done: "Done",
};

/** How the row stands, in a few words. */
export function state({ step, stopped, archived_at, last_error, slack_sent_at }: Row) {
  if (archived_at) return { mark: "idle", text: "Its table is gone" };
  if (stopped) return { mark: "bad", text: `Stopped: ${STEPS[step].toLowerCase()}` };
  if (last_error) return { mark: "warn", text: `${STEPS[step]}, retrying` };
  if (step !== "done") return { mark: "busy", text: STEPS[step] };
  return { mark: "good", text: slack_sent_at ? "Posted to Slack" : "Ready" };
}

/** A time in UTC: to the minute, or `exact` to the second. */
export function Time({ at, exact = false }: { at: string; exact?: boolean }) {
  return <time datetime={at}>{`${at.slice(0, exact ? 19 : 16).replace("T", " ")} UTC`}</time>;
}

export const nameOf = ({ schema_name, table_name }: Row) =>
  schema_name === "public" ? table_name : `${schema_name}.${table_name}`;

function Card({ row, who }: { row: Row; who: Who }) {
  const { mark, text } = state(row);
  const name = nameOf(row);
  const page = `/dashboards/${row.id}`;
  const silent = row.panels.filter(({ state }) => state === "empty").length;
  const preview = `/api/v1/dashboards/${row.id}/preview.gif?at=${row.captured_at ?? ""}`;
  return (
    <article class="card dashboard" id={`dashboard-${row.id}`}>
      <a class="preview" href={page}>
        {row.captured_at
          ? <img src={preview} alt={`The dashboard of ${name}`} loading="lazy" />
          : <span class="hint">No picture yet</span>}
      </a>
      <div class="about">
        <h2>
          <a href={page}>{name}</a>
        </h2>
        <p>
          <span class={`kind ${row.kind}`}>{KINDS[row.kind]}</span>
          <span class="hint">{`${row.username} · run ${row.run} · ${row.source}`}</span>
        </p>
        <p>
          <span class={`state ${mark}`}>{text}</span>
        </p>
        {row.edited && <p class="hint">Edited in Grafana: left as it is.</p>}
        <KeyNumbers numbers={row.numbers} />
        {row.why && <p>{row.why}</p>}
        {row.template_note && <p class="hint">{row.template_note}</p>}
        {row.last_error && <p class="fault">{row.last_error}</p>}
        {row.captured_at && (
          <p class="hint">
            Picture of <Time at={row.captured_at} />
            {silent > 0 && `, ${silent} of ${row.panels.length} panels without data`}
          </p>
        )}
        <div class="actions">
          <a href={row.dashboard_url}>Open</a>
          <a href={`${page}/message`}>Message</a>
          {row.stopped && <Action row={row} what="retry" text="Retry" />}
          {canBeTaken(row) && <Action row={row} what="capture" text="New picture" />}
          {(row.edited || row.outcome === "gone") && !row.archived_at && (
            <Action row={row} what="rewrite" text="Rewrite" />
          )}
          {who.role === "admin" && <Action row={row} what="remove" text="Remove" />}
        </div>
      </div>
    </article>
  );
}

/** Whether a new picture may be asked for: there is a table, and a board or the prospect of one. */
export const canBeTaken = ({ archived_at, stopped, step }: Row) =>
  !archived_at && !(stopped && step === "create");

type ActionProps = { row: Row; what: string; text: string; from?: "row" };

/** A button that works without JavaScript; `from` its row's page it leads back there. */
export function Action({ row, what, text, from }: ActionProps) {
  return (
    <form method="post" action={`/dashboards/${row.id}/${what}${from ? `?from=${from}` : ""}`}>
      <button class="plain" type="submit">{text}</button>
    </form>
  );
}

/** Events of a row; and the stream's (re)opening, for what moved before it or behind a hidden page's back. */
export const LIVE = "moved from:#live, htmx:sse:after:connection from:#live";

/** The list alone: what is fetched again when a row has moved. */
export function DashboardList({ who, dashboards }: Props) {
  return (
    <div
      id="dashboards"
      class="dashboards"
      hx-get="/dashboards/list"
      hx-trigger={LIVE}
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
