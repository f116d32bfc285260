import type { z } from "@hono/zod-openapi";
import type { DatasourceView } from "../src/grafana/datasources.ts";
import type { Check } from "../src/workspaces/inspect.ts";
import type { Who } from "../src/who.ts";
import { Time } from "./dashboards.tsx";
import type { Again } from "../src/http/forms.ts";
import { Refused } from "./field.tsx";
import { Layout } from "./layout.tsx";

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
        <span class={`state ${mark}`}>{text}</span>
        {message && <p class="fault">{message}</p>}
      </td>
      <td>{checked_at ? <Time at={checked_at} /> : "–"}</td>
    </tr>
  );
}

function Maintenance({ id, what, text }: { id: number; what: string; text: string }) {
  return (
    <form method="post" action={`/users/${id}/datasources/${what}`}>
      <button class="plain" type="submit">{text}</button>
    </form>
  );
}

export function DatasourcesCard({ id, who, datasources, again }: Props) {
  return (
    <section class="card">
      <h2>Grafana</h2>
      <Refused again={again} />
      <table>
        <caption>Data sources</caption>
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col">State</th>
            <th scope="col">Checked</th>
          </tr>
        </thead>
        <tbody>{datasources.map((datasource) => <Row datasource={datasource} />)}</tbody>
      </table>
      <div class="actions">
        <Maintenance id={id} what="check" text="Check" />
        {who.role === "admin" && <Maintenance id={id} what="repair" text="Repair" />}
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
      <h1>{`${user.username} in Grafana`}</h1>
      <section class="card">
        <p>
          <span class={`state ${check.ok ? "good" : "bad"}`}>
            {check.ok ? "All as it should be" : "Not as it should be"}
          </span>
        </p>
        <ul>
          {check.findings.map(({ what, expected, found }) => (
            <li>{`${what}: should be ${expected}, is ${found}`}</li>
          ))}
        </ul>
        <p>
          <a href={`/users/${user.id}`}>Back</a>
        </p>
      </section>
    </Layout>
  );
}
