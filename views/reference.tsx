import type { Child } from "hono/jsx";
import type { Field, Operation, Reference } from "../src/home/reference.ts";
import type { Who } from "../src/who.ts";
import { Line } from "./document.tsx";
import { Layout } from "./layout.tsx";
import { CopyButton } from "./parts/form.tsx";
import { PageTitle } from "./parts/page.tsx";
import { Head, Table } from "./parts/table.tsx";

function Type({ type, ref }: Pick<Field, "type" | "ref">) {
  return ref ? <a href={`#object-${ref}`}>{type}</a> : <>{type}</>;
}

function Fields({ label, fields, silent = false }: {
  label: string;
  fields: (Field & { in?: string })[];
  silent?: boolean;
}) {
  return (
    <Table label={label} silent={silent}>
      <Head columns={["Name", "Type", "Meaning"]} />
      <tbody>
        {fields.map((field) => (
          <tr>
            <th scope="row">
              <code>{field.name}</code>
            </th>
            <td>
              <Type type={field.type} ref={field.ref} />
            </td>
            <td>
              {[field.in && `In the ${field.in}`, field.required ? "required" : "optional"]
                .filter(Boolean).join(", ")}
              {field.description && (
                <>
                  {". "}
                  <Line text={field.description} />
                </>
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </Table>
  );
}

function Example({ title, text }: { title: string; text: string }) {
  return (
    <>
      <h3>{title}</h3>
      <pre class="value" tabindex={0} aria-label={title}>{text}</pre>
    </>
  );
}

function Answers({ answers }: Pick<Operation, "answers">) {
  return (
    <>
      <h3>Answers</h3>
      <ul>
        {answers.map(({ status, description, ref }) => (
          <li>
            <code>{status}</code> <Line text={description} />
            {ref && (
              <>
                {" "}
                <a href={`#object-${ref}`}>{ref}</a>
              </>
            )}
          </li>
        ))}
      </ul>
    </>
  );
}

/** Sent by a script, with the key of the page's field; hidden without one. */
function Try({ operation: { id, path, parameters } }: { operation: Operation }) {
  return (
    <form class="try" data-try={`/api/v1${path.replace(/\/$/, "")}`} hidden>
      <h3>Try</h3>
      <div class="entries">
        {parameters.map(({ name, in: place }) => (
          <label>
            {name}
            <input
              name={name}
              required={place === "path"}
              autocomplete="off"
              id={`${id}-${name}`}
            />
          </label>
        ))}
      </div>
      <button class="quiet" type="submit">Send</button>
      <pre class="value" tabindex={0} role="region" aria-label="The answer" hidden></pre>
    </form>
  );
}

function OperationPart({ operation }: { operation: Operation }) {
  const { id, method, path, summary, description, parameters, body, example, curl } = operation;
  return (
    <details class="operation" id={id}>
      <summary>
        <code class="method">{method}</code> <code>{path.replace(/(.)\/$/, "$1")}</code>
        <span class="hint">{` ${summary}`}</span>
      </summary>
      {description && (
        <p>
          <Line text={description} />
        </p>
      )}
      <code class="value">{curl}</code>
      <p>
        <CopyButton value={curl} label={`Copy the curl line of ${method} ${path}`} />
      </p>
      {parameters.length > 0 && (
        <Fields label={`Parameters of ${method} ${path}`} fields={parameters} />
      )}
      {body && (
        <>
          <Fields label={`Body of ${method} ${path}`} fields={body.fields} />
          <Example title="Example of a body" text={body.example} />
        </>
      )}
      <Answers answers={operation.answers} />
      {example && <Example title="Example of an answer" text={example} />}
      {method === "GET" && <Try operation={operation} />}
    </details>
  );
}

function Part({ id, title, children }: { id: string; title: string; children: Child }) {
  return (
    <section class="card" id={id} aria-labelledby={`${id}-title`}>
      <h2 id={`${id}-title`}>{title}</h2>
      {children}
    </section>
  );
}

/** The field of the key that "Try" sends: a script shows it, nothing stores or submits it. */
function KeyField() {
  return (
    <div id="api-key-part" hidden>
      <label class="entry">
        API key for "Try"
        <input
          id="api-key"
          class="secret"
          type="text"
          autocomplete="off"
          spellcheck={false}
          aria-describedby="api-key-hint"
        />
      </label>
      <p class="hint" id="api-key-hint">
        The key stays in this tab until you leave the page. "Try" sends it as a Bearer token.
      </p>
    </div>
  );
}

export function ReferencePage({ who, reference }: { who: Who; reference: Reference }) {
  const { groups, objects } = reference;
  return (
    <Layout title="API" who={who}>
      <PageTitle
        text="API"
        about={
          <>
            Send <code>Authorization: Bearer …</code>{" "}
            with your API key. Bodies and answers are JSON.
          </>
        }
      >
        <a href="/api/v1/openapi.json">OpenAPI document</a>
      </PageTitle>
      <div class="stack reference">
        <Part id="start" title="Contents">
          <KeyField />
          <ul>
            {groups.map(({ name, operations }) => (
              <li>
                <a href={`#${name.toLowerCase()}`}>{name}</a>
                <span class="hint">{` ${operations.length}`}</span>
              </li>
            ))}
            <li>
              <a href="#objects">Objects</a>
            </li>
          </ul>
        </Part>
        {groups.map(({ name, operations }) => (
          <Part id={name.toLowerCase()} title={name}>
            {operations.map((operation) => <OperationPart operation={operation} />)}
          </Part>
        ))}
        <Part id="objects" title="Objects">
          {objects.map(({ name, fields }) => (
            <div class="object" id={`object-${name}`}>
              <h3>{name}</h3>
              {fields.length > 0
                ? <Fields label={`Fields of ${name}`} fields={fields} silent />
                : <p class="hint">A value without fields.</p>}
            </div>
          ))}
        </Part>
      </div>
    </Layout>
  );
}
