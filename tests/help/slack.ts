import { fail } from "node:assert/strict";
import { createEmulator } from "emulate";
import { blockFaults } from "./proxy/blocks.ts";
import { Rules } from "./proxy/rules.ts";
import { type Fault, isAfter, stumble } from "./proxy/stumble.ts";

export { blockFaults };
export type { Fault } from "./proxy/stumble.ts";

export type Message = {
  ts: string;
  text: string;
  // deno-lint-ignore no-explicit-any
  blocks: any[];
  thread_ts?: string;
  reply_broadcast?: boolean;
  metadata?: { event_type: string; event_payload: Record<string, unknown> };
};
// deno-lint-ignore no-explicit-any
export type Answer = { text: string; blocks?: any[]; response_type?: string };
type File = { id: string; name: string; title: string; size: number; mimetype: string };

const SCOPES = ["chat:write", "files:write", "files:read", "channels:read", "channels:history"];
const CHANNEL = "eda-dashboards";
const OTHER_CHANNEL = "eda-gpu";

/** A workspace with one channel: an emulated Slack behind a proxy of the rules that it lacks. */
export async function startSlack() {
  const token = `xoxb-${crypto.randomUUID()}`;
  const blindToken = `xoxb-${crypto.randomUUID()}`;
  const silentToken = `xoxb-${crypto.randomUUID()}`;
  const scopes = new Map([
    [token, SCOPES],
    [blindToken, SCOPES.filter((scope) => scope !== "channels:history")],
    [silentToken, SCOPES.filter((scope) => scope !== "files:write")],
  ]);
  const faults: Fault[] = [];
  const calls: { method: string; at: number; authorized: boolean; body: string }[] = [];
  const answers: (Answer & { to: string })[] = [];
  const answering = new Map<string, (request: Request) => Response>();
  const rules = new Rules(scopes);
  const ended = new AbortController();
  const emulator = await startEmulator([...scopes]);

  const proxy = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
    const { pathname } = new URL(request.url);
    const method = pathname.startsWith("/upload/") ? "upload" : pathname.replace(/^\/api\/+/, "");
    const call = {
      method,
      at: Date.now(),
      authorized: request.headers.has("authorization"),
      body: "",
    };
    calls.push(call);
    if (/^\/response(?:\/|$)/.test(pathname)) return await takeAnswer(pathname, request);
    const answered = answering.get(method)?.(request);
    if (answered) return answered;
    const body = await request.bytes();
    if (method !== "upload") call.body = new TextDecoder().decode(body);
    const bearer = request.headers.get("authorization")?.replace("Bearer ", "");
    const fault = faults.find(({ method: of, times, token = bearer }) =>
      of === method && times > 0 && token === bearer
    );
    if (fault) fault.times--;
    if (fault && !isAfter(fault)) return await stumble(fault, ended.signal);
    const response = await rules.pass(request, method, body, emulator.forward);
    return fault ? await stumble(fault, ended.signal, response) : response;
  });
  const url = `http://127.0.0.1:${proxy.addr.port}`;

  async function takeAnswer(pathname: string, request: Request): Promise<Response> {
    const answer = await request.json();
    if (test.refusesAnswers) return new Response("upstream", { status: 500 });
    const faulty = answer.blocks ? blockFaults(answer.blocks) : [];
    if (rules.refusesFiles && /"slack_file"/.test(JSON.stringify(answer))) faulty.push("file");
    if (faulty.length > 0) return new Response("invalid_blocks", { status: 400 });
    answers.push({ to: pathname, ...answer });
    return new Response("ok");
  }

  async function ask(method: string, form: Record<string, string> = {}) {
    const body = new TextEncoder().encode(new URLSearchParams(form).toString());
    const headers = {
      authorization: `Bearer ${token}`,
      "content-type": "application/x-www-form-urlencoded",
    };
    const request = new Request(`${url}/api/${method}`, { method: "POST", headers });
    return await (await emulator.forward(request, body)).json();
  }
  const { channels } = await ask("conversations.list");
  const idOf = (wanted: string): string =>
    channels.find(({ name }: { name: string }) => name === wanted).id;
  const channel = idOf(CHANNEL);

  async function rootsOf(channel: string): Promise<Message[]> {
    const form = { channel, limit: "1000" };
    return (await ask("conversations.history", form)).messages.toReversed();
  }
  async function repliesTo(ts: string, channel: string): Promise<Message[]> {
    const { messages } = await ask("conversations.replies", { channel, ts });
    return messages.filter((message: Message) => message.ts !== ts);
  }

  const test = {
    /** Whether response_urls answer with HTTP 500. */
    refusesAnswers: false,
    apiUrl: `${url}/api/`,
    /** The emulator's page of what was posted. */
    pageUrl: `${url}/?tab=messages&channel=${channel}`,
    token,
    /** A token without channels:history. */
    blindToken,
    /** A token without files:write. */
    silentToken,
    /** The channel's ID. */
    channel,
    faults,
    calls,
    /** A call's response_url, also with more behind it, and what was answered there. */
    responseUrl: `${url}/response`,
    answers,
    rules,
    /** Methods that something else answers. */
    answering,
    /** Requests that broke one of Slack's rules: the test fails at its end unless it takes them out. */
    breaches: rules.breaches,
    /** What was sent to a method, field by field. */
    forms: (of: string): Record<string, string>[] =>
      calls.filter(({ method }) => method === of).map(({ body }) =>
        Object.fromEntries(new URLSearchParams(body))
      ),
    /** The ID of a second channel. */
    otherChannel: idOf(OTHER_CHANNEL),
    /** What stands in the channel, threads included, oldest first. */
    async messages(of = channel): Promise<Message[]> {
      const roots = await rootsOf(of);
      const replies = await Promise.all(roots.map(({ ts }) => repliesTo(ts, of)));
      return [...roots, ...replies.flat()].sort((a, b) => Number(a.ts) - Number(b.ts));
    },
    /** What stands in the channel outside of threads, oldest first. */
    roots: () => rootsOf(channel),
    /** The replies to a message, oldest first. */
    replies: (ts: string) => repliesTo(ts, channel),
    /** A member deletes a message. */
    async remove(ts: string): Promise<void> {
      await ask("chat.delete", { channel, ts });
    },
    async files(): Promise<File[]> {
      return (await ask("files.list")).files;
    },
    /** The bytes of a file, as a member's Slack would fetch them. */
    async download({ id, name }: { id: string; name: string }): Promise<Uint8Array> {
      const headers = { authorization: `Bearer ${token}` };
      const request = new Request(`${url}/files-pri/${id}/${name}`, { headers });
      return await (await emulator.forward(request)).bytes();
    },
    async [Symbol.asyncDispose]() {
      ended.abort();
      await proxy.shutdown();
      await emulator.close();
      const { breaches } = rules;
      if (breaches.length > 0) fail(`Requests broke Slack's rules:\n${breaches.join("\n")}`);
    },
  };
  return test;
}

export type TestSlack = Awaited<ReturnType<typeof startSlack>>;

async function startEmulator(tokens: [token: string, scopes: string[]][]) {
  const user = "dashkeeper";
  const emulator = await createEmulator({
    service: "slack",
    hostname: "127.0.0.1",
    port: 0,
    seed: {
      slack: {
        team: { name: "Chip team", domain: "chip-team" },
        strict_scopes: true,
        users: [{ name: user, real_name: "Dashkeeper", email: "dashkeeper@localhost" }],
        channels: [{ name: CHANNEL }, { name: OTHER_CHANNEL }],
        tokens: tokens.map(([token, scopes]) => ({ token, user, scopes })),
      },
    },
  });
  const address = `http://127.0.0.1:${new URL(emulator.url).port}`;
  // Without idle connections it can close at once.
  const client = Deno.createHttpClient({ poolMaxIdlePerHost: 0 });
  return {
    forward({ method, url, headers: given }: Request, body?: Uint8Array<ArrayBuffer>) {
      const { pathname, search } = new URL(url);
      const headers = new Headers(given);
      for (const name of ["content-length", "host", "connection"]) headers.delete(name);
      const sent = method === "GET" ? undefined : body;
      return fetch(address + pathname + search, { method, headers, body: sent, client });
    },
    async close() {
      await emulator.close();
      client.close();
    },
  };
}
