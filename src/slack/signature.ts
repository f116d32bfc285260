/** Seconds by which Slack's clock and ours may differ; an older request may be a repeated one. */
const MOST_SECONDS = 300;

export type Signed = { timestamp: string; signature: string; body: Uint8Array };

const utf8 = new TextEncoder();

/** Whether the headers can be Slack's at all, at `now` in ms; asked before any secret is read. */
export function isCurrent({ timestamp, signature }: Omit<Signed, "body">, now: number): boolean {
  // One spelling only: another one of the same signature would count as a new one.
  return /^v0=[0-9a-f]{64}$/.test(signature) && /^\d{1,12}$/.test(timestamp) &&
    Math.abs(now / 1000 - Number(timestamp)) <= MOST_SECONDS;
}

/** Whether `secret` signed exactly these bytes. The comparison takes the same time for any signature. */
export async function isSigned(
  secret: string,
  { timestamp, signature, body }: Signed,
): Promise<boolean> {
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("raw", utf8.encode(secret), algorithm, false, [
    "verify",
  ]);
  const base = new Uint8Array([...utf8.encode(`v0:${timestamp}:`), ...body]);
  return await crypto.subtle.verify("HMAC", key, Uint8Array.fromHex(signature.slice(3)), base);
}
