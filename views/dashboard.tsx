import type { Panel } from "../src/previews/outcome.ts";
import type { Story as StoredStory } from "../src/dashboards/preview/preview.ts";
import type { WithShown } from "../src/measures/format.ts";
import type { Who } from "../src/who.ts";
import { Actions } from "./dashboards/actions.tsx";
import { MutingActions, MutingState } from "./dashboards/muting.tsx";
import { KINDS, LastError, nameOf, Path, state } from "./dashboards/state.tsx";
import { Histories } from "./history.tsx";
import { Layout } from "./layout.tsx";
import { HowItIsRead, type MappingCard } from "./mapping.tsx";
import { SlackMessage } from "./message.tsx";
import { NumberTable } from "./numbers.tsx";
import { type Mark as MarkName, State as Mark, Time } from "./parts/show.tsx";
import { pictureOf } from "./parts/preview.tsx";
import { NumberCell, Table } from "./parts/table.tsx";
import { Live } from "./parts/live.tsx";
import { PageTitle } from "./parts/page.tsx";

type Row = WithShown<StoredStory["row"]>;
type Story = Omit<StoredStory, "row"> & { row: Row };
type Run = Story["runs"][number];

type Marks<Name extends string> = Record<Name, { mark: MarkName; text: string }>;

const OUTCOMES: Marks<NonNullable<Row["outcome"]>> = {
  loaded: { mark: "good", text: "Every panel has its answer" },
  empty: { mark: "warn", text: "No panel has data" },
  error: { mark: "bad", text: "A panel shows an error" },
  timeout: { mark: "bad", text: "Not finished in time" },
  denied: { mark: "bad", text: "The page could not be opened" },
  gone: { mark: "bad", text: "The dashboard is not there" },
};
const PANELS: Marks<Panel["state"]> = {
  loaded: { mark: "good", text: "Has data" },
  empty: { mark: "warn", text: "No data" },
  error: { mark: "bad", text: "Error" },
  waiting: { mark: "bad", text: "No answer in time" },
  none: { mark: "idle", text: "Asks for nothing" },
};

function Pictures({ row, run }: { row: Row; run: Run | null }) {
  const name = nameOf(row);
  if (!run?.captured_at) {
    return (
      <section class="card">
        <h2>Preview</h2>
        <p class="hint">No preview yet.</p>
      </section>
    );
  }
  const { captured_at } = run;
  const file = (what: "gif" | "png") => pictureOf({ id: row.id, captured_at }, what);
  return (
    <section class="card pictures">
      <figure>
        <a href={row.dashboard_url}>
          <picture>
            {run.has_png && (
              <source
                srcset={file("png")}
                media="(prefers-reduced-motion: reduce)"
              />
            )}
            <img src={file("gif")} alt={`The dashboard of ${name}, run ${run.run}`} />
          </picture>
        </a>
        <figcaption class="hint">
          {`Run ${run.run}, `}
          <Time at={run.captured_at} exact />
          {run.run < row.run && `; the preview of run ${row.run} is pending`}
        </figcaption>
      </figure>
      {run.has_png && (
        <figure>
          <a href={file("png")}>
            <img src={file("png")} alt={`All of the dashboard of ${name}`} loading="lazy" />
          </a>
          <figcaption class="hint">The whole board, still</figcaption>
        </figure>
      )}
    </section>
  );
}

function Facts({ story: { row, runs, tries } }: { story: Story }) {
  const [run] = runs;
  const waits = !row.stopped && row.step !== "done" && row.last_error !== null;
  return (
    <dl>
      <dt>Attempts</dt>
      <dd>{attempts(tries)}</dd>
      {waits && (
        <>
          <dt>Next attempt</dt>
          <dd>
            <Time at={row.next_try_at} exact />
          </dd>
        </>
      )}
      {([
        ["Table found", row.created_at],
        [`Run ${row.run} found`, run?.found_at],
        ["Captured", row.captured_at],
        ["Posted to Slack", row.slack_sent_at],
        ["Table gone", row.archived_at],
      ] as const).map(([label, at]) =>
        at && (
          <>
            <dt>{label}</dt>
            <dd>
              <Time at={at} exact />
            </dd>
          </>
        )
      )}
    </dl>
  );
}

function attempts({ failures, capture_tries, deaths }: Story["tries"]): string {
  const others = failures - capture_tries;
  const parts = [
    capture_tries > 0 && `${capture_tries} of 3 captures without a finished dashboard`,
    others > 0 && `${others} other failure${others === 1 ? "" : "s"}`,
    deaths > 0 && `${deaths} broken off`,
  ].filter(Boolean);
  return parts.join(", ") || "None failed";
}

/** The list is folded while all panels are. */
const WELL = ["loaded", "none"];

function Panels({ panels }: { panels: Panel[] }) {
  return (
    <Table label="Panels" silent>
      <thead>
        <tr>
          <th scope="col">Panel</th>
          <th scope="col">State</th>
        </tr>
      </thead>
      <tbody>
        {panels.map(({ id, title, state, message }) => (
          <tr key={id}>
            <th scope="row">{title || `Panel ${id}`}</th>
            <td>
              <Mark {...PANELS[state]} />
              {message && <p class="fault">{message}</p>}
            </td>
          </tr>
        ))}
      </tbody>
    </Table>
  );
}

function Runs({ runs }: { runs: Run[] }) {
  return (
    <Table label="Runs" silent>
      <thead>
        <tr>
          <th scope="col">Run</th>
          <th scope="col" class="num">Rows</th>
          <th scope="col">Found</th>
          <th scope="col">Captured</th>
          <th scope="col">Posted</th>
        </tr>
      </thead>
      <tbody>
        {runs.map(({ run, row_count, found_at, captured_at, posted_at }) => (
          <tr key={run}>
            <th scope="row">{run}</th>
            <NumberCell>{row_count?.toLocaleString("en-US") ?? "–"}</NumberCell>
            {[found_at, captured_at, posted_at].map((at) => <td>{at ? <Time at={at} /> : "–"}</td>)}
          </tr>
        ))}
      </tbody>
    </Table>
  );
}

type HeaderProps = { row: Row; who: Who; is_worse: boolean };

function Buttons({ row, who, is_worse }: HeaderProps) {
  return (
    <div class="actions">
      <a class="button" href={row.dashboard_url}>Open dashboard</a>
      <a href={`/dashboards/${row.id}/message`}>Message</a>
      <Actions row={row} who={who} from="row" />
      <MutingActions row={row} is_worse={is_worse} />
    </div>
  );
}

function Header(props: HeaderProps) {
  const { row } = props;
  return (
    <header>
      <PageTitle text={nameOf(row)} above={{ href: "/dashboards", text: "Dashboards" }} />
      <p>
        <span class={`kind ${row.kind}`}>{KINDS[row.kind]}</span>
        <span class="hint">{`${row.username} · run ${row.run} · ${row.source}`}</span>
      </p>
      <Buttons {...props} />
    </header>
  );
}

function State({ story }: { story: Story }) {
  const { row, runs, without_data } = story;
  return (
    <div class="stack">
      <section class="card">
        <h2>
          <Mark {...state(row)} />
        </h2>
        <Path row={row} />
        <LastError row={row} />
        <MutingState row={row} />
        {row.template_note && <p class="hint">{row.template_note}</p>}
        <Facts story={story} />
      </section>
      {(row.why || row.edited) && (
        <section class="card">
          <h2>Why</h2>
          {row.why && <p>{row.why}</p>}
          {row.edited && <p class="hint">Edited in Grafana: left as it is.</p>}
        </section>
      )}
      {row.outcome && (
        <section class="card">
          <h2>
            <Mark {...OUTCOMES[row.outcome]} />
          </h2>
          {without_data && <p>{without_data}</p>}
          {row.panels.length > 0 && (
            <details open={row.panels.some(({ state }) => !WELL.includes(state))}>
              <summary>{`${row.panels.length} panels`}</summary>
              <Panels panels={row.panels} />
            </details>
          )}
        </section>
      )}
      {runs.length > 1 && (
        <section class="card runs">
          <h2>Runs</h2>
          <Runs runs={runs} />
        </section>
      )}
    </div>
  );
}

/** Reloads all of `main` on an event: the response may be an error or the sign-in page. */
export function DashboardPage({ who, story, is_worse, mapping }: {
  who: Who;
  story: Story;
  /** And not acknowledged yet. */
  is_worse: boolean;
  mapping: MappingCard | undefined;
}) {
  const { row, pictured } = story;
  return (
    <Layout title={nameOf(row)} who={who}>
      <Live />
      <div
        id="row"
        class="stack"
        data-row={`${row.id}`}
        hx-get={`/dashboards/${row.id}`}
        hx-select="main"
        hx-target="main"
        hx-trigger="row-moved, htmx:sse:after:connection from:#live"
        hx-swap="outerMorph"
      >
        <Header row={row} who={who} is_worse={is_worse} />
        <div class="row">
          <Pictures row={row} run={pictured} />
          <State story={story} />
        </div>
        {row.numbers.length > 0 && <NumberTable numbers={row.numbers} run={row.run} />}
        <Histories numbers={row.numbers} />
        {row.slack_message && (
          <section>
            <h2>Slack message</h2>
            <SlackMessage id={row.id} message={row.slack_message} />
          </section>
        )}
        {!row.archived_at && <HowItIsRead row={row} card={mapping} />}
      </div>
    </Layout>
  );
}
