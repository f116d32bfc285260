import type { Who } from "../src/who.ts";
import { Layout } from "./layout.tsx";
import { Time } from "./parts/show.tsx";

type Props = {
  who: Who;
  user: { id: number; username: string };
  api_key: string;
  expires_at: string | null;
  before?: string;
};

/** The only page that shows an API key. */
export function NewKeyPage({ who, user, api_key, expires_at, before }: Props) {
  return (
    <Layout title={`The API key of ${user.username}`} who={who}>
      <section class="card narrow">
        <h1>{`The API key of ${user.username}`}</h1>
        <p>Copy it now: it is shown this once, and only its hash is stored.</p>
        <p>
          <code class="value">{api_key}</code>
        </p>
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
        <p>
          <a class="button" href={`/users/${user.id}`}>I have copied it</a>
        </p>
      </section>
    </Layout>
  );
}
