const FORM = /^dk_([\w-]{43})([\w-]{6})$/;
const base64 = { alphabet: "base64url", omitPadding: true } as const;

const utf8 = new TextEncoder();

/** `dk_`, 32 random bytes and a checksum of 4 bytes, which distinguishes a typo from a revoked key. */
export function makeKey(): string {
  const body = crypto.getRandomValues(new Uint8Array(32)).toBase64(base64);
  return `dk_${body}${checksum(body)}`;
}

export function isKey(text: string): boolean {
  const [, body, sum] = FORM.exec(text) ?? [];
  return body !== undefined && checksum(body) === sum;
}

/** CRC-32: it protects no secret, and a digest of WebCrypto takes 20 µs. */
function checksum(body: string): string {
  let crc = ~0;
  for (const byte of utf8.encode(body)) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 && 0xedb88320);
  }
  return new Uint8Array(Uint32Array.of(~crc).buffer).toBase64(base64);
}

/** SHA-256: 256 random bits need no slow hash. */
export async function hashKey(key: string): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", utf8.encode(key)));
}

/** Compares hashes, so that the time says nothing about the key. */
export async function isHashOf(key: string | undefined, hash: Uint8Array): Promise<boolean> {
  if (key === undefined) return false;
  const right = await hashKey(key);
  return hash.reduce((difference, byte, i) => difference | (byte ^ right[i]!), 0) === 0;
}
