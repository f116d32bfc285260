import type { z } from "@hono/zod-openapi";
import type { Credential as CredentialSchema } from "../../src/credentials/credentials.ts";
import type { Tested } from "../../src/credentials/test.ts";
import type { Version } from "../../src/credentials/versions.ts";
import type { Who } from "../../src/who.ts";
import { CopySecret, Expiry } from "./credentials.tsx";
import type { Again } from "../../src/http/forms.ts";
import { Refused, SecretField, TimeField } from "../field.tsx";
import { Layout } from "../layout.tsx";
import { State, Time } from "../parts/show.tsx";
import { Form, PostButton } from "../parts/form.tsx";
import { Table } from "../parts/table.tsx";
import { PageTitle } from "../parts/page.tsx";

type Credential = z.infer<typeof CredentialSchema>;
type Versions = z.infer<typeof Version>[];
/** The result of the submitted form. */
export type Answer = {
  revealed?: { version: number; key_value: string };
  tested?: z.infer<typeof Tested>;
  again?: Partial<Record<"test" | "change", Again>>;
  warnings?: string[];
};
type Props = {
  who: Who;
  user: { id: number; username: string };
  credential: Credential;
  versions: Versions;
  answer: Answer;
};

function Facts({ credential }: { credential: Credential }) {
  const { masked, version, created_at, updated_at } = credential;
  return (
    <dl>
      <dt>Value</dt>
      <dd>
        <code>{masked}</code>
      </dd>
      <dt>Version</dt>
      <dd>{version}</dd>
      <dt>Added</dt>
      <dd>
        <Time at={created_at} />
      </dd>
      <dt>Changed</dt>
      <dd>
        <Time at={updated_at} />
      </dd>
      <dt>Expires</dt>
      <dd>
        <Expiry {...credential} />
      </dd>
    </dl>
  );
}

function Flash({ answer: { revealed, tested, again, warnings = [] } }: { answer: Answer }) {
  return (
    <>
      {warnings.map((warning) => (
        <p class="flash" role="status" tabindex={-1} autofocus>
          <State mark="warn" text="Saved, but:" /> {warning}
        </p>
      ))}
      {revealed && (
        <div class="flash" role="status" tabindex={-1} autofocus data-hide-after="30">
          <h3>{`The value of version ${revealed.version}, for 30 seconds`}</h3>
          <code class="value">{revealed.key_value}</code>
        </div>
      )}
      {tested && (
        <p class="flash" role="status" tabindex={-1} autofocus>
          <State
            mark={tested.ok ? "good" : "bad"}
            text={tested.ok ? "It works:" : "It does not work:"}
          />
          {` ${tested.message}`}
        </p>
      )}
      <Refused again={again?.test} />
    </>
  );
}

function Change({ path, credential, again }: {
  path: string;
  credential: Credential;
  again: Again | undefined;
}) {
  return (
    <section class="card">
      <h2>New value</h2>
      <Form action={`${path}/change`}>
        <SecretField form="change" name="key_value" label="Value" again={again} />
        <TimeField
          form="change"
          name="expires_at"
          label="Expiry (UTC)"
          hint="Left empty, it does not expire."
          value={credential.expires_at}
          again={again}
        />
        <button type="submit">Change</button>
      </Form>
    </section>
  );
}

function Old({ path, versions }: { path: string; versions: Versions }) {
  return (
    <section class="card">
      <h2>Versions</h2>
      <Table label="The last ten, newest first">
        <thead>
          <tr>
            <th scope="col">Version</th>
            <th scope="col">Since</th>
            <th scope="col">By</th>
            <th scope="col">Actions</th>
          </tr>
        </thead>
        <tbody>
          {versions.map(({ version, created_at, created_by }, i) => (
            <tr>
              <th scope="row">{version}</th>
              <td>
                <Time at={created_at} />
              </td>
              <td>{created_by}</td>
              <td>
                <div class="actions">
                  <ForVersion {...{ path, version }} action="reveal" text="Reveal" />
                  {i > 0 && (
                    <ForVersion
                      {...{ path, version }}
                      action="rollback"
                      text="Roll back"
                    />
                  )}
                </div>
              </td>
            </tr>
          ))}
        </tbody>
      </Table>
    </section>
  );
}

function ForVersion({ path, version, action, text }: {
  path: string;
  version: number;
  action: string;
  text: string;
}) {
  return (
    <PostButton
      action={`${path}/${action}`}
      fields={{ version: String(version) }}
      text={text}
      label={`${text} version ${version}`}
    />
  );
}

/** Shows the value only after a reveal. */
export function CredentialPage({ who, user, credential, versions, answer }: Props) {
  const { key_name } = credential;
  const path = `/users/${user.id}/credentials/${key_name}`;
  return (
    <Layout title={`${key_name} of ${user.username}`} who={who}>
      <PageTitle
        text={key_name}
        above={{ href: `/users/${user.id}`, text: user.username }}
      />
      <div class="beside">
        <div class="stack">
          <section class="card">
            <h2>Credential</h2>
            <Flash answer={answer} />
            <Facts credential={credential} />
            <div class="actions">
              <PostButton action={`${path}/reveal`} text="Reveal" label={`Reveal ${key_name}`} />
              <CopySecret path={path} name={key_name} />
              <PostButton action={`${path}/test`} text="Test" label={`Test ${key_name}`} />
            </div>
          </section>
          <details class="card">
            <summary>
              <h2>Remove this credential</h2>
            </summary>
            <p>Its versions go with it.</p>
            <Form action={`${path}/remove`}>
              <button class="danger" type="submit">Remove</button>
            </Form>
          </details>
        </div>
        <div class="stack">
          <Change path={path} credential={credential} again={answer.again?.change} />
          <Old path={path} versions={versions} />
        </div>
      </div>
    </Layout>
  );
}
