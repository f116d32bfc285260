import { ok, strictEqual as equal } from "node:assert";
import { makeFormToken } from "../../../src/http/form_token.ts";
import { type Document, faultsOf, operationOf } from "./openapi.ts";

// deno-lint-ignore no-explicit-any
export type Reply = { status: number; headers: Headers; body: any; text: string };
export type Sent = {
  /** null: none. */
  key?: string | null;
  json?: unknown;
  body?: BodyInit;
  headers?: Record<string, string>;
};

/** The OpenAPI document as the service publishes it. */
export async function fetchDocument(origin: string): Promise<Document> {
  return await (await fetch(`${origin}/api/v1/openapi.json`)).json();
}

/** Requests to the service; each answer to call() is held against the OpenAPI document. */
export function calls(origin: string, admin: string, document: Document, formKey: CryptoKey) {
  /** What a form of our pages sends besides its fields, unless the test does. */
  async function asOurForm(headers: Headers, path: string) {
    if (path === "/sign-in" && !headers.has("cookie")) headers.set("cookie", "dashkeeper_form=x");
    const cookie = /\bdashkeeper_(?:session|form)=([^;]*)/.exec(headers.get("cookie") ?? "")?.[1];
    if (cookie === undefined || headers.has("x-form-token")) return;
    headers.set("x-form-token", await makeFormToken(formKey, cookie));
  }

  async function send(method: string, path: string, { key, json, body, headers }: Sent = {}) {
    const all = new Headers(headers);
    if (key) all.set("authorization", `Bearer ${key}`);
    if (method === "POST" && !path.startsWith("/api/")) await asOurForm(all, path);
    const sent = json === undefined ? body : JSON.stringify(json);
    const named = all.has("content-type") || sent instanceof URLSearchParams ||
      sent instanceof FormData;
    if (sent !== undefined && !named) {
      all.set("content-type", "application/json");
    }
    const init = { method, headers: all, redirect: "manual", signal: AbortSignal.timeout(30_000) };
    const response = await fetch(origin + path, {
      ...init as RequestInit,
      ...(sent === undefined ? {} : { body: sent }),
    });
    const text = await response.text();
    const isJson = response.headers.get("content-type")?.startsWith("application/json");
    const { status } = response;
    const reply: Reply = { status, headers: response.headers, text, body: text };
    if (isJson && text) reply.body = JSON.parse(text);
    return reply;
  }

  /** A call of the API, by the admin unless `key` says otherwise; `/users` and so on. */
  async function call(method: string, path: string, sent: Sent = {}): Promise<Reply> {
    const reply = await send(method, `/api/v1${path}`, { key: admin, ...sent });
    if (reply.status !== 204 && method !== "HEAD") {
      holdAgainst(document, method, path, reply);
    }
    return reply;
  }

  return {
    document,
    /** A request of any kind, without a key unless it is given. */
    send,
    call,
    post: (path: string, json: unknown = {}, key?: string) =>
      call("POST", path, { json, ...(key ? { key } : {}) }),
    /** Signs a person in, as the page's form does; returns the Cookie header. */
    async signIn(api_key: string): Promise<string> {
      const body = new URLSearchParams({ api_key });
      const { status, headers } = await send("POST", "/sign-in", { headers: { origin }, body });
      equal(status, 303);
      return headers.getSetCookie()[0]!.split(";")[0]!;
    },
    /** The audit log, newest first: `action subject outcome` by `actor`. */
    async recorded(query = ""): Promise<string[]> {
      const { body } = await call("GET", `/audit?limit=500${query}`);
      return body.entries.map((
        { actor, action, subject, outcome }: Record<string, string>,
      ) => `${actor}: ${action} ${subject} ${outcome}`);
    },
  };
}
export type Calls = ReturnType<typeof calls>;

function holdAgainst(document: Document, method: string, path: string, reply: Reply) {
  const { status, headers, body, text } = reply;
  const what = `${method} ${path.slice(0, 200)} ${status}`;
  if (status >= 400) {
    equal(body?.request_id, headers.get("x-request-id"), `${what} ${text.slice(0, 300)}`);
    ok(!/\n\s+at /.test(text), `${what}: a stack`);
  }
  const operation = operationOf(document, method, path.split("?")[0]!);
  if (!operation || status === 405) return;
  const response = operation.responses[status];
  ok(response, `${what} is not in the OpenAPI document: ${text.slice(0, 300)}`);
  const schema = response.content?.["application/json"]?.schema;
  if (schema) equal(faultsOf(document, schema, body).join("; "), "", what);
}

/** Holds an error reply against the status and code that it must have. */
export function refused(reply: Reply, status: number, code: string, what?: string) {
  equal(`${reply.status} ${reply.body?.code}`, `${status} ${code}`, what ?? reply.text);
}
