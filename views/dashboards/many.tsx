import type { ManyAction, ManyResult } from "../../src/dashboards/list/many.ts";
import type { Who } from "../../src/who.ts";
import { Layout } from "../layout.tsx";
import { Form } from "../parts/form.tsx";
import { PageTitle } from "../parts/page.tsx";
import { State } from "../parts/show.tsx";
import { nameOf } from "./state.tsx";

type Named = { id: number; schema_name: string; table_name: string; username: string };

const above = { href: "/dashboards", text: "Dashboards" };

/** Asks before dashboards are removed, also without JavaScript. */
export function RemoveManyPage({ who, chosen }: { who: Who; chosen: Named[] }) {
  const title = `Remove ${chosen.length} dashboard${chosen.length === 1 ? "" : "s"}?`;
  return (
    <Layout title={title} who={who}>
      <PageTitle text={title} above={above} />
      <section class="card">
        <p>Their previews, numbers and runs go with them. The tables stay.</p>
        <ul>{chosen.map((row) => <li>{`${nameOf(row)} · ${row.username}`}</li>)}</ul>
        <Form action="/dashboards/many">
          {chosen.map(({ id }) => <input type="hidden" name="ids" value={`${id}`} />)}
          <input type="hidden" name="sure" value="yes" />
          <div class="actions">
            <button class="danger" type="submit" name="action" value="remove">
              Remove dashboards
            </button>
            <a href="/dashboards">Keep them</a>
          </div>
        </Form>
      </section>
    </Layout>
  );
}

const DONE: Record<ManyAction, string> = {
  retry: "Retrying",
  capture: "A new preview will be taken",
  remove: "Removed",
};

/** What came of an action on many: each dashboard with its own answer. */
export function ManyPage({ who, action, results }: {
  who: Who;
  action: ManyAction;
  results: ManyResult[];
}) {
  const failed = results.filter(({ message }) => message !== null).length;
  const title = results.length === 0
    ? "No dashboard was chosen"
    : `${results.length - failed} of ${results.length}: ${DONE[action].toLowerCase()}`;
  return (
    <Layout title={title} who={who}>
      <PageTitle text={title} above={above} />
      {results.length > 0 && (
        <section class="card">
          <ul class="results">
            {results.map(({ id, name, message }) => (
              <li>
                {message === null && action === "remove"
                  ? name
                  : <a href={`/dashboards/${id}`}>{name}</a>}{" "}
                <State
                  mark={message === null ? "good" : "bad"}
                  text={message ?? DONE[action]}
                />
              </li>
            ))}
          </ul>
        </section>
      )}
    </Layout>
  );
}
