const FORM = /^dk_([\w-]{43})([\w-]{6})$/;
const base64 = { alphabet: "base64url", omitPadding: true } as const;

async function sha256(text: string): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
}

/** `dk_`, 32 random bytes and a checksum of 4 bytes, so that a typo is told from a revoked key. */
export async function makeKey(): Promise<string> {
  const body = crypto.getRandomValues(new Uint8Array(32)).toBase64(base64);
  return `dk_${body}${await checksum(body)}`;
}

async function checksum(body: string): Promise<string> {
  return (await sha256(`dashkeeper key ${body}`)).slice(0, 4).toBase64(base64);
}

/** Whether the text has the form of our keys, its checksum included. */
export async function isKey(text: string): Promise<boolean> {
  const [, body, sum] = FORM.exec(text) ?? [];
  return body !== undefined && await checksum(body) === sum;
}

/** What is stored of a key. 256 random bits need no slow hash. */
export function hashKey(key: string): Promise<Uint8Array> {
  return sha256(key);
}
