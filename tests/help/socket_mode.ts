import { fail } from "node:assert/strict";
import { passTo } from "./service/passage.ts";
import { refuse } from "./proxy/stumble.ts";

export type SocketEnvelope = {
  envelope_id: string;
  type: "interactive" | "slash_commands" | "events_api";
  payload: Record<string, unknown>;
  accepts_response_payload: boolean;
};
type Client = { socket: WebSocket; ended: boolean };

const ACK_MS = 3_000;
const GRACE_MS = 1_500;

/** Slack's side of socket mode: `apps.connections.open`, hello, envelopes with their acks, disconnect. */
export function startSocketMode({ token = `xapp-1-${crypto.randomUUID()}` } = {}) {
  const clients: Client[] = [];
  const acks = new Map<string, () => void>();
  const state = { refusal: undefined as string | undefined, opened: 0, says: true };
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    if (request.headers.get("upgrade") !== "websocket") return open(request);
    const { socket, response } = Deno.upgradeWebSocket(request, { idleTimeout: 30 });
    const client = { socket, ended: false };
    socket.onopen = () => {
      clients.push(client);
      if (state.says) send(client, { type: "hello", num_connections: clients.length });
    };
    socket.onmessage = ({ data }) => {
      const { envelope_id } = JSON.parse(data);
      acks.get(envelope_id)?.();
    };
    socket.onclose = socket.onerror = () => {
      client.ended = true;
    };
    return response;
  });
  const passage = passTo(server.addr.port);
  const send = ({ socket }: Client, message: unknown) => socket.send(JSON.stringify(message));
  const live = () =>
    clients.filter(({ ended, socket }) => !ended && socket.readyState === WebSocket.OPEN);

  /** Answers `apps.connections.open`. */
  function open(request: Request): Response {
    if (request.method !== "POST") return refuse("not_sent_by_POST");
    state.opened++;
    if (request.headers.get("authorization") !== `Bearer ${token}`) return refuse("invalid_auth");
    if (state.refusal) return refuse(state.refusal);
    return Response.json({ ok: true, url: `${passage.origin.replace("http", "ws")}/link` });
  }

  return {
    token,
    apiUrl: `http://127.0.0.1:${server.addr.port}/api/`,
    state,
    open,
    live: () => live().length,
    envelope(
      type: SocketEnvelope["type"],
      payload: Record<string, unknown>,
      envelope_id: string = crypto.randomUUID(),
    ): SocketEnvelope {
      return { envelope_id, type, payload, accepts_response_payload: type !== "events_api" };
    },
    /** Sends it to one connection, as Slack does, or to `to` of them; false: not acknowledged in time. */
    async deliver(envelope: SocketEnvelope, { to = 1, ms = ACK_MS } = {}): Promise<boolean> {
      const acked = Promise.withResolvers<boolean>();
      let left = to;
      acks.set(envelope.envelope_id, () => --left === 0 && acked.resolve(true));
      const open = live();
      if (open.length < to) fail(`${open.length} connections are open, not ${to}.`);
      for (const client of open.slice(0, to)) send(client, envelope);
      const timer = setTimeout(() => acked.resolve(false), ms);
      const result = await acked.promise;
      clearTimeout(timer);
      acks.delete(envelope.envelope_id);
      return result;
    },
    /** Sends any text to all connections. */
    say(text: string) {
      for (const { socket } of live()) socket.send(text);
    },
    /** Asks one connection to be replaced, or `of` them, and closes these soon afterwards. */
    async disconnect(reason = "refresh_requested", of = 1): Promise<void> {
      const asked = live().slice(0, of);
      for (const client of asked) send(client, { type: "disconnect", reason });
      await new Promise((done) => setTimeout(done, GRACE_MS));
      for (const { socket } of asked) socket.close();
    },
    /** The network is lost, and comes back. */
    cut: () => passage.cut(),
    join: () => passage.join(),
    async [Symbol.asyncDispose]() {
      await passage[Symbol.asyncDispose]();
      for (const { socket } of live()) socket.close();
      await server.shutdown();
    },
  };
}

export type SocketMode = ReturnType<typeof startSocketMode>;
