import type { Again } from "../../src/http/forms.ts";
import { KINDS } from "../dashboards/state.tsx";
import { Line } from "../document.tsx";
import { ChoiceField, TextField } from "../field.tsx";
import { Form } from "../parts/form.tsx";
import { type Answer, Answered } from "./answer.tsx";

export type ImportForm = {
  formats: string[];
  /** Of all files of a call together. */
  most_bytes: number;
  again: Again | undefined;
  answer: Answer | undefined;
};

type Field = { name: string; label: string; most: number; hint?: string };
const FIELDS: Field[] = [
  { name: "design", label: "Design", most: 200 },
  { name: "platform", label: "Platform", most: 200 },
  { name: "variant", label: "Variant", most: 200 },
  { name: "stage", label: "Stage", most: 200 },
  { name: "corner", label: "Corner", most: 200 },
  { name: "run_id", label: "Run ID", most: 200 },
  { name: "git_commit", label: "Git commit", most: 200 },
  { name: "table", label: "Table", most: 63, hint: "In place of the format's own." },
];
const NAMES = [...FIELDS.map(({ name }) => name), "kind", "format"];

function More({ formats, again }: Pick<ImportForm, "formats" | "again">) {
  const same = { form: "import", again };
  const isOpen =
    again?.issues.some(({ path, message }) =>
      NAMES.includes(path) || message.includes("`format`") || message.includes("table=NAME")
    ) || Object.keys(again?.typed ?? {}).some((name) => NAMES.includes(name));
  const all = formats.map((name): [string, string] => [name, name]);
  return (
    <details id="import-more" open={isOpen}>
      <summary>More</summary>
      <p class="hint">What you fill in here wins over what the files say.</p>
      <div class="entries">
        {FIELDS.map(({ name, label, most, hint }) => (
          <TextField
            {...{ ...same, name, label }}
            {...(hint ? { hint } : {})}
            maxlength={most}
          />
        ))}
        <ChoiceField
          {...same}
          name="kind"
          label="Database"
          value=""
          options={[["", "The format's own"], ...Object.entries(KINDS)]}
        />
        <ChoiceField
          {...same}
          name="format"
          label="Format"
          value=""
          options={[["", "Recognized from the file"], ...all]}
        />
      </div>
    </details>
  );
}

/** What is wrong with the files, or with what the form has no field for. */
function Faults({ again }: { again: Again | undefined }) {
  const own = again?.issues.filter(({ path }) => !NAMES.includes(path)) ?? [];
  return (
    <div id="import-fault" role="alert">
      {own.map(({ path, message }) => (
        <p class="fault">
          <Line text={path ? `${path}: ${message}` : message} />
        </p>
      ))}
    </div>
  );
}

/** A script shows this while files are sent. */
function Sending() {
  return (
    <p class="progress" id="import-sending" hidden>
      <progress max={1} aria-label="Sent"></progress>
      <span></span>
      <button class="plain" type="button">Cancel</button>
    </p>
  );
}

/** Without a script the form is sent as it is; with it, files are checked as soon as they are chosen. */
export function ImportCard({ formats, most_bytes, again, answer }: ImportForm) {
  return (
    <section class="card" aria-label="Import files">
      <Form action="/imports" id="import" enctype="multipart/form-data">
        <div class="drop">
          <label for="import-files">Report files</label>
          <input
            type="file"
            id="import-files"
            name="files"
            multiple
            required
            data-most={`${most_bytes}`}
            aria-describedby="import-files-hint import-fault"
          />
          <p class="hint" id="import-files-hint">
            <span data-with-script hidden>
              Drop them here or choose them: nothing is written before you have seen what was read.
              {" "}
            </span>
            Timing, QoR and DRC reports, CSV, JSON; also gzipped.
          </p>
          <noscript>
            <p class="hint">Without JavaScript up to 16 MiB: send larger files with curl.</p>
          </noscript>
        </div>
        <Faults again={again} />
        <More formats={formats} again={again} />
        <div class="actions">
          <button type="submit">Import files</button>
          <button class="quiet" type="submit" name="dry_run" value="true" data-without-script>
            Check without writing
          </button>
          <Sending />
        </div>
        <p class="unseen" id="import-status" role="status"></p>
      </Form>
      <div id="import-answer">{answer && <Answered answer={answer} />}</div>
    </section>
  );
}
