/** A request of Slack's, as its app with this signing secret sends it. */
export type Sender = { origin: string; path?: string; secret: string };
export type Odd = {
  /** Seconds since 1970; by default now. */
  timestamp?: string | number;
  signature?: string;
  headers?: Record<string, string>;
};

export const FORM = "application/x-www-form-urlencoded";

const bytesOf = (body: string | Uint8Array) =>
  typeof body === "string" ? new TextEncoder().encode(body) : body;

/** `v0=…` over the raw bytes. */
export async function signatureOf(
  secret: string,
  timestamp: string | number,
  body: string | Uint8Array,
): Promise<string> {
  const utf8 = new TextEncoder();
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("raw", utf8.encode(secret), algorithm, false, ["sign"]);
  const base = new Uint8Array([...utf8.encode(`v0:${timestamp}:`), ...bytesOf(body)]);
  return `v0=${new Uint8Array(await crypto.subtle.sign("HMAC", key, base)).toHex()}`;
}

/** Sends a signed body; `path` as under `/slack`. */
export async function sendSigned(
  { origin, path = "", secret }: Sender,
  to: "interactions" | "commands" | "events",
  body: string | Uint8Array,
  { timestamp = Math.floor(Date.now() / 1000), signature, headers }: Odd = {},
): Promise<{ status: number; text: string }> {
  const response = await fetch(`${origin}/slack${path}/${to}`, {
    method: "POST",
    headers: {
      "content-type": to === "events" ? "application/json" : FORM,
      "x-slack-request-timestamp": String(timestamp),
      "x-slack-signature": signature ?? await signatureOf(secret, timestamp, body),
      ...headers,
    },
    body: new Uint8Array(bytesOf(body)),
  });
  return { status: response.status, text: await response.text() };
}
