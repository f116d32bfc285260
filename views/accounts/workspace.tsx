import type { Overview } from "../../src/accounts/overview.ts";
import type { Who } from "../../src/who.ts";
import type { Again } from "../../src/http/forms.ts";
import { Refused } from "../field.tsx";
import { State, Time } from "../parts/show.tsx";
import { NumberCell, Table } from "../parts/table.tsx";
import { CopyButton, PostButton } from "../parts/form.tsx";

type Props = { id: number; who: Who; overview: Overview; again: Again | undefined };

const STATES = {
  ready: ["good", "Ready"],
  pending: ["busy", "Creating"],
  failed: ["bad", "Needs attention"],
} as const;

export function WorkspaceState({ state }: Pick<Overview, "state">) {
  const [mark, text] = STATES[state];
  return <State mark={mark} text={text} />;
}

const STEP_MARKS = { done: "good", pending: "busy", failed: "bad" } as const;

export function size(bytes: number | null): string {
  if (bytes === null) return "–";
  const mebibytes = bytes / 2 ** 20;
  return mebibytes < 1024 ? `${mebibytes.toFixed(1)} MiB` : `${(mebibytes / 1024).toFixed(1)} GiB`;
}

function Databases({ databases }: Pick<Overview, "databases">) {
  return (
    <Table label="Databases">
      <thead>
        <tr>
          <th scope="col">Name</th>
          <th scope="col" class="num">Size</th>
          <th scope="col" class="num">Tables</th>
          <th scope="col">Command (the password is in the credentials)</th>
        </tr>
      </thead>
      <tbody>
        {databases.map(({ name, bytes, tables, line }) => (
          <tr>
            <td>
              <code>{name}</code>
            </td>
            <NumberCell>{size(bytes)}</NumberCell>
            <NumberCell>{tables}</NumberCell>
            <td>
              <code class="line">{line}</code>{" "}
              <CopyButton value={line} label={`Copy the command for ${name}`} />
            </td>
          </tr>
        ))}
      </tbody>
    </Table>
  );
}

/** A script fetches them anew when one has moved. */
export function Steps({ id, workspace }: {
  id: number;
  workspace: Pick<Overview, "state" | "steps">;
}) {
  const { state, steps } = workspace;
  return (
    <div
      id="steps"
      role="status"
      aria-label="Steps of the workspace"
      data-steps={`${id}`}
      hx-get={`/users/${id}/steps`}
      hx-trigger="steps-moved, htmx:sse:after:connection from:#live"
      hx-swap="outerMorph"
    >
      <p>
        <WorkspaceState state={state} />
      </p>
      <ul class="steps">
        {steps.map(({ name, state, attempts, message }) => (
          <li>
            <State mark={STEP_MARKS[state]} text={name.replaceAll("_", " ")} />
            {message && <span class="fault">{` ${message} (attempt ${attempts})`}</span>}
          </li>
        ))}
      </ul>
    </div>
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

export function WorkspaceCard({ id, who, overview, again }: Props) {
  const gone = overview.findings.some(({ what, found }) =>
    what.startsWith("database ") && found === "missing"
  );
  return (
    <section class="card">
      <h2>Workspace</h2>
      <Refused again={again} />
      <Steps id={id} workspace={overview} />
      <Databases databases={overview.databases} />
      <Findings checked_at={overview.checked_at} findings={overview.findings} />
      <div class="actions">
        <PostButton action={`/users/${id}/check`} text="Check" />
        {who.role === "admin" && <PostButton action={`/users/${id}/repair`} text="Repair" />}
        {who.role === "admin" && gone && (
          <PostButton action={`/users/${id}/recreate`} text="Make vanished databases anew, empty" />
        )}
        <PostButton action={`/users/${id}/database-password`} text="New database passwords" />
      </div>
    </section>
  );
}
