import type { z } from "@hono/zod-openapi";
import type { Again } from "../../src/http/forms.ts";
import type { ImportKey as ImportKeySchema } from "../../src/users/imports/keys.ts";
import type { Who } from "../../src/who.ts";
import { Refused, TextField, TimeField } from "../field.tsx";
import { Layout } from "../layout.tsx";
import { CopyButton, Form, PostButton } from "../parts/form.tsx";
import { Time } from "../parts/show.tsx";
import { Head, Table } from "../parts/table.tsx";

type ImportKey = z.infer<typeof ImportKeySchema>;

function Row({ path, row }: { path: string; row: ImportKey }) {
  const { id, name, created_at, last_used_at, expires_at } = row;
  return (
    <tr>
      <th scope="row">{name}</th>
      <td>
        <Time at={created_at} />
      </td>
      <td>{last_used_at ? <Time at={last_used_at} /> : "Never"}</td>
      <td>{expires_at ? <Time at={expires_at} /> : "Never"}</td>
      <td>
        <PostButton
          action={`${path}/${id}/remove`}
          text="Remove"
          label={`Remove ${name}`}
          confirm="Remove this key? Flows that use it can no longer import."
        />
      </td>
    </tr>
  );
}

/** The keys with which flows send report files. */
export function ImportKeysCard({ id, keys, again }: {
  id: number;
  keys: ImportKey[];
  again: Again | undefined;
}) {
  const path = `/users/${id}/import-keys`;
  return (
    <section class="card">
      <h2>Import keys</h2>
      <p class="hint">For CI: an import key can send report files and nothing else.</p>
      {keys.length > 0 && (
        <Table label="Import keys">
          <Head columns={["Name", "Made", "Last used", "Expires", "Actions"]} />
          <tbody>
            {keys.map((row) => <Row path={path} row={row} />)}
          </tbody>
        </Table>
      )}
      <Form action={path}>
        <Refused again={again} />
        <TextField form="import_key" name="name" label="Name" required again={again} />
        <TimeField
          form="import_key"
          name="expires_at"
          label="Expiry (UTC)"
          hint="Left empty, it does not expire."
          again={again}
        />
        <button type="submit">Make an import key</button>
      </Form>
    </section>
  );
}

/** Shows a new import key, once. */
export function NewImportKeyPage({ who, user_id, name, api_key, base }: {
  who: Who;
  user_id: number;
  name: string;
  api_key: string;
  base: string;
}) {
  const curl =
    `curl -T report.log -H "Authorization: Bearer ${api_key}" "${base}/api/v1/imports?design=gcd"`;
  return (
    <Layout title={`The import key ${name}`} who={who}>
      <section class="card narrow">
        <h1>{`The import key ${name}`}</h1>
        <p>Copy it now: it is shown this once, and only its hash is stored.</p>
        <p>
          <code class="value">{api_key}</code>
          <CopyButton value={api_key} label="Copy the key" />
        </p>
        <h2>Try it</h2>
        <p>
          <code class="value">{curl}</code>
          <CopyButton value={curl} label="Copy the command" />
        </p>
        <p>
          <a class="button" href={`/users/${user_id}`}>I have copied it</a>
        </p>
      </section>
    </Layout>
  );
}
