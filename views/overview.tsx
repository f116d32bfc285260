import type { Child } from "hono/jsx";
import type { System } from "../src/diagnostics/systems.ts";
import type { Overview } from "../src/home/overview.ts";
import type { Who } from "../src/who.ts";
import { KINDS, nameOf, STEPS } from "./dashboards/state.tsx";
import { LIVE, Live } from "./parts/live.tsx";
import { WaitingTables } from "./dashboards/waiting.tsx";
import { Layout } from "./layout.tsx";
import { Connections, FirstSteps } from "./accounts/first_steps.tsx";
import { PostButton } from "./parts/form.tsx";
import { PageTitle } from "./parts/page.tsx";
import { State, Time } from "./parts/show.tsx";

type Props = { who: Who; overview: Overview };
type Row = Overview["today"]["newest"][number];
type Stopped = Overview["stopped"][number];

function Card({ title, id, children }: { title: string; id: string; children: Child }) {
  return (
    <section class="card" aria-labelledby={id}>
      <h2 id={id}>{title}</h2>
      {children}
    </section>
  );
}

/** The table with its kind, and for an admin its owner. */
function Named({ row, who }: { row: Omit<Row, "run_at">; who: Who }) {
  return (
    <>
      <span class={`kind ${row.kind}`}>{KINDS[row.kind]}</span>
      <a href={`/dashboards/${row.id}`} dir="auto">{nameOf(row)}</a>
      {who.role === "admin" && <span class="hint">{` ${row.username}`}</span>}
    </>
  );
}

const counted = (count: number, most: number) =>
  count > most ? `${most.toLocaleString("en-US")}+` : count.toLocaleString("en-US");
const plural = (count: number, what: string) => `${what}${count === 1 ? "" : "s"}`;

function Today({ who, overview: { today, most_counted } }: Props) {
  const { tables, newest } = today;
  return (
    <Card title="Today" id="today">
      {tables === 0 ? <p class="hint">No new runs since 00:00 UTC.</p> : (
        <p>
          <strong class="figure">{counted(tables, most_counted)}</strong>
          {` ${plural(tables, "table")} with new runs since 00:00 UTC`}
        </p>
      )}
      <ul class="plain-list">
        {newest.map((row) => (
          <li>
            <Named row={row} who={who} />
            <span class="hint">
              {` run ${row.run}, `}
              <Time at={row.run_at} />
            </span>
          </li>
        ))}
      </ul>
    </Card>
  );
}

function Waiting({ who, overview: { waiting, writes, most_counted } }: Props) {
  return (
    <Card title="Waiting" id="waiting">
      <dl>
        {waiting.map(({ step, rows, oldest }) => (
          <>
            <dt>{STEPS[step]}</dt>
            <dd>
              <span class="figure">{counted(rows, most_counted)}</span>
              {oldest && (
                <span class="hint">
                  {" oldest "}
                  <Time at={oldest} />
                </span>
              )}
            </dd>
          </>
        ))}
      </dl>
      {writes.tables.length > 0 && <h3>Waiting for writes</h3>}
      <WaitingTables who={who} tables={writes.tables} />
      {writes.more && <a href="/dashboards#waiting">All waiting tables</a>}
    </Card>
  );
}

/** The buttons that help with what the row stopped for. */
function Help({ row }: { row: Stopped }) {
  const press = (what: string, text: string) => (
    <PostButton
      action={`/dashboards/${row.id}/${what}?from=row`}
      text={text}
      label={`${text}: ${nameOf(row)}`}
    />
  );
  if (row.error_code === "post_unclear") {
    return (
      <div class="actions">
        {press("posted", "It is in the channel")}
        {press("post", "Post")}
      </div>
    );
  }
  const isKey = /key|token|channel|permission|scope/.test(row.error_code ?? "");
  return (
    <div class="actions">
      {press("retry", "Retry")}
      {row.outcome === "gone" && press("rewrite", "Rewrite")}
      {isKey && <a href={`/users/${row.user_id}`}>Credentials</a>}
    </div>
  );
}

function Attention({ who, overview: { stopped, failed } }: Props) {
  if (stopped.length + failed.length === 0) {
    return (
      <Card title="Needs attention" id="attention">
        <p>
          <State mark="good" text="Nothing needs a person." />
        </p>
      </Card>
    );
  }
  return (
    <Card title="Needs attention" id="attention">
      <ul class="entries-list">
        {stopped.map((row) => (
          <li id={`stopped-${row.id}`}>
            <Named row={row} who={who} />
            <span class="hint">{` ${STEPS[row.step]}`}</span>
            <p class="fault" dir="auto">{row.last_error ?? "It has stopped."}</p>
            {row.rows > 1 && (
              <p class="hint">
                {`${row.rows - 1} more ${plural(row.rows - 1, "row")} for the same reason.`}
              </p>
            )}
            <Help row={row} />
          </li>
        ))}
        {failed.map(({ user_id, username, name, message }) => (
          <li>
            <a href={`/users/${user_id}`}>{`Workspace ${username}`.trim()}</a>
            <span class="hint">{` ${name.replaceAll("_", " ")}`}</span>
            <p class="fault" dir="auto">{message ?? "The step failed."}</p>
            {who.role === "admin"
              ? <PostButton action={`/users/${user_id}/repair`} text="Repair" />
              : <p class="hint">An admin can repair it.</p>}
          </li>
        ))}
      </ul>
    </Card>
  );
}

function Worse({ who, overview: { worse } }: Props) {
  return (
    <Card title="Got worse in the last 24 hours" id="worse">
      {worse.length === 0 && <p class="hint">No sure number got worse.</p>}
      <ul class="entries-list">
        {worse.map((row) => (
          <li>
            <Named row={row} who={who} />
            <span class="hint">
              {` run ${row.of_run}, `}
              <Time at={row.numbers_at} />
            </span>
            {row.numbers.map(({ group, label, value, change }) => (
              <p dir="auto">
                {group !== null && <span class="hint">{`${group} `}</span>}
                {`${label} `}
                <strong>{value}</strong> <span class="state bad">{change}</span>
              </p>
            ))}
            {row.more > 0 && <p class="hint">{`${row.more} more ${plural(row.more, "number")}.`}
            </p>}
          </li>
        ))}
      </ul>
    </Card>
  );
}

function Previews({ who, overview: { previews } }: Props) {
  return (
    <Card title="Newest previews" id="previews">
      {previews.length === 0 && <p class="hint">No previews yet.</p>}
      <ul class="thumbnails">
        {previews.map((row) => (
          <li>
            <a href={`/dashboards/${row.id}`}>
              <img
                src={`/api/v1/dashboards/${row.id}/preview.webp?at=${row.captured_at}`}
                alt={`The dashboard of ${nameOf(row)}`}
                loading="lazy"
                width="400"
                height="225"
              />
            </a>
            <Named row={row} who={who} />
          </li>
        ))}
      </ul>
    </Card>
  );
}

const STATES = { ok: "good", warning: "warn", failed: "bad", none: "idle" } as const;
const WORDS = { none: "Not configured", ok: "OK", warning: "Warning", failed: "Failed" };

export function SystemsCard({ who, systems }: { who: Who; systems: System[] }) {
  return (
    <Card title="Systems" id="systems-title">
      <dl>
        {systems.map(({ name, state, message }) => (
          <>
            <dt>{name}</dt>
            <dd>
              <State mark={STATES[state]} text={WORDS[state]} />
              {message && <span class="hint line">{message}</span>}
            </dd>
          </>
        ))}
      </dl>
      {who.role === "admin" && <a href="/diagnosis">Run all checks</a>}
    </Card>
  );
}

export function SystemsPage(props: { who: Who; systems: System[] }) {
  return (
    <Layout title="Systems" who={props.who}>
      <PageTitle text="Systems" above={{ href: "/", text: "Overview" }} />
      <SystemsCard {...props} />
    </Layout>
  );
}

/** Loaded once the page is shown: a system may be slow to answer. */
function Systems() {
  return (
    <div id="systems" hx-get="/systems" hx-trigger="load" hx-swap="innerHTML">
      <Card title="Systems" id="systems-title">
        <p class="hint">
          <a href="/systems">See whether the systems answer</a>
        </p>
      </Card>
    </div>
  );
}

/** What an event changes is asked for again and morphed; the systems and the first steps stay. */
export function OverviewPage({ who, overview }: Props) {
  const props = { who, overview };
  return (
    <Layout title="Overview" who={who}>
      <PageTitle text="Overview" />
      <Live />
      <div class="home">
        <div
          id="overview"
          class="stack"
          hx-get="/"
          hx-select="#overview"
          hx-trigger={`${LIVE}, waiting from:#live`}
          hx-swap="outerMorph"
        >
          {!overview.any && <FirstSteps {...props} />}
          <div class="pair">
            <Today {...props} />
            <Waiting {...props} />
          </div>
          <Attention {...props} />
          <Worse {...props} />
          <Previews {...props} />
        </div>
        <div class="stack">
          <Systems />
          {overview.connections.length > 0 && <Connections who={who} overview={overview} />}
        </div>
      </div>
    </Layout>
  );
}
