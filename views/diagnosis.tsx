import type { CheckView } from "../src/diagnostics/diagnose.ts";
import type { Who } from "../src/who.ts";
import { Line } from "./document.tsx";
import { Layout } from "./layout.tsx";
import { PageTitle } from "./parts/page.tsx";

const STATES = {
  ok: ["good", "OK"],
  warning: ["warn", "Warning"],
  failed: ["bad", "Failed"],
} as const;

/** A row of the table; the button replaces it by its new result, without a script it opens a page of it. */
export function CheckRow({ check }: { check: CheckView }) {
  const { name, state, message, fix, docs } = check;
  const [mark, word] = STATES[state];
  return (
    <tr>
      <th scope="row">{name}</th>
      <td>
        <span class={`state ${mark}`}>{word}</span>
      </td>
      <td>
        <p>
          <Line text={message} />
        </p>
        {fix && (
          <p>
            <strong>Fix:</strong> <Line text={fix} />{" "}
            <a href={`/${docs.replace(".md", "")}`}>Troubleshooting</a>
          </p>
        )}
      </td>
      <td>
        <form
          method="get"
          action="/diagnosis/check"
          hx-get="/diagnosis/check"
          hx-target="closest tr"
          hx-swap="outerHTML"
          hx-disable="find button"
        >
          <input type="hidden" name="name" value={name} />
          <button class="plain" type="submit" aria-label={`Run again: ${name}`}>Run again</button>
        </form>
      </td>
    </tr>
  );
}

function GroupTable({ group, checks }: { group: string; checks: CheckView[] }) {
  return (
    <section class="card">
      <table class="checks">
        <caption>
          <h2>{group[0]!.toUpperCase() + group.slice(1)}</h2>
        </caption>
        <thead>
          <tr>
            <th scope="col">Check</th>
            <th scope="col">State</th>
            <th scope="col">Result</th>
            <th scope="col">
              <span class="unseen">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>{checks.map((check) => <CheckRow check={check} />)}</tbody>
      </table>
    </section>
  );
}

function summary(checks: CheckView[]): string {
  const count = (state: CheckView["state"]) => checks.filter((one) => one.state === state).length;
  const warnings = count("warning");
  return `${count("failed")} failed, ${warnings} ${warnings === 1 ? "warning" : "warnings"}, ${
    count("ok")
  } OK.`;
}

const RANKS = { failed: 0, warning: 1, ok: 2 };
const worst = (checks: CheckView[] = []) => Math.min(...checks.map(({ state }) => RANKS[state]));

type Props = { who: Who; checks: CheckView[]; single?: boolean };

/** Groups with a failed check come first. */
export function DiagnosisPage({ who, checks, single }: Props) {
  const groups = Object.entries(Object.groupBy(checks, ({ group }) => group))
    .toSorted(([, a], [, b]) => worst(a) - worst(b));
  return (
    <Layout title="Diagnosis" who={who}>
      <PageTitle text="Diagnosis" />
      <p class="actions">
        <span>{single ? "One check was run." : summary(checks)}</span>
        <a href="/diagnosis">Run all checks</a>
        <a href="/docs/troubleshooting">Troubleshooting</a>
      </p>
      <div class="stack">
        {groups.map(([group, checks]) => <GroupTable group={group} checks={checks ?? []} />)}
      </div>
    </Layout>
  );
}
