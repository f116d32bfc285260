import type { z } from "@hono/zod-openapi";
import type { Credential as CredentialSchema } from "../../src/credentials/credentials.ts";
import type { Default } from "../../src/credentials/defaults.ts";
import type { Again } from "../../src/http/forms.ts";
import { SecretField, TextField, TimeField } from "../field.tsx";
import { State, Time } from "../parts/show.tsx";
import { Form, PostButton } from "../parts/form.tsx";
import { NumberCell, Table } from "../parts/table.tsx";

type Credential = z.infer<typeof CredentialSchema>;
type Props = {
  id: number;
  credentials: Credential[];
  testable: string[];
  defaults: Default[];
  again: Again | undefined;
};

export function Expiry({ expires_at, expired }: Pick<Credential, "expires_at" | "expired">) {
  if (!expires_at) return <>never</>;
  return (
    <>
      {expired && <State mark="bad" text="expired" />}
      {expired && " "}
      <Time at={expires_at} />
    </>
  );
}

function Row({ path, credential, testable }: {
  path: string;
  credential: Credential;
  testable: boolean;
}) {
  const { key_name, masked, version, updated_at } = credential;
  return (
    <tr>
      <th scope="row">
        <a href={path}>{key_name}</a>
      </th>
      <td>
        <code>{masked}</code>
      </td>
      <NumberCell>{version}</NumberCell>
      <td>
        <Time at={updated_at} />
      </td>
      <td>
        <Expiry {...credential} />
      </td>
      <td>
        <div class="actions">
          <PostButton action={`${path}/reveal`} text="Reveal" label={`Reveal ${key_name}`} />
          <CopySecret path={path} name={key_name} />
          {testable && (
            <PostButton
              action={`${path}/test`}
              text="Test"
              label={`Test ${key_name}`}
            />
          )}
          <a href={path} aria-label={`Change ${key_name}`}>Change</a>
        </div>
      </td>
    </tr>
  );
}

function Addition({ id, again }: { id: number; again: Again | undefined }) {
  return (
    <details class="card" open={again !== undefined}>
      <summary>
        <h2>Add a credential</h2>
      </summary>
      <Form action={`/users/${id}/credentials`}>
        <TextField
          form="add"
          name="key_name"
          label="Name"
          hint="Like SLACK_BOT_TOKEN: A-Z, a-z, 0-9, _, . and -."
          maxlength={255}
          required
          again={again}
        />
        <SecretField form="add" name="key_value" label="Value" again={again} />
        <TimeField
          form="add"
          name="expires_at"
          label="Expiry (UTC)"
          hint="Left empty, it does not expire."
          again={again}
        />
        <button type="submit">Add</button>
      </Form>
    </details>
  );
}

/** Copies a value without showing it; shown only where a script may write to the clipboard. */
export function CopySecret({ path, name }: { path: string; name: string }) {
  return (
    <button
      class="plain"
      type="button"
      data-copy-from={`${path}/copy`}
      aria-label={`Copy ${name}`}
      hidden
    >
      Copy
    </button>
  );
}

function Defaults({ defaults }: { defaults: Default[] }) {
  return (
    <dl class="defaults">
      {defaults.map(({ key_name, applies }) => (
        <>
          <dt>
            <code>{key_name}</code>
          </dt>
          <dd>{applies ? "The default of this installation applies." : "Not set."}</dd>
        </>
      ))}
    </dl>
  );
}

export function Credentials({ id, credentials, testable, defaults, again }: Props) {
  return (
    <div class="stack">
      <section class="card">
        <h2>Credentials</h2>
        {credentials.length === 0
          ? <p>No credentials yet. Add one below: it is sealed, and a flow reads it by the API.</p>
          : (
            <Table label="Sealed, by name">
              <thead>
                <tr>
                  <th scope="col">Name</th>
                  <th scope="col">Value</th>
                  <th scope="col" class="num">Version</th>
                  <th scope="col">Changed</th>
                  <th scope="col">Expires</th>
                  <th scope="col">Actions</th>
                </tr>
              </thead>
              <tbody>
                {credentials.map((credential) => (
                  <Row
                    path={`/users/${id}/credentials/${credential.key_name}`}
                    credential={credential}
                    testable={testable.includes(credential.key_name)}
                  />
                ))}
              </tbody>
            </Table>
          )}
        {defaults.length > 0 && <Defaults defaults={defaults} />}
      </section>
      <Addition id={id} again={again} />
    </div>
  );
}
