const utf8 = new TextEncoder();
const base64 = { alphabet: "base64url", omitPadding: true } as const;

export async function importSigningKey(text: string): Promise<CryptoKey> {
  const params = { name: "HMAC", hash: "SHA-256" };
  return await crypto.subtle.importKey("raw", Uint8Array.fromBase64(text), params, false, [
    "sign",
    "verify",
  ]);
}

/** HMAC-SHA-256 of the text, in base64url. */
export async function sign(key: CryptoKey, text: string): Promise<string> {
  return new Uint8Array(await crypto.subtle.sign("HMAC", key, utf8.encode(text))).toBase64(base64);
}

/** Whether sign() made this signature for the text; compared in constant time. */
export async function isSigned(key: CryptoKey, text: string, signature: string): Promise<boolean> {
  try {
    const bytes = Uint8Array.fromBase64(signature, { alphabet: "base64url" });
    return await crypto.subtle.verify("HMAC", key, bytes, utf8.encode(text));
  } catch {
    return false;
  }
}
