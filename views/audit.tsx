import type { z } from "@hono/zod-openapi";
import type { AuditEntry } from "../src/audit/page.ts";
import type { Again } from "../src/http/forms.ts";
import type { Who } from "../src/who.ts";
import { ChoiceField, TextField, TimeField } from "./field.tsx";
import { Layout } from "./layout.tsx";
import { FilterBar } from "./parts/form.tsx";
import { PageTitle } from "./parts/page.tsx";
import { State, Time } from "./parts/show.tsx";
import { Head, Pager, Table } from "./parts/table.tsx";

type Entry = z.infer<typeof AuditEntry>;
type Props = {
  who: Who;
  actions: readonly string[];
  entries: Entry[];
  search: Again;
  csv?: string;
  first?: string | undefined;
  next?: string | undefined;
};

function Filter({ actions, again }: { actions: readonly string[]; again: Again }) {
  const same = { form: "audit", again };
  return (
    <FilterBar action="/audit">
      <TextField {...same} name="actor" label="Actor" type="search" maxlength={400} />
      <ChoiceField
        {...same}
        name="action"
        label="Action"
        value=""
        options={[["", "All"], ...actions.map((name): [string, string] => [name, name])]}
      />
      <TextField {...same} name="subject" label="Subject" maxlength={400} />
      <TextField {...same} name="user" label="About the user" maxlength={400} />
      <ChoiceField
        {...same}
        name="outcome"
        label="Outcome"
        value=""
        options={[["", "All"], ["ok", "Done"], ["refused", "Refused"]]}
      />
      <TimeField {...same} name="from" label="From (UTC)" />
      <TimeField {...same} name="to" label="Before (UTC)" />
    </FilterBar>
  );
}

/** Entries of the audit log; `label` names the table. */
export function Entries({ entries, label }: { entries: Entry[]; label: string }) {
  return (
    <Table label={label}>
      <Head columns={["Time", "Actor", "Action", "Subject", "Address", "Outcome"]} />
      <tbody>
        {entries.map(({ at, actor, action, subject, from, outcome }) => (
          <tr>
            <td>
              <Time at={at} />
            </td>
            <th scope="row">
              <a href={`/audit?${new URLSearchParams({ actor })}`}>{actor}</a>
            </th>
            <td>
              <code>{action}</code>
            </td>
            <td class="subject">{subject}</td>
            <td>{from || "–"}</td>
            <td>
              <State
                mark={outcome === "ok" ? "good" : "warn"}
                text={outcome === "ok" ? "Done" : "Refused"}
              />
            </td>
          </tr>
        ))}
      </tbody>
    </Table>
  );
}

export function AuditPage({ who, actions, entries, search, csv, first, next }: Props) {
  return (
    <Layout title="Audit" who={who}>
      <PageTitle text="Audit" about="Who did what, also what was refused. Entries are only added.">
        {csv && <a class="button quiet" href={csv}>Download CSV</a>}
      </PageTitle>
      <section class="card">
        <Filter actions={actions} again={search} />
        {entries.length > 0 ? <Entries entries={entries} label="Newest first" /> : (
          <p>
            No entries match. <a href="/audit">Show all entries</a>
          </p>
        )}
        <Pager first={first} next={next} />
      </section>
    </Layout>
  );
}
