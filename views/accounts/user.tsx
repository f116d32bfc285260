import type { z } from "@hono/zod-openapi";
import type { Credential as CredentialSchema } from "../../src/credentials/credentials.ts";
import type { Who } from "../../src/who.ts";
import type { Default } from "../../src/credentials/defaults.ts";
import type { DatasourceView } from "../../src/grafana/datasources.ts";
import type { Overview } from "../../src/accounts/overview.ts";
import type { UserWithWorkspace } from "../../src/accounts/create.ts";
import { Credentials } from "./credentials.tsx";
import { DatasourcesCard } from "./datasources.tsx";
import type { Again } from "../../src/http/forms.ts";
import { ChoiceField, Refused, TextField, TimeField } from "../field.tsx";
import { Layout } from "../layout.tsx";
import type { Session } from "../../src/users/sessions.ts";
import type { ImportKey } from "../../src/users/imports/keys.ts";
import { ImportKeysCard } from "./import_keys.tsx";
import { SessionsCard } from "./sessions.tsx";
import { size, WorkspaceCard } from "./workspace.tsx";
import type { AuditEntry } from "../../src/audit/page.ts";
import { Entries } from "../audit.tsx";
import { Activity } from "./users.tsx";
import { Time } from "../parts/show.tsx";
import { Form, PostButton } from "../parts/form.tsx";
import { Live } from "../parts/live.tsx";
import { PageTitle } from "../parts/page.tsx";

type User = z.infer<typeof UserWithWorkspace>;
/** The form to show with its faults. */
export type UserForm =
  | "change"
  | "key"
  | "remove"
  | "credential"
  | "workspace"
  | "datasources"
  | "import_key";
type Props = {
  who: Who;
  user: User;
  credentials: z.infer<typeof CredentialSchema>[];
  /** Which credentials can be tested, and the defaults of those that are missing. */
  secrets: { testable: string[]; defaults: Default[] };
  overview: Overview | null;
  datasources: z.infer<typeof DatasourceView>[];
  /** Why Slack refuses the user's messages. */
  refusals: string[];
  sessions: z.infer<typeof Session>[];
  import_keys: z.infer<typeof ImportKey>[];
  /** The last entries about the user, for admins. */
  audit: z.infer<typeof AuditEntry>[];
  again?: Partial<Record<UserForm, Again>>;
};

function Facts({ user }: { user: User }) {
  const { role, is_active, created_at, databases, counts, last_used_at, last_used_from } = user;
  const names = Object.values(databases);
  return (
    <section class="card">
      <h2>Account</h2>
      <dl>
        <dt>State</dt>
        <dd>
          <Activity active={is_active} />
        </dd>
        <dt>Role</dt>
        <dd>{role === "admin" ? "Admin" : "Member"}</dd>
        <dt>Since</dt>
        <dd>
          <Time at={created_at} />
        </dd>
        <dt>Key last used</dt>
        <dd>
          {last_used_at ? <Time at={last_used_at} /> : "Never"}
          {last_used_from && ` from ${last_used_from}`}
        </dd>
        <dt>Databases</dt>
        <dd>
          {names.length === 0 ? "None" : names.map((name) => <code class="line">{name}</code>)}
        </dd>
        <dt>Dashboards</dt>
        <dd>{counts.dashboards}</dd>
      </dl>
    </section>
  );
}

const GRACE: [string, string][] = [
  ["0", "At once"],
  ["3600", "In an hour"],
  ["86400", "In a day"],
  ["604800", "In a week"],
];

function Key({ id, again }: { id: number; again: Again | undefined }) {
  return (
    <section class="card">
      <h2>API key</h2>
      <Form action={`/users/${id}/api-key`}>
        <Refused again={again} />
        <TimeField
          form="key"
          name="expires_at"
          label="Expiry of the new key (UTC)"
          hint="Left empty, it does not expire."
          again={again}
        />
        <ChoiceField
          form="key"
          name="grace_seconds"
          label="Old key stops working"
          value="0"
          options={GRACE}
          again={again}
        />
        <button type="submit">Make a new key</button>
      </Form>
    </section>
  );
}

type ChangeProps = { id: number; name: string; value: string; text: string; confirm?: string };

function Change({ id, name, value, ...button }: ChangeProps) {
  return <PostButton action={`/users/${id}/change`} fields={{ [name]: value }} {...button} />;
}

function Changes({ user, again }: { user: User; again: Again | undefined }) {
  const { id, role, is_active } = user;
  return (
    <section class="card">
      <h2>Access</h2>
      <Refused again={again} />
      <p class="hint">
        {is_active
          ? "Deactivated, its keys, sessions and database logins let nobody in; nothing is lost."
          : "Its keys, sessions and database logins let nobody in."}
      </p>
      <div class="actions">
        {is_active
          ? (
            <Change
              id={id}
              name="is_active"
              value="false"
              text="Deactivate"
              confirm="Deactivate this user? Its keys, sessions and database logins stop working."
            />
          )
          : <Change id={id} name="is_active" value="true" text="Activate" />}
        {role === "admin"
          ? <Change id={id} name="role" value="member" text="Make a member" />
          : <Change id={id} name="role" value="admin" text="Make an admin" />}
      </div>
    </section>
  );
}

function Removal({ user, overview, again }: {
  user: User;
  overview: Overview | null;
  again: Again | undefined;
}) {
  const { dashboards, credentials } = user.counts;
  const dropped = again?.typed.databases === "drop";
  return (
    <details class="card" open={again !== undefined}>
      <summary>
        <h2>Remove this user</h2>
      </summary>
      <Form action={`/users/${user.id}/remove`}>
        <Refused again={again} />
        <p>
          {`Its keys, ${credentials} credentials and ${dashboards} dashboards with their previews go with it.`}
        </p>
        <fieldset>
          <legend>Its databases</legend>
          <label class="choice">
            <input type="radio" name="databases" value="keep" checked={!dropped} required />
            are kept, with roles that cannot log in
          </label>
          <label class="choice">
            <input type="radio" name="databases" value="drop" checked={dropped} required />
            are dropped, with all that is in them
          </label>
          <ul>
            {overview?.databases.map(({ name, bytes, tables }) => (
              <li>
                <code>{name}</code>
                {`: ${tables} tables known, ${bytes === null ? "size unknown" : size(bytes)}`}
              </li>
            ))}
          </ul>
        </fieldset>
        <TextField
          form="remove"
          name="username"
          label={`Type ${user.username} to confirm`}
          required
          again={again}
        />
        <button class="danger" type="submit">Remove</button>
      </Form>
    </details>
  );
}

function AuditCard({ username, entries }: {
  username: string;
  entries: z.infer<typeof AuditEntry>[];
}) {
  return (
    <section class="card">
      <h2>Audit</h2>
      <Entries entries={entries} label="The last entries about this user" />
      <p>
        <a href={`/audit?${new URLSearchParams({ user: username })}`}>All entries</a>
      </p>
    </section>
  );
}

function SlackCard({ refusals }: { refusals: string[] }) {
  return (
    <section class="card" id="slack">
      <h2>Slack</h2>
      {refusals.map((message) => <p class="fault">{message}</p>)}
      <p class="hint">The messages are posted within a minute after this is fixed.</p>
    </section>
  );
}

export function UserPage(props: Props) {
  const {
    who,
    user,
    secrets,
    credentials,
    overview,
    datasources,
    refusals,
    sessions,
    import_keys,
    audit,
    again = {},
  } = props;
  return (
    <Layout title={user.username} who={who}>
      <Live />
      <PageTitle
        text={user.username}
        {...(who.role === "admin" ? { above: { href: "/users", text: "Users" } } : {})}
      />
      <div class="beside">
        <div class="stack">
          <Facts user={user} />
          <Key id={user.id} again={again.key} />
          {who.role === "admin" && <Changes user={user} again={again.change} />}
          {who.role === "admin" && <Removal user={user} overview={overview} again={again.remove} />}
        </div>
        <div class="stack">
          {overview && (
            <WorkspaceCard id={user.id} who={who} overview={overview} again={again.workspace} />
          )}
          {datasources.length > 0 && (
            <DatasourcesCard
              id={user.id}
              who={who}
              datasources={datasources}
              again={again.datasources}
            />
          )}
          {refusals.length > 0 && <SlackCard refusals={refusals} />}
          <Credentials
            id={user.id}
            credentials={credentials}
            again={again.credential}
            {...secrets}
          />
          <ImportKeysCard id={user.id} keys={import_keys} again={again.import_key} />
          <SessionsCard id={user.id} sessions={sessions} />
          {audit.length > 0 && <AuditCard username={user.username} entries={audit} />}
        </div>
      </div>
    </Layout>
  );
}
