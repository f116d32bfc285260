import type { z } from "@hono/zod-openapi";
import type { Session as SessionSchema } from "../../src/users/sessions.ts";
import { PostButton } from "../parts/form.tsx";
import { State, Time } from "../parts/show.tsx";
import { Head, Table } from "../parts/table.tsx";

type Session = z.infer<typeof SessionSchema>;

function Row({ path, session }: { path: string; session: Session }) {
  const { id, browser, from, created_at, last_used_at, is_current } = session;
  return (
    <tr>
      <th scope="row">{browser}</th>
      <td>{from || "–"}</td>
      <td>
        <Time at={created_at} />
      </td>
      <td>
        <Time at={last_used_at} />
      </td>
      <td>
        {is_current
          ? <State mark="good" text="This session" />
          : <PostButton action={`${path}/${id}/end`} text="End" label={`End ${browser}`} />}
      </td>
    </tr>
  );
}

/** The browsers that are signed in as a user. */
export function SessionsCard({ id, sessions }: { id: number; sessions: Session[] }) {
  const path = `/users/${id}/sessions`;
  const others = sessions.filter(({ is_current }) => !is_current);
  const text = others.length < sessions.length ? "End all others" : "End all";
  return (
    <section class="card">
      <h2>Sessions</h2>
      {sessions.length === 0
        ? <p class="hint">No browser is signed in.</p>
        : (
          <Table label="Each ends after 12 hours without a request, or after 7 days">
            <Head columns={["Browser", "Address", "Signed in", "Last used", "Actions"]} />
            <tbody>
              {sessions.map((session) => <Row path={path} session={session} />)}
            </tbody>
          </Table>
        )}
      {others.length > 1 && (
        <div class="actions">
          <PostButton action={`${path}/end`} text={text} />
        </div>
      )}
    </section>
  );
}
