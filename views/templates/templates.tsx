import type { z } from "@hono/zod-openapi";
import type { Template as TemplateSchema } from "../../src/templates/input.ts";
import type { Again } from "../../src/http/forms.ts";
import type { Who } from "../../src/who.ts";
import { ChoiceField, TextField } from "../field.tsx";
import { Layout } from "../layout.tsx";
import { Form } from "../parts/form.tsx";
import { Table } from "../parts/table.tsx";
import { PageTitle } from "../parts/page.tsx";

type Template = z.infer<typeof TemplateSchema>;

export const KIND_NAMES: Record<Template["kind"], string> = {
  timing: "Timing",
  qor: "QoR",
  drc: "DRC",
  any: "Any",
};
const KINDS = Object.entries(KIND_NAMES);

export function Issues({ again }: { again: Again | undefined }) {
  if (!again) return null;
  return (
    <div class="fault" role="alert" tabindex={-1} autofocus>
      <p>Not saved:</p>
      <ul>
        {again.issues.map(({ path, message }) => (
          <li>
            {path && <code>{path}</code>} {message}
          </li>
        ))}
      </ul>
    </div>
  );
}

const HINT =
  "As Grafana exports it, at most 2 MiB. ${table}, ${schema} and ${datasource} are filled " +
  "in for each board, in SQL as quoted names.";

export function TemplateFields(
  { form, again, name = "", kind = "timing" }: {
    form: string;
    again: Again | undefined;
    name?: string;
    kind?: string;
  },
) {
  const shown = again && { ...again, issues: [] };
  return (
    <>
      <Issues again={again} />
      <div class="entries">
        <TextField
          form={form}
          name="name"
          label="Name"
          value={name}
          maxlength={100}
          required
          again={shown}
        />
        <ChoiceField
          form={form}
          name="kind"
          label="Draws tables of kind"
          value={kind}
          options={KINDS}
          again={shown}
        />
      </div>
      <div class="entry">
        <label for={`${form}-file`}>Dashboard, a file</label>
        <input
          id={`${form}-file`}
          type="file"
          name="file"
          accept=".json,application/json"
          aria-describedby={`${form}-hint`}
        />
        <p class="hint" id={`${form}-hint`}>{HINT}</p>
      </div>
      <div class="entry">
        <label for={`${form}-dashboard`}>or its JSON</label>
        <textarea id={`${form}-dashboard`} name="dashboard" rows={6} spellcheck={false}>
          {again?.typed.dashboard ?? ""}
        </textarea>
      </div>
    </>
  );
}

function Rows({ templates }: { templates: Template[] }) {
  return (
    <Table label="Templates: the built-in ones, then your own">
      <thead>
        <tr>
          <th scope="col">Name</th>
          <th scope="col">Kind</th>
          <th scope="col">Version</th>
          <th scope="col">Sample data</th>
        </tr>
      </thead>
      <tbody>
        {templates.map(({ id, name, kind, built_in, version }) => (
          <tr>
            <th scope="row">
              <a href={`/templates/${id}`}>{name}</a>
            </th>
            <td>{KIND_NAMES[kind]}</td>
            <td>{built_in ? "built in" : version}</td>
            <td>
              <a href={`/templates/${id}/preview`} aria-label={`Preview ${name}`}>Preview</a>
            </td>
          </tr>
        ))}
      </tbody>
    </Table>
  );
}

type Props = { who: Who; templates: Template[]; again?: Again | undefined };

export function TemplatesPage({ who, templates, again }: Props) {
  return (
    <Layout title="Templates" who={who}>
      <PageTitle text="Templates" />
      <div class="stack">
        {who.role === "admin" && (
          <details class="card" open={again !== undefined}>
            <summary>
              <h2>New template</h2>
            </summary>
            <Form action="/templates" enctype="multipart/form-data">
              <TemplateFields form="new" again={again} />
              <button type="submit">Add template</button>
            </Form>
          </details>
        )}
        <section class="card">
          <Rows templates={templates} />
        </section>
      </div>
    </Layout>
  );
}
