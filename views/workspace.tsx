import type { Overview } from "../src/accounts/overview.ts";
import type { Who } from "../src/who.ts";
import { Time } from "./dashboards.tsx";
import type { Again } from "../src/http/forms.ts";
import { Refused } from "./field.tsx";

type Props = { id: number; who: Who; overview: Overview; again: Again | undefined };

const STATES = {
  ready: ["good", "Ready"],
  pending: ["busy", "Creating"],
  failed: ["bad", "Needs a person"],
} as const;
const STEP_MARKS = { done: "good", pending: "busy", failed: "bad" } as const;

function size(bytes: number | null): string {
  if (bytes === null) return "–";
  const mebibytes = bytes / 2 ** 20;
  return mebibytes < 1024 ? `${mebibytes.toFixed(1)} MiB` : `${(mebibytes / 1024).toFixed(1)} GiB`;
}

function Databases({ databases }: Pick<Overview, "databases">) {
  return (
    <table>
      <caption>Databases</caption>
      <thead>
        <tr>
          <th scope="col">Name</th>
          <th scope="col">Size</th>
          <th scope="col">Tables</th>
          <th scope="col">To open it (the password stands in the credentials)</th>
        </tr>
      </thead>
      <tbody>
        {databases.map(({ name, bytes, tables, line }) => (
          <tr>
            <td>
              <code>{name}</code>
            </td>
            <td>{size(bytes)}</td>
            <td>{tables}</td>
            <td>
              <code class="line">{line}</code>{" "}
              <button class="plain" type="button" data-copy={line} hidden>Copy</button>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Steps({ steps }: Pick<Overview, "steps">) {
  return (
    <ul class="steps">
      {steps.map(({ name, state, attempts, message }) => (
        <li>
          <span class={`state ${STEP_MARKS[state]}`}>{name.replaceAll("_", " ")}</span>
          {message && <span class="fault">{` ${message} (attempt ${attempts})`}</span>}
        </li>
      ))}
    </ul>
  );
}

function Findings({ checked_at, findings }: Pick<Overview, "checked_at" | "findings">) {
  if (!checked_at) return <p class="hint">Not checked yet.</p>;
  return (
    <>
      <p class="hint">
        {findings.length === 0 ? "All as it should be, checked " : "Not as it should be, checked "}
        <Time at={checked_at} />
      </p>
      <ul>
        {findings.map(({ what, expected, found }) => (
          <li>{`${what}: should be ${expected}, is ${found}`}</li>
        ))}
      </ul>
    </>
  );
}

function Maintenance({ id, what, text }: { id: number; what: string; text: string }) {
  return (
    <form method="post" action={`/users/${id}/${what}`}>
      <button class="plain" type="submit">{text}</button>
    </form>
  );
}

export function WorkspaceCard({ id, who, overview, again }: Props) {
  const [mark, text] = STATES[overview.state];
  const gone = overview.findings.some(({ what, found }) =>
    what.startsWith("database ") && found === "missing"
  );
  return (
    <section class="card">
      <h2>Workspace</h2>
      <Refused again={again} />
      <p>
        <span class={`state ${mark}`}>{text}</span>
      </p>
      {overview.state !== "ready" && <Steps steps={overview.steps} />}
      <Databases databases={overview.databases} />
      <Findings checked_at={overview.checked_at} findings={overview.findings} />
      <div class="actions">
        <Maintenance id={id} what="check" text="Check" />
        {who.role === "admin" && <Maintenance id={id} what="repair" text="Repair" />}
        {who.role === "admin" && gone && (
          <Maintenance id={id} what="recreate" text="Make vanished databases anew, empty" />
        )}
        <Maintenance id={id} what="database-password" text="New database passwords" />
      </div>
    </section>
  );
}
