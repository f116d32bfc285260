import { DEADLINES, HEARTBEAT_MS, withDeadline } from "./postgres/deadlines.ts";
import { pause } from "./abort.ts";
import type { Sql } from "./postgres/postgres.ts";
import { Client, connectionError } from "./postgres/client.ts";
import { sendBy, statements } from "./postgres/session.ts";

/** A dashboard's row, a step of the user's workspace, or what its tables wait for has changed. */
export type Moved =
  | { what: "dashboard"; id: number; user_id: number; step: string }
  | { what: "workspace" | "waiting"; user_id: number };
export type Events = {
  /** Calls `missed` when events may have been lost. Returns what unsubscribes. */
  subscribe(listener: (event: Moved) => void, missed?: () => void): () => void;
  close(): Promise<void>;
};

const CHANNEL = "dashkeeper_events";
const AGAIN_MS = 500;

/**
 * Listens to the rows' events and reconnects; meanwhile events are lost, so listeners also poll.
 */
export async function listenForEvents(db: Sql, name = "dashkeeper"): Promise<Events> {
  const listeners = new Set<Parameters<Events["subscribe"]>>();
  const closing = new AbortController();
  const listen = () =>
    openListener(db, name, (event) => {
      for (const [listener] of listeners) listener(event);
    });
  let client = await listen();

  async function keepListening() {
    while (!closing.signal.aborted) {
      await client.gone;
      await pause(AGAIN_MS, closing.signal);
      const again = closing.signal.aborted ? undefined : await listen().catch(() => undefined);
      if (!again) continue;
      client = again;
      for (const [, missed] of listeners) missed?.();
    }
    await client.end();
  }
  const ended = keepListening();

  return {
    subscribe(...listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async close() {
      closing.abort();
      client.discard(connectionError("CONNECTION_ENDED"));
      await ended;
    },
  };
}

async function openListener({ address }: Sql, name: string, onEvent: (event: Moved) => void) {
  const onnotify = (_: string, text: string) => onEvent(JSON.parse(text));
  const parameters = { application_name: name };
  const client = new Client({ address, parameters, onnotify }, DEADLINES.job);
  await client.open();
  const own = statements((query) => sendBy(client, query, () => client.discard()));
  const send = (query: () => PromiseLike<unknown>) => withDeadline(DEADLINES.call, query);
  await send(() => own.unsafe(`listen ${CHANNEL}`));
  const heartbeat = setInterval(() => send(() => own`select 1`.catch(() => {})), HEARTBEAT_MS);
  client.gone.then(() => clearInterval(heartbeat));
  return client;
}
