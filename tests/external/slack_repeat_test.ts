import { rejects, strictEqual as equal } from "node:assert/strict";
import { connectSlack } from "../../src/external/slack/slack.ts";

/** Answers the first request of a connection, and closes it without an answer at the second. */
function startClosingServer() {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const seen: string[] = [];
  const open = new Set<Deno.Conn>();
  const body = JSON.stringify({ ok: true, channel: "C1", ts: "1.0" });
  const answer =
    `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${body.length}`;
  async function serve(conn: Deno.Conn) {
    open.add(conn);
    const buffer = new Uint8Array(65_536);
    let left = seen.length === 0 ? 1 : 0;
    try {
      for (let n = await conn.read(buffer); n; n = await conn.read(buffer)) {
        const text = new TextDecoder().decode(buffer.subarray(0, n));
        if (!text.startsWith("POST ")) continue;
        seen.push(text.split(" ")[1]!);
        if (left-- <= 0) break;
        await conn.write(new TextEncoder().encode(`${answer}\r\n\r\n${body}`));
      }
    } catch { /* the client has gone */ }
    open.delete(conn);
    conn.close();
  }
  const done = (async () => {
    for await (const conn of listener) serve(conn);
  })();
  return {
    apiUrl: `http://127.0.0.1:${listener.addr.port}/api/`,
    seen,
    async [Symbol.asyncDispose]() {
      listener.close();
      for (const conn of open) conn.close();
      await done;
      await new Promise((resolve) => setTimeout(resolve, 20));
    },
  };
}

Deno.test("post() sends a message once when the connection closes without an answer", async () => {
  await using server = startClosingServer();
  const slack = connectSlack({ apiUrl: server.apiUrl, token: "xoxb-1", channel: "C1" });
  const message = { text: "a", blocks: [], metadata: { event_type: "e", event_payload: {} } };
  const { signal } = new AbortController();
  await slack.post(message, signal);
  await rejects(slack.post(message, signal), { more: { code: "ambiguous" } });
  equal(server.seen.length, 2);
});
