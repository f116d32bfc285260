import type { z } from "@hono/zod-openapi";
import type { Credential as CredentialSchema } from "../src/credentials/credentials.ts";
import type { Tested } from "../src/credentials/test.ts";
import type { Version } from "../src/credentials/versions.ts";
import type { Who } from "../src/who.ts";
import { AuditedAction, Expiry } from "./credentials.tsx";
import { Time } from "./dashboards.tsx";
import type { Again } from "../src/http/forms.ts";
import { Refused, SecretField, TimeField } from "./field.tsx";
import { Layout } from "./layout.tsx";

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

function Told({ answer: { revealed, tested, again, warnings = [] } }: { answer: Answer }) {
  return (
    <>
      {warnings.map((warning) => (
        <p class="told" role="status" tabindex={-1} autofocus>
          <span class="state warn">Saved, but:</span> {warning}
        </p>
      ))}
      {revealed && (
        <div class="told" role="status" tabindex={-1} autofocus>
          <h3>{`The value of version ${revealed.version}`}</h3>
          <code class="value">{revealed.key_value}</code>
        </div>
      )}
      {tested && (
        <p class="told" role="status" tabindex={-1} autofocus>
          <span class={`state ${tested.ok ? "good" : "bad"}`}>
            {tested.ok ? "It works:" : "It does not work:"}
          </span>
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
      <form method="post" action={`${path}/change`}>
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
      </form>
    </section>
  );
}

function Old({ path, versions }: { path: string; versions: Versions }) {
  return (
    <section class="card">
      <h2>Versions</h2>
      <table>
        <caption>The last ten, newest first</caption>
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
      </table>
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
    <form method="post" action={`${path}/${action}`}>
      <input type="hidden" name="version" value={String(version)} />
      <button class="plain" type="submit" aria-label={`${text} version ${version}`}>{text}</button>
    </form>
  );
}

/** Shows the value only after a reveal. */
export function CredentialPage({ who, user, credential, versions, answer }: Props) {
  const { key_name } = credential;
  const path = `/users/${user.id}/credentials/${key_name}`;
  return (
    <Layout title={`${key_name} of ${user.username}`} who={who}>
      <p>
        <a href={`/users/${user.id}`}>{user.username}</a>
      </p>
      <h1>{key_name}</h1>
      <div class="user">
        <div class="stack">
          <section class="card">
            <h2>Credential</h2>
            <Told answer={answer} />
            <Facts credential={credential} />
            <div class="actions">
              <AuditedAction action={`${path}/reveal`} text="Reveal" of={key_name} />
              <AuditedAction action={`${path}/test`} text="Test" of={key_name} />
            </div>
          </section>
          <details class="card">
            <summary>
              <h2>Remove this credential</h2>
            </summary>
            <p>Its versions go with it.</p>
            <form method="post" action={`${path}/remove`}>
              <button class="danger" type="submit">Remove</button>
            </form>
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
