import type { Again } from "../../src/http/forms.ts";
import type { Ignored, WaitingTable } from "../../src/pipeline/scan/store.ts";
import type { Who } from "../../src/who.ts";
import { Layout } from "../layout.tsx";
import { Form, PostButton } from "../parts/form.tsx";
import { Empty, PageTitle, usePage } from "../parts/page.tsx";
import { Head, Pager, Table } from "../parts/table.tsx";
import { DashboardFilter, ViewChoice } from "./filter.tsx";
import { Card, Line, Rows, type View } from "./rows.tsx";
import { Live } from "../parts/live.tsx";
import { KINDS, nameOf, type Row } from "./state.tsx";
import { WaitingTables } from "./waiting.tsx";

export type ListProps = {
  who: Who;
  rows: Row[];
  view: View;
  search: Again;
  /** Addresses of the first page, unless it is shown, and of the next. */
  first?: string | undefined;
  next?: string | undefined;
};

function NoRows({ searched }: { searched: boolean }) {
  if (searched) {
    return (
      <Empty text="No dashboards match">
        <p>
          <a href="/dashboards">Show all dashboards</a>
        </p>
      </Empty>
    );
  }
  return (
    <Empty text="No dashboards yet">
      <p>
        Load a table into one of your databases, by your flow or with{" "}
        <code>psql "$TIMING_DATABASE_URL"</code>. A few seconds after its last row it appears here.
      </p>
    </Empty>
  );
}

/** A script reloads all of it where an event is of a row that is not shown, or where events were missed. */
function List({ who, rows, view, search, first, next }: ListProps) {
  const { address } = usePage();
  return (
    <div
      id="list"
      hx-get={address}
      hx-select="#list"
      hx-trigger="list-moved, htmx:sse:after:connection from:#live"
      hx-swap="outerMorph"
    >
      <div class="list-head">
        <Many who={who} />
        <ViewChoice view={view} />
      </div>
      {rows.length > 0
        ? <Rows rows={rows} who={who} view={view} />
        : <NoRows searched={Object.keys(search.typed).length > 0} />}
      <Pager first={first} next={next} />
    </div>
  );
}

/** A row alone, as it is now; empty where it is gone. */
export function OneRow({ id, row, who, view }: {
  id: number;
  row: Row | undefined;
  who: Who;
  view: View;
}) {
  if (row) return view === "grid" ? <Card row={row} who={who} /> : <Line row={row} who={who} />;
  const gone = `dashboard-${id}`;
  return view === "grid" ? <article id={gone} hidden></article> : <tr id={gone} hidden></tr>;
}

/** The form that the rows' boxes belong to. */
function Many({ who }: { who: Who }) {
  return (
    <Form action="/dashboards/many" id="many" class="actions">
      <span class="hint">Chosen dashboards:</span>
      <button class="quiet" type="submit" name="action" value="retry">Retry</button>
      <button class="quiet" type="submit" name="action" value="capture">Take new preview</button>
      {who.role === "admin" && (
        <button class="quiet" type="submit" name="action" value="remove">Remove…</button>
      )}
    </Form>
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
        <Head columns={["Table", "Database", "Why", "Actions"]} />
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

type Waits = { waiting: { tables: WaitingTable[]; more: boolean } };

/** Only where the whole list is shown from its beginning; it is there, for its events, in any case. */
function Waiting({ who, search, first, waiting }: ListProps & Waits) {
  const { address } = usePage();
  const isShown = waiting.tables.length > 0 && !first && Object.keys(search.typed).length === 0;
  return (
    <div
      id="waiting"
      hx-get={address}
      hx-select="#waiting"
      hx-trigger="waiting from:#live, htmx:sse:after:connection from:#live"
      hx-swap="outerMorph"
    >
      {isShown && (
        <section class="card" aria-labelledby="waiting-title">
          <h2 id="waiting-title">Waiting for writes</h2>
          <WaitingTables who={who} tables={waiting.tables} />
          {waiting.more && <p class="hint">{`More than ${waiting.tables.length} tables wait.`}</p>}
        </section>
      )}
    </div>
  );
}

export function DashboardsPage({ waiting, ignored, ...list }: ListProps & Waits & {
  ignored: IgnoredRow[];
}) {
  const { who, search } = list;
  return (
    <Layout title="Dashboards" who={who}>
      <PageTitle text="Dashboards">
        <a href="/dashboards/archived">Archived dashboards</a>
      </PageTitle>
      <Live />
      <DashboardFilter who={who} search={search} path="/dashboards" />
      <Waiting {...list} waiting={waiting} />
      <List {...list} />
      {ignored.length > 0 && <IgnoredTables ignored={ignored} />}
    </Layout>
  );
}

export function ArchivedPage({ who, rows, view, first, next }: ListProps) {
  return (
    <Layout title="Archived dashboards" who={who}>
      <PageTitle
        text="Archived dashboards"
        about="Their tables are gone, or are ignored. A dashboard comes back with its table."
        above={{ href: "/dashboards", text: "Dashboards" }}
      />
      <div id="list">
        <div class="list-head">
          <Many who={who} />
          <ViewChoice view={view} />
        </div>
        {rows.length > 0
          ? <Rows rows={rows} who={who} view={view} />
          : <Empty text="No dashboard is archived" />}
        <Pager first={first} next={next} />
      </div>
    </Layout>
  );
}
