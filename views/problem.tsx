import type { Who } from "../src/who.ts";
import { Layout } from "./layout.tsx";

type Props = { status: number; message: string; request_id: string; who?: Who | undefined };

export function ProblemPage({ status, message, request_id, who }: Props) {
  return (
    <Layout title={message} who={who}>
      <section class="card narrow">
        <h1>{message}</h1>
        <p class="hint">
          <a href="/dashboards">To the dashboards</a> · {status} · request <code>{request_id}</code>
        </p>
      </section>
    </Layout>
  );
}
