import { createEmulator } from "emulate";

export type Fault = {
  /** An API method ("chat.postMessage"), or "upload" for the bytes. */
  method: string;
  /** "hang" never answers; "hang-after" and "drop-after" let Slack do it first; "html" answers 200. */
  what: "429" | "500" | "hang" | "hang-after" | "drop-after" | "html" | { error: string };
  times: number;
  /** Of calls with this token alone. */
  token?: string;
};
export type Message = {
  ts: string;
  text: string;
  // deno-lint-ignore no-explicit-any
  blocks: any[];
  thread_ts?: string;
  reply_broadcast?: boolean;
  metadata?: { event_type: string; event_payload: Record<string, unknown> };
};
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
  const rules = new Rules(scopes);
  const ended = new AbortController();
  const emulator = await startEmulator([...scopes]);

  const proxy = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
    const { pathname } = new URL(request.url);
    const method = pathname.startsWith("/upload/") ? "upload" : pathname.replace("/api/", "");
    const call = {
      method,
      at: Date.now(),
      authorized: request.headers.has("authorization"),
      body: "",
    };
    calls.push(call);
    const body = await request.bytes();
    if (method !== "upload") call.body = new TextDecoder().decode(body);
    const bearer = request.headers.get("authorization")?.replace("Bearer ", "");
    const fault = faults.find(({ method: of, times, token = bearer }) =>
      of === method && times > 0 && token === bearer
    );
    if (fault) fault.times--;
    if (fault && !isAfter(fault)) return await stumble(fault, ended.signal);
    const response = await rules.pass(request, method, body, emulator.forward);
    if (!fault) return response;
    await response.body?.cancel();
    return await stumble(fault, ended.signal);
  });
  const url = `http://127.0.0.1:${proxy.addr.port}`;

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

  return {
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
    rules,
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
    },
  };
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

/** What Slack does and the emulator does not. */
class Rules {
  /** How long a file uploaded from now on stays unprocessed. */
  processingMs = 0;
  /** How long `files.info` does not know a file uploaded from now on. */
  unknownMs = 0;
  /** A post in a channel sooner than this after the one before is answered with 429. */
  spacingMs = 0;
  readonly #postedAt = new Map<string, number>();
  /** Messages refuse every file, as some workspaces do. */
  refusesFiles = false;
  #knownAt = new Map<string, number>();
  #processedAt = new Map<string, number>();
  #shares = new Map<string, { public: Record<string, { ts: string }[]> }>();

  /** Refuses every post with this code. */
  refusal: string | undefined;
  /** A token that is forwarded as another, which has more scopes in the emulator. */
  readonly grants = new Map<string, string>();
  readonly requires: Record<string, string> = { "files.getUploadURLExternal": "files:write" };

  constructor(readonly scopes: Map<string, string[]>) {}

  async pass(
    request: Request,
    method: string,
    body: Uint8Array<ArrayBuffer>,
    forward: (request: Request, body: Uint8Array<ArrayBuffer>) => Promise<Response>,
  ): Promise<Response> {
    const { origin, pathname } = new URL(request.url);
    if (!pathname.startsWith("/api/")) return forward(request, body);
    const bearer = request.headers.get("authorization")?.replace("Bearer ", "");
    const scopes = this.scopes.get(bearer ?? "");
    if (!scopes) return refuse(bearer ? "invalid_auth" : "not_authed");
    const form = new URLSearchParams(new TextDecoder().decode(body));
    const { [method]: required } = this.requires;
    if (required && !scopes.includes(required)) {
      return Response.json({
        ok: false,
        error: "missing_scope",
        needed: required,
        provided: scopes.join(","),
      });
    }
    const isPost = method === "chat.postMessage";
    if (isPost && this.#isTooSoon(form.get("channel")!)) return rateLimited();
    const refused = isPost && (this.refusal ? refuse(this.refusal) : this.#refuseMessage(form));
    if (refused) return refused;
    // The emulator cuts to `limit` before it knows the time asked for.
    if (form.has("latest")) form.set("limit", "1000");
    // The emulator reads another name than Slack documents.
    if (form.has("alt_txt")) form.set("alt_text", form.get("alt_txt")!);
    const headers = new Headers(request.headers);
    if (this.grants.has(bearer!)) {
      headers.set("authorization", `Bearer ${this.grants.get(bearer!)}`);
    }
    const sent = new Request(request.url, { method: "POST", headers });
    const response = await forward(sent, new TextEncoder().encode(form.toString()));
    const result = await response.json();
    if (result.ok) this.#settle(method, form, result, origin);
    return Response.json(result, { headers: { "x-oauth-scopes": scopes.join(",") } });
  }

  #isTooSoon(channel: string): boolean {
    const now = performance.now();
    const since = now - (this.#postedAt.get(channel) ?? -Infinity);
    this.#postedAt.set(channel, now);
    return since < this.spacingMs;
  }

  #refuseMessage(form: URLSearchParams): Response | undefined {
    const blocks = JSON.parse(form.get("blocks") ?? "[]");
    const faults = blockFaults(blocks);
    for (const [i, block] of blocks.entries()) {
      const id = block.slack_file?.id;
      if (id && (this.refusesFiles || !(this.#processedAt.get(id)! <= Date.now()))) {
        faults.push(`invalid slack file [json-pointer:/blocks/${i}/slack_file]`);
      }
    }
    if (faults.length > 0) return refuse("invalid_blocks", faults);
    if (JSON.stringify(blocks).length > 13_200) return refuse("msg_blocks_too_long");
  }

  // deno-lint-ignore no-explicit-any
  #settle(method: string, form: URLSearchParams, result: any, origin: string) {
    if (method === "files.getUploadURLExternal") {
      result.upload_url = origin + new URL(result.upload_url).pathname;
    } else if (method === "files.completeUploadExternal") {
      for (const { id } of result.files) {
        this.#processedAt.set(id, Date.now() + this.processingMs);
        this.#knownAt.set(id, Date.now() + this.unknownMs);
        const channel = form.get("channel_id");
        if (channel) this.#shares.set(id, { public: { [channel]: [{ ts: "0" }] } });
      }
    } else if (method === "files.info") {
      const { file } = result;
      if (this.#processedAt.get(file.id)! > Date.now()) file.mimetype = file.filetype = "";
      file.shares = this.#shares.get(file.id) ?? file.shares;
      if (Date.now() < this.#knownAt.get(file.id)!) {
        Object.assign(result, { ok: false, error: "file_not_found" });
      }
    } else if (method === "chat.postMessage") {
      for (const { slack_file } of JSON.parse(form.get("blocks") ?? "[]")) {
        if (!slack_file) continue;
        this.#shares.set(slack_file.id, { public: { [result.channel]: [{ ts: result.ts }] } });
      }
    } else if (method === "conversations.history" || method === "conversations.replies") {
      const oldest = Number(form.get("oldest") ?? 0);
      const latest = Number(form.get("latest") ?? Infinity);
      const inclusive = form.get("inclusive") === "true";
      const isAsked = ({ ts }: Message) =>
        inclusive ? Number(ts) >= oldest && Number(ts) <= latest : Number(ts) > oldest;
      result.messages = result.messages.filter(isAsked);
      if (form.get("include_all_metadata") === "true") return;
      for (const message of result.messages) delete message.metadata;
    }
  }
}

function isAfter({ what }: Fault): boolean {
  return what === "hang-after" || what === "drop-after";
}

async function stumble({ what }: Fault, ended: AbortSignal): Promise<Response> {
  if (typeof what === "object") return refuse(what.error);
  switch (what) {
    case "429":
      return rateLimited();
    case "500":
      return new Response("upstream xoxb-foreign", { status: 500 });
    case "html":
      return new Response("<html>Please log in, xoxb-foreign</html>", {
        headers: { "content-type": "text/html" },
      });
    case "drop-after": // fewer bytes than promised: the server cuts the connection
      return new Response(new Blob(['{"ok":']).stream(), { headers: { "content-length": "99" } });
    default:
      await new Promise<void>((done) => ended.addEventListener("abort", () => done()));
      return new Response(null, { status: 503 });
  }
}

function rateLimited(): Response {
  return Response.json({ ok: false, error: "ratelimited" }, {
    status: 429,
    headers: { "retry-after": "7" },
  });
}

function refuse(error: string, details: string[] = []): Response {
  return Response.json({
    ok: false,
    error,
    ...(details.length > 0
      ? { errors: details, response_metadata: { messages: details.map((d) => `[ERROR] ${d}`) } }
      : {}),
  });
}

/** Where blocks go over one of Slack's limits; empty: nowhere. */
// deno-lint-ignore no-explicit-any
export function blockFaults(blocks: any[]): string[] {
  const faults: string[] = [];
  const text = (at: string, value: unknown, most: number) => {
    const length = typeof value === "string" ? value.length : -1;
    if (length < 1 || length > most) faults.push(`${length} characters, 1 to ${most} [${at}]`);
  };
  const count = (at: string, value: unknown[], most: number) => {
    if (value.length < 1 || value.length > most) faults.push(`${value.length} items [${at}]`);
  };
  count("/blocks", blocks, 50);
  for (const [i, block] of blocks.entries()) {
    const at = `/blocks/${i}`;
    if (block.type === "header") text(at, block.text?.text, 150);
    else if (block.type === "section") {
      if (block.text) text(at, block.text.text, 3_000);
      if (block.fields) count(at, block.fields, 10);
      if (block.accessory) {
        text(`${at}/accessory`, block.accessory.text?.text, 75);
        text(`${at}/accessory/url`, block.accessory.url, 3_000);
      }
      if (!block.text && !block.fields) faults.push(`no text and no fields [${at}]`);
      for (const field of block.fields ?? []) text(`${at}/fields`, field.text, 2_000);
    } else if (block.type === "image") {
      text(at, block.alt_text, 2_000);
      if (!block.slack_file === !block.image_url) faults.push(`one of two sources [${at}]`);
      if (block.image_url) text(at, block.image_url, 3_000);
    } else if (block.type === "context") count(at, block.elements, 10);
    else if (block.type === "actions") {
      count(at, block.elements, 25);
      for (const button of block.elements) {
        text(`${at}/button`, button.text?.text, 75);
        if (button.value !== undefined) text(`${at}/button/value`, button.value, 2_000);
        if (button.url !== undefined) text(`${at}/button/url`, button.url, 3_000);
      }
    } else faults.push(`unsupported type [${at}]`);
  }
  return faults;
}
