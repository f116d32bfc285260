import type { Who } from "../../src/who.ts";
import { Layout } from "../layout.tsx";
import { CopyButton } from "../parts/form.tsx";
import { PageTitle } from "../parts/page.tsx";
import { ImportCard, type ImportForm } from "./form.tsx";
import { ImportList, type ListProps } from "./list.tsx";

export type { Answer } from "./answer.tsx";
export type { ImportForm } from "./form.tsx";

type Props = {
  who: Who;
  /** undefined: who asks has no databases. */
  form: ImportForm | undefined;
  list: Omit<ListProps, "who" | "formats">;
  formats: string[];
  /** Where the API is. */
  base: string;
};

function NoDatabases({ who }: { who: Who }) {
  return (
    <section class="card">
      <p>
        {who.role === "admin"
          ? (
            <>
              You have no databases to import into. Sign in as a user with databases, or send files
              to <code>/api/v1/users/ID/imports</code> with an admin's API key.
            </>
          )
          : "You have no databases to import into. An admin can create them."}
      </p>
    </section>
  );
}

/** What a run script does; it is all there is to do where nothing has come yet. */
function FromScript({ who, base }: { who: Who; base: string }) {
  const line =
    `curl -T FILE -H "Authorization: Bearer $DASHKEEPER_KEY" "${base}/api/v1/imports?design=DESIGN"`;
  return (
    <section class="card" aria-labelledby="from-script">
      <h2 id="from-script">From a run script</h2>
      <p>
        Make this the last line of the script: the file becomes a table, its dashboard and a Slack
        message. <code>$DASHKEEPER_KEY</code> is your API key or an import key of{" "}
        <a href={`/users/${who.user_id}`}>your page</a>.
      </p>
      <code class="value">{line}</code>
      <p class="actions">
        <CopyButton value={line} label="Copy the line for scripts" />
        <a href="/api">All fields: API</a>
      </p>
    </section>
  );
}

export function ImportsPage({ who, form, list, formats, base }: Props) {
  return (
    <Layout title="Imports" who={who}>
      <PageTitle text="Imports" about="Report files that became tables." />
      <div class="stack">
        {form ? <ImportCard {...form} /> : <NoDatabases who={who} />}
        <ImportList who={who} formats={formats} {...list} />
        <FromScript who={who} base={base} />
      </div>
    </Layout>
  );
}
