import type { z } from "@hono/zod-openapi";
import type { Dashboard } from "../src/dashboards/listing.ts";
import type { Ignored } from "../src/pipeline/scan/store.ts";
import type { WithShown } from "../src/measures/format.ts";
import type { Who } from "../src/who.ts";
import { Layout } from "./layout.tsx";
import { KeyNumbers } from "./numbers.tsx";
import { PostButton } from "./parts/form.tsx";
import { PreviewLink } from "./parts/preview.tsx";
import { Table } from "./parts/table.tsx";
import { type Mark, Progress, State, Time } from "./parts/show.tsx";
import { Empty, PageTitle, usePage } from "./parts/page.tsx";

type Row = WithShown<z.infer<typeof Dashboard>>;
type Props = { who: Who; dashboards: Row[] };

export const KINDS = { timing: "Timing", qor: "QoR", drc: "DRC" };
export const STEPS = {
  create: "Creating dashboard",
  capture: "Capturing",
  notify: "Posting to Slack",
  done: "Done",
};

/** The code of a row that waits for something under way. */
const WAITS = "browser_installing";

/** Why a row does not move on, or what it waits for. */
export function LastError({ row: { last_error, error_code } }: { row: Row }) {
  if (!last_error) return null;
  if (error_code === WAITS) return <Progress text={last_error} />;
  return <p class="fault">{last_error}</p>;
}

export function state(
  { step, stopped, archived_at, last_error, error_code, slack_sent_at }: Row,
): { mark: Mark; text: string } {
  if (archived_at) return { mark: "idle", text: "Archived: its table is gone or ignored" };
  if (stopped) return { mark: "bad", text: `Needs attention: ${STEPS[step]}` };
  if (error_code === WAITS) return { mark: "busy", text: "Waiting for the browser" };
  if (last_error) return { mark: "warn", text: `${STEPS[step]}, retrying` };
  if (step !== "done") return { mark: "busy", text: STEPS[step] };
  return { mark: "good", text: slack_sent_at ? "Posted to Slack" : "Ready" };
}

export const nameOf = ({ schema_name, table_name }: Pick<Row, "schema_name" | "table_name">) =>
  schema_name === "public" ? table_name : `${schema_name}.${table_name}`;

function Card({ row, who }: { row: Row; who: Who }) {
  const { mark, text } = state(row);
  const name = nameOf(row);
  const page = `/dashboards/${row.id}`;
  const silent = row.panels.filter(({ state }) => state === "empty").length;
  return (
    <article class="card dashboard" id={`dashboard-${row.id}`}>
      <PreviewLink id={row.id} name={name} captured_at={row.captured_at} />
      <div class="about">
        <h2>
          <a href={page}>{name}</a>
        </h2>
        <p>
          <span class={`kind ${row.kind}`}>{KINDS[row.kind]}</span>
          <span class="hint">{`${row.username} · run ${row.run} · ${row.source}`}</span>
        </p>
        <p>
          <State mark={mark} text={text} />
        </p>
        {row.edited && <p class="hint">Edited in Grafana: left as it is.</p>}
        <KeyNumbers numbers={row.numbers} />
        {row.why && <p>{row.why}</p>}
        {row.template_note && <p class="hint">{row.template_note}</p>}
        <LastError row={row} />
        {row.captured_at && (
          <p class="hint">
            Preview of <Time at={row.captured_at} />
            {silent > 0 && `, ${silent} of ${row.panels.length} panels without data`}
          </p>
        )}
        <div class="actions">
          <a href={row.dashboard_url}>Open</a>
          <a href={`${page}/message`}>Message</a>
          {row.stopped && <Action row={row} what="retry" text="Retry" />}
          {canBeTaken(row) && <Action row={row} what="capture" text="Take new preview" />}
          {(row.edited || row.outcome === "gone") && !row.archived_at && (
            <Action row={row} what="rewrite" text="Rewrite" />
          )}
          {who.role === "admin" && <Action row={row} what="remove" text="Remove" />}
        </div>
      </div>
    </article>
  );
}

/** True with a table and a board, or a board to come. */
export const canBeTaken = ({ archived_at, stopped, step }: Row) =>
  !archived_at && !(stopped && step === "create");

type ActionProps = { row: Row; what: string; text: string; from?: "row" };

/** Works without JavaScript; redirects to the page of `from`. */
export function Action({ row, what, text, from }: ActionProps) {
  if (!usePage().mayChange(row)) return null;
  const action = `/dashboards/${row.id}/${what}${from ? `?from=${from}` : ""}`;
  const confirm = `Remove the dashboard of ${nameOf(row)}? Its preview and runs go with it.`;
  return (
    <PostButton
      action={action}
      text={text}
      label={`${text}: ${nameOf(row)}`}
      {...(what === "remove" ? { confirm } : {})}
    />
  );
}

/** Row events, and the stream's (re)connection for events missed before. */
export const LIVE = "moved from:#live, htmx:sse:after:connection from:#live";

/** The part that is reloaded on events. */
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
        <Empty text="No dashboards yet">
          <p>
            Load a table into one of your databases, by your flow or with{" "}
            <code>psql "$TIMING_DATABASE_URL"</code>. A few seconds after its last row it appears
            here.
          </p>
        </Empty>
      )}
    </div>
  );
}

type IgnoredRow = Pick<
  Ignored,
  "username" | "kind" | "schema_name" | "table_name" | "type" | "why"
>;

const MOST_IGNORED = 100;

function IgnoredTables({ ignored }: { ignored: IgnoredRow[] }) {
  return (
    <section class="card" id="ignored">
      <h2>Not read</h2>
      <Table label="Tables that are not read" silent>
        <thead>
          <tr>
            <th scope="col">Table</th>
            <th scope="col">Database</th>
            <th scope="col">Why</th>
            <th scope="col">Actions</th>
          </tr>
        </thead>
        <tbody>
          {ignored.slice(0, MOST_IGNORED).map((row) => (
            <tr>
              <th scope="row">{nameOf(row)}</th>
              <td>{`${row.username} · ${KINDS[row.kind]}`}</td>
              <td>{row.why}</td>
              <td>{row.type === "view" && <ReadView {...row} />}</td>
            </tr>
          ))}
        </tbody>
      </Table>
      {ignored.length > MOST_IGNORED && (
        <p class="hint">{`${ignored.length - MOST_IGNORED} more: GET /api/v1/ignored`}</p>
      )}
    </section>
  );
}

function ReadView({ username, kind, schema_name, table_name }: IgnoredRow) {
  const fields = { username, kind, schema_name, table_name };
  return <PostButton action="/dashboards/ignored/read" fields={fields} text="Read this view" />;
}

export function DashboardsPage({ who, dashboards, ignored }: Props & { ignored: IgnoredRow[] }) {
  return (
    <Layout title="Dashboards" who={who}>
      <PageTitle text="Dashboards">
        <a href="/dashboards/archived">Archived dashboards</a>
      </PageTitle>
      <div id="live" hx-sse:connect="/events"></div>
      <DashboardList who={who} dashboards={dashboards} />
      {ignored.length > 0 && <IgnoredTables ignored={ignored} />}
    </Layout>
  );
}

export function ArchivedPage({ who, dashboards }: Props) {
  return (
    <Layout title="Archived dashboards" who={who}>
      <PageTitle
        text="Archived dashboards"
        about="Their tables are gone, or are ignored. A dashboard comes back with its table."
        above={{ href: "/dashboards", text: "Dashboards" }}
      />
      <div class="dashboards">
        {dashboards.map((row) => <Card key={row.id} row={row} who={who} />)}
        {dashboards.length === 0 && <Empty text="No dashboard is archived" />}
      </div>
    </Layout>
  );
}
