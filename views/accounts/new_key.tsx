import type { Overview } from "../../src/accounts/overview.ts";
import type { Who } from "../../src/who.ts";
import { Layout } from "../layout.tsx";
import { CopyButton } from "../parts/form.tsx";
import { Time } from "../parts/show.tsx";
import { Live } from "../parts/live.tsx";
import { Steps } from "./workspace.tsx";

type Props = {
  who: Who;
  user: { id: number; username: string };
  api_key: string;
  expires_at: string | null;
  before?: string;
  /** Of a new user. */
  workspace?: Pick<Overview, "state" | "steps"> | null;
  /** Where the API is. */
  base: string;
};

function Copied({ text, label }: { text: string; label: string }) {
  return (
    <p>
      <code class="value">{text}</code>
      <CopyButton value={text} label={label} />
    </p>
  );
}

/** The only page that shows an API key. */
export function NewKeyPage({ who, user, api_key, expires_at, before, workspace, base }: Props) {
  const curl = `curl -H "Authorization: Bearer ${api_key}" ${base}/api/v1/me`;
  return (
    <Layout title={`The API key of ${user.username}`} who={who}>
      {workspace && <Live />}
      <section class="card narrow">
        <h1>{`The API key of ${user.username}`}</h1>
        <p>Copy it now: it is shown this once, and only its hash is stored.</p>
        <Copied text={api_key} label="Copy the key" />
        <p class="hint">
          {expires_at
            ? (
              <>
                It works until <Time at={expires_at} />.
              </>
            )
            : "It does not expire."}
          {before && ` ${before}`}
        </p>
        <h2>Try it</h2>
        <Copied text={curl} label="Copy the command" />
        {workspace && <h2>Workspace</h2>}
        {workspace && <Steps id={user.id} workspace={workspace} />}
        <p>
          <a class="button" href={`/users/${user.id}`}>I have copied it</a>
        </p>
      </section>
    </Layout>
  );
}
