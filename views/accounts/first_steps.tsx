import type { Overview } from "../../src/home/overview.ts";
import type { Who } from "../../src/who.ts";
import { KINDS } from "../dashboards/state.tsx";
import { CopyButton } from "../parts/form.tsx";
import { Empty } from "../parts/page.tsx";

type Props = { who: Who; overview: Overview };

/** Three runs of two designs: the last one is better in timing, worse in area. */
const SAMPLE =
  "create table first_runs as select design, 'run ' || n as run, now() - (3 - n) * interval '1 day' as run_date, " +
  "round(-0.12 + n * 0.03, 3) as setup_wns_ns, round(-4.0 + n * 1.1, 2) as setup_tns_ns, 1000 + n * 12 as area_um2 " +
  "from generate_series(1, 3) n, (values ('cpu'), ('gpu')) designs (design)";

/** The way into the own databases; the password is only shown where it is revealed. */
export function Connections({ who, overview: { connections } }: Props) {
  return (
    <section class="card" aria-labelledby="connections">
      <h2 id="connections">Your databases</h2>
      <p class="hint">The password is in the credential's URL.</p>
      {connections.map(({ kind, line, credential }) => (
        <div class="connection">
          <h3>
            <span class={`kind ${kind}`}>{KINDS[kind]}</span>
          </h3>
          <code class="value">{line}</code>
          <p class="actions">
            <CopyButton value={line} label={`Copy the line for ${KINDS[kind]}`} />
            <a href={`/users/${who.user_id}/credentials/${credential}`}>{`Reveal ${credential}`}</a>
          </p>
        </div>
      ))}
    </section>
  );
}

function Sample({ line }: { line: string }) {
  const command = `${line} -c "${SAMPLE}"`;
  return (
    <>
      <code class="value">{command}</code>
      <p class="actions">
        <CopyButton value={command} label="Copy the sample" />
      </p>
    </>
  );
}

/** What to do as long as there is no dashboard. */
export function FirstSteps({ who, overview: { connections } }: Props) {
  const timing = connections.find(({ kind }) => kind === "timing");
  if (!timing) {
    return (
      <Empty text="No dashboards yet">
        {who.role === "admin"
          ? (
            <p>
              <a href="/users">Create a user</a>: it gets three databases, and each table in them
              becomes a dashboard.
            </p>
          )
          : <p>Your databases are not ready. An admin can see why.</p>}
      </Empty>
    );
  }
  return (
    <section class="card" aria-labelledby="first">
      <h2 id="first">Your first dashboard</h2>
      <ol>
        <li>
          Open{" "}
          <a href={`/users/${who.user_id}/credentials/${timing.credential}`}>
            the timing database's credential
          </a>{" "}
          and reveal its password.
        </li>
        <li>
          Create a small table with <code>psql</code>, which asks for the password:
          <Sample line={timing.line} />
        </li>
        <li>A few seconds later the table appears on this page, and then its preview.</li>
      </ol>
    </section>
  );
}
