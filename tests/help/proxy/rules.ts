import { errorOf, METHODS } from "./methods.ts";
import { rateLimited, refuse } from "./stumble.ts";

type Bytes = Uint8Array<ArrayBuffer>;
export type Forward = (request: Request, body: Bytes) => Promise<Response>;

// deno-lint-ignore no-explicit-any
type Block = any;

/** What Slack does and the emulator does not. */
export class Rules {
  /** How long a file uploaded from now on stays unprocessed. */
  processingMs = 0;
  /** How long `files.info` does not know a file uploaded from now on. */
  unknownMs = 0;
  /** For how long history and replies lack a new message. */
  historyLagMs = 0;
  /** History and replies show no metadata, asked for or not. */
  hidesMetadata = false;
  /** A post in a channel sooner than this after the one before is answered with 429. */
  spacingMs = 0;
  /** Messages refuse every file, as some workspaces do. */
  refusesFiles = false;
  /** Refuses every post with this code. */
  refusal: string | undefined;
  /** A token that is forwarded as another, which has more scopes in the emulator. */
  readonly grants = new Map<string, string>();
  /** What was put under links. */
  readonly unfurled: {
    channel: string;
    ts: string;
    unfurls: Record<string, { blocks: Block[] }>;
  }[] = [];
  /** Requests that broke a published rule. */
  readonly breaches: string[] = [];

  readonly #postedAt = new Map<string, number>();
  readonly #knownAt = new Map<string, number>();
  readonly #processedAt = new Map<string, number>();
  readonly #shares = new Map<string, { public: Record<string, { ts: string }[]> }>();
  /** By file: the bytes that were announced, and how many came. */
  readonly #uploads = new Map<string, { length: number; sent?: number }>();
  readonly #fileOf = new Map<string, string>();

  constructor(readonly scopes: Map<string, string[]>) {}

  async pass(request: Request, method: string, body: Bytes, forward: Forward): Promise<Response> {
    const { origin, pathname, search } = new URL(request.url);
    if (method === "upload") return await this.#takeBytes(request, pathname, body, forward);
    if (!pathname.startsWith("/api/")) return forward(request, body);
    const form = new URLSearchParams(new TextDecoder().decode(body));
    const refused = this.#refuse(request, method, form, search);
    if (refused) return refused;
    const bearer = bearerOf(request)!;
    // The emulator cuts to `limit` before it knows the time asked for.
    if (form.has("latest")) form.set("limit", "1000");
    // The emulator reads another name than Slack documents.
    if (form.has("alt_txt")) form.set("alt_text", form.get("alt_txt")!);
    const headers = new Headers(request.headers);
    headers.set("authorization", `Bearer ${this.grants.get(bearer) ?? bearer}`);
    const sent = new Request(request.url, { method: "POST", headers });
    const response = await forward(sent, new TextEncoder().encode(form.toString()));
    const result = await response.json();
    if (result.ok) this.#settle(method, form, result, origin);
    const scopes = this.#scopesOf(bearer)!;
    return Response.json(result, { headers: { "x-oauth-scopes": scopes.join(",") } });
  }

  #scopesOf(bearer: string | undefined) {
    return this.scopes.get(this.grants.get(bearer ?? "") ?? bearer ?? "");
  }

  #breach(method: string, what: string) {
    this.breaches.push(`${method}: ${what}`);
  }

  #refuse(request: Request, method: string, form: URLSearchParams, search: string) {
    if (method === "api.test") return Response.json({ ok: true }); // needs no token
    const { [method]: known } = METHODS;
    if (!known) {
      this.#breach(method, "unknown method");
      return refuse("unknown_method");
    }
    if (request.method !== "POST") this.#breach(method, `sent by ${request.method}`);
    if (search || form.has("token")) {
      this.#breach(method, "arguments or a token in the wrong place");
    }
    const bearer = bearerOf(request);
    const scopes = this.#scopesOf(bearer);
    if (!scopes) return refuse(bearer ? "invalid_auth" : "not_authed");
    if (known.scope && !scopes.includes(known.scope)) {
      const provided = scopes.join(",");
      return Response.json({ ok: false, error: "missing_scope", needed: known.scope, provided });
    }
    const { error } = known.form.safeParse(Object.fromEntries(form));
    const issues = error?.issues ?? [];
    for (const { path, message } of issues) this.#breach(method, `${path.join("/")}: ${message}`);
    const refusal = errorOf(method, issues);
    if (refusal) return refuse(refusal, issues.map(({ message }) => message));
    if (method === "chat.postMessage") return this.#refuseMessage(form);
    if (method === "chat.unfurl") return this.#unfurl(form);
    if (method === "chat.update") return this.#refuseFiles(method, form);
    if (method === "files.completeUploadExternal") return this.#refuseUpload(method, form);
  }

  #refuseMessage(form: URLSearchParams): Response | undefined {
    const now = performance.now();
    const since = now - (this.#postedAt.get(form.get("channel")!) ?? -Infinity);
    this.#postedAt.set(form.get("channel")!, now);
    if (since < this.spacingMs) return rateLimited();
    return this.refusal ? refuse(this.refusal) : this.#refuseFiles("chat.postMessage", form);
  }

  #refuseFiles(method: string, form: URLSearchParams): Response | undefined {
    const faults: string[] = [];
    for (const [i, { slack_file }] of JSON.parse(form.get("blocks") ?? "[]").entries()) {
      if (!slack_file) continue;
      const ready = this.#processedAt.get(slack_file.id)! <= Date.now();
      if (!ready) this.#breach(method, `slack_file ${slack_file.id} before it is processed`);
      if (ready && !this.refusesFiles) continue;
      faults.push(`invalid slack file [json-pointer:/blocks/${i}/slack_file]`);
    }
    if (faults.length > 0) return refuse("invalid_blocks", faults);
  }

  /** The emulator has no such method. */
  #unfurl(form: URLSearchParams): Response {
    const unfurls: Record<string, { blocks: Block[] }> = JSON.parse(form.get("unfurls")!);
    for (const { blocks } of Object.values(unfurls)) {
      const own = new URLSearchParams({ blocks: JSON.stringify(blocks) });
      const refused = this.#refuseFiles("chat.unfurl", own);
      if (refused) return refused;
    }
    this.unfurled.push({ channel: form.get("channel")!, ts: form.get("ts")!, unfurls });
    return Response.json({ ok: true });
  }

  #refuseUpload(method: string, form: URLSearchParams): Response | undefined {
    for (const { id } of JSON.parse(form.get("files")!)) {
      const upload = this.#uploads.get(id);
      if (upload?.sent === upload?.length && upload) continue;
      this.#breach(method, `file ${id} before its bytes`);
      return refuse("file_not_found");
    }
  }

  /** The upload host: it takes as many bytes as were announced, and is never shown the token. */
  async #takeBytes(request: Request, path: string, body: Bytes, forward: Forward) {
    const { search } = new URL(request.url);
    if (request.method !== "POST") this.#breach("upload", `sent by ${request.method}`);
    if (/xox/.test(JSON.stringify([...request.headers]) + search)) {
      this.#breach("upload", "the token at the upload host");
    }
    const upload = this.#uploads.get(this.#fileOf.get(path) ?? "");
    if (!upload) this.#breach("upload", "an address that was not given out");
    else if (upload.length !== body.length) {
      this.#breach("upload", `${body.length} bytes, announced were ${upload.length}`);
      return new Response("length mismatch", { status: 400 });
    }
    const response = await forward(request, body);
    if (upload && response.ok) upload.sent = body.length;
    return response;
  }

  // deno-lint-ignore no-explicit-any
  #settle(method: string, form: URLSearchParams, result: any, origin: string) {
    if (method === "files.getUploadURLExternal") {
      const { pathname } = new URL(result.upload_url);
      result.upload_url = origin + pathname;
      this.#fileOf.set(pathname, result.file_id);
      this.#uploads.set(result.file_id, { length: Number(form.get("length")) });
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
    } else if (/^conversations\.(?:history|replies)$/.test(method)) this.#forget(form, result);
  }

  // deno-lint-ignore no-explicit-any
  #forget(form: URLSearchParams, result: any) {
    const oldest = Number(form.get("oldest") ?? 0);
    const latest = Number(form.get("latest") ?? Infinity);
    const inclusive = form.get("inclusive") === "true";
    const shownUntil = (Date.now() - this.historyLagMs) / 1000;
    result.messages = result.messages.filter((message: { ts: string }) => {
      const at = Number(message.ts);
      if (this.historyLagMs > 0 && at > shownUntil) return false;
      return inclusive ? at >= oldest && at <= latest : at > oldest;
    });
    if (form.get("include_all_metadata") === "true" && !this.hidesMetadata) return;
    for (const message of result.messages) delete message.metadata;
  }
}

function bearerOf(request: Request): string | undefined {
  return request.headers.get("authorization")?.replace("Bearer ", "");
}
