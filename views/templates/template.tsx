import type { z } from "@hono/zod-openapi";
import type { TemplateDetails } from "../../src/templates/input.ts";
import type { Again } from "../../src/http/forms.ts";
import type { Who } from "../../src/who.ts";
import { ChoiceField, TextField } from "../field.tsx";
import { Layout } from "../layout.tsx";
import { Issues, KIND_NAMES, TemplateFields } from "./templates.tsx";
import { Time } from "../parts/show.tsx";
import { Form } from "../parts/form.tsx";
import { PageTitle } from "../parts/page.tsx";

type Template = z.infer<typeof TemplateDetails>;
type Chosen = Template["chosen"][number];
type Props = { who: Who; template: Template; again: { version?: Again; choice?: Again } };

/** "ada's timing tables named paths_*". */
export function choiceInWords({ username, kind, pattern }: Chosen): string {
  const whose = username ? `${username}’s` : "All";
  const named = pattern === null ? "" : ` named ${pattern}`;
  return `${whose} ${kind ? `${KIND_NAMES[kind]} ` : ""}tables${named}`;
}

function Choices({ template: { id, chosen }, admin, again }: {
  template: Template;
  admin: boolean;
  again: Again | undefined;
}) {
  return (
    <section class="card">
      <h2>Chosen for</h2>
      {chosen.length === 0 && <p>No tables yet: the built-in templates draw them.</p>}
      <ul>
        {chosen.map((choice) => (
          <li>
            <Form class="actions" action={`/templates/${id}/choices`}>
              <span>{choiceInWords(choice)}</span>
              <input type="hidden" name="username" value={choice.username ?? ""} />
              <input type="hidden" name="kind" value={choice.kind ?? ""} />
              <input type="hidden" name="pattern" value={choice.pattern ?? ""} />
              <input type="hidden" name="remove" value="true" />
              {admin && <button class="plain" type="submit">No longer</button>}
            </Form>
          </li>
        ))}
      </ul>
      {admin && <ChoiceForm id={id} again={again} />}
    </section>
  );
}

function ChoiceForm({ id, again }: { id: number; again: Again | undefined }) {
  const shown = again && { ...again, issues: [] };
  return (
    <Form action={`/templates/${id}/choices`}>
      <Issues again={again} />
      <div class="entries">
        <TextField
          form="choice"
          name="username"
          label="Username"
          hint="Empty: every user."
          maxlength={32}
          again={shown}
        />
        <ChoiceField
          form="choice"
          name="kind"
          label="Kind"
          value=""
          options={[["", "Every kind"], ["timing", "Timing"], ["qor", "QoR"], ["drc", "DRC"]]}
          again={shown}
        />
        <TextField
          form="choice"
          name="pattern"
          label="Table name"
          hint="Such as paths_*. Empty: every table."
          maxlength={100}
          again={shown}
        />
      </div>
      <p class="hint">
        The most specific choice counts: user and name, user and kind, user, name, kind. Boards
        change with their tables’ next run.
      </p>
      <button type="submit">Choose</button>
    </Form>
  );
}

function Boards({ boards }: { boards: Template["boards"] }) {
  if (boards.length === 0) return null;
  return (
    <section class="card">
      <h2>Boards</h2>
      <ul>
        {boards.map(({ id, username, schema_name, table_name, note }) => (
          <li>
            <a href={`/boards/${id}`}>{`${username}: ${schema_name}.${table_name}`}</a>
            {note && <p class="fault">{note}</p>}
          </li>
        ))}
      </ul>
    </section>
  );
}

function Versions({ versions }: { versions: Template["versions"] }) {
  return (
    <section class="card">
      <h2>Versions</h2>
      <ul>
        {versions.map(({ version, created_at, created_by }) => (
          <li>
            {`${version}, by ${created_by}, `}
            <Time at={created_at} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function Warnings({ warnings }: { warnings: Template["warnings"] }) {
  if (warnings.length === 0) return null;
  return (
    <section class="card">
      <h2>Warnings</h2>
      <ul>
        {warnings.map(({ path, message }) => (
          <li>
            <code>{path}</code> {message}
          </li>
        ))}
      </ul>
    </section>
  );
}

function Changes({ template: { id, name, kind }, again }: {
  template: Template;
  again: Again | undefined;
}) {
  return (
    <>
      <details class="card" open={again !== undefined}>
        <summary>
          <h2>New version</h2>
        </summary>
        <Form action={`/templates/${id}`} enctype="multipart/form-data">
          <TemplateFields form="version" again={again} name={name} kind={kind} />
          <button type="submit">Save version</button>
        </Form>
      </details>
      <details class="card">
        <summary>
          <h2>Remove</h2>
        </summary>
        <Form action={`/templates/${id}/remove`}>
          <p>Its versions go with it. Its boards stay until their tables’ next run.</p>
          <button class="danger" type="submit">Remove template</button>
        </Form>
      </details>
    </>
  );
}

export function TemplatePage({ who, template, again }: Props) {
  const { id, name, kind, built_in, version } = template;
  const admin = who.role === "admin";
  return (
    <Layout title={name} who={who}>
      <PageTitle text={name} above={{ href: "/templates", text: "Templates" }} />
      <div class="stack">
        <section class="card">
          <p>
            {`Draws ${kind === "any" ? "" : `${KIND_NAMES[kind]} `}tables; ${
              built_in ? "built in" : `version ${version}`
            }.`}
          </p>
          <div class="actions">
            <a href={`/templates/${id}/preview`}>Preview with sample data</a>
            <a href={`/api/v1/templates/${id}`}>JSON</a>
          </div>
        </section>
        {!built_in && (
          <>
            <Warnings warnings={template.warnings} />
            <Choices template={template} admin={admin} again={again.choice} />
            <Boards boards={template.boards} />
            <Versions versions={template.versions} />
            {admin && <Changes template={template} again={again.version} />}
          </>
        )}
      </div>
    </Layout>
  );
}
