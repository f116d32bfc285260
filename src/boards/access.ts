import { isSigned, sign } from "../credentials/sign.ts";

export const CAPTURE_HEADER = "x-dashkeeper-capture";

const linkText = (id: number, expires: number) => `board ${id} until ${expires}`;
const captureText = (id: number, claim_id: string) => `capture ${id} ${claim_id}`;

/** A link that opens one board for `days` without a session: `<expiry in Unix seconds>.<HMAC>`. */
export async function signLink(key: CryptoKey, id: number, days: number, now = Date.now()) {
  const expires = Math.floor(now / 1000) + days * 86_400;
  return `${expires}.${await sign(key, linkText(id, expires))}`;
}

export async function isLink(key: CryptoKey, id: number, signature: string, now = Date.now()) {
  const [, seconds, hmac] = /^(\d{1,12})\.([\w-]{43})$/.exec(signature) ?? [];
  if (!seconds || !hmac || Number(seconds) * 1000 < now) return false;
  return await isSigned(key, linkText(id, Number(seconds)), hmac);
}

/** The capturing browser's token for one board and attempt; it expires with the claim. */
export function signCapture(key: CryptoKey, id: number, claim_id: string): Promise<string> {
  return sign(key, captureText(id, claim_id));
}

export function isCapture(key: CryptoKey, id: number, claim_id: string | null, token: string) {
  return claim_id === null ? false : isSigned(key, captureText(id, claim_id), token);
}
