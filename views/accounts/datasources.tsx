import type { z } from "@hono/zod-openapi";
import type { DatasourceView } from "../../src/grafana/datasources.ts";
import type { Check } from "../../src/workspaces/inspect.ts";
import type { Who } from "../../src/who.ts";
import type { Again } from "../../src/http/forms.ts";
import { Refused } from "../field.tsx";
import { Layout } from "../layout.tsx";
import { State, Time } from "../parts/show.tsx";
import { Table } from "../parts/table.tsx";
import { PostButton } from "../parts/form.tsx";
import { PageTitle } from "../parts/page.tsx";

type Datasource = z.infer<typeof DatasourceView>;
type Props = { id: number; who: Who; datasources: Datasource[]; again: Again | undefined };

const STATES = {
  ready: ["good", "Answers"],
  pending: ["busy", "Creating"],
  failed: ["bad", "Does not answer"],
} as const;

function Row({ datasource: { name, state, message, checked_at } }: { datasource: Datasource }) {
  const [mark, text] = STATES[state];
  return (
    <tr>
      <th scope="row">{name}</th>
      <td>
        <State mark={mark} text={text} />
        {message && <p class="fault">{message}</p>}
      </td>
      <td>{checked_at ? <Time at={checked_at} /> : "–"}</td>
    </tr>
  );
}

export function DatasourcesCard({ id, who, datasources, again }: Props) {
  return (
    <section class="card">
      <h2>Grafana</h2>
      <Refused again={again} />
      <Table label="Data sources">
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col">State</th>
            <th scope="col">Checked</th>
          </tr>
        </thead>
        <tbody>{datasources.map((datasource) => <Row datasource={datasource} />)}</tbody>
      </Table>
      <div class="actions">
        <PostButton action={`/users/${id}/datasources/check`} text="Check" />
        {who.role === "admin" && (
          <PostButton action={`/users/${id}/datasources/repair`} text="Repair" />
        )}
      </div>
    </section>
  );
}

export function DatasourceCheckPage(
  { who, user, check }: {
    who: Who;
    user: { id: number; username: string };
    check: z.infer<typeof Check>;
  },
) {
  return (
    <Layout title={`Grafana: ${user.username}`} who={who}>
      <PageTitle
        text={`${user.username} in Grafana`}
        above={{ href: `/users/${user.id}`, text: user.username }}
      />
      <section class="card">
        <p>
          <State
            mark={check.ok ? "good" : "bad"}
            text={check.ok ? "All as it should be" : "Not as it should be"}
          />
        </p>
        <ul>
          {check.findings.map(({ what, expected, found }) => (
            <li>{`${what}: should be ${expected}, is ${found}`}</li>
          ))}
        </ul>
      </section>
    </Layout>
  );
}
