/** The keys that values are sealed with: everything is sealed by `current`; `previous` only opens. */
export type SealKeys = { current: SealKey; previous?: SealKey };
export type SealKey = { id: string; key: CryptoKey };

/** Thrown when a sealed text does not open here: another key, another place, or not one of ours. */
export class SealError extends Error {}

const FORMAT = "dk1";
const utf8 = new TextEncoder();
const base64 = { alphabet: "base64url", omitPadding: true } as const;

/** Makes a seal key of 32 bytes; its id (8 hex digits of a hash) stands in every text it seals. */
export async function importSealKey(bytes: Uint8Array<ArrayBuffer>): Promise<SealKey> {
  const named = new Uint8Array([...utf8.encode("dashkeeper seal key "), ...bytes]);
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", named));
  return { id: digest.slice(0, 4).toHex(), key: await aesKey(bytes) };
}

function aesKey(bytes: Uint8Array<ArrayBuffer>) {
  return crypto.subtle.importKey("raw", bytes, "AES-GCM", false, ["encrypt", "decrypt"]);
}

async function encrypt(key: CryptoKey, where: string, plain: Uint8Array<ArrayBuffer>) {
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const params = { name: "AES-GCM", iv, additionalData: utf8.encode(where) };
  const body = new Uint8Array(await crypto.subtle.encrypt(params, key, plain));
  return new Uint8Array([...iv, ...body]);
}

async function decrypt(key: CryptoKey, where: string, sealed: Uint8Array<ArrayBuffer>) {
  const params = { name: "AES-GCM", iv: sealed.slice(0, 12), additionalData: utf8.encode(where) };
  return new Uint8Array(await crypto.subtle.decrypt(params, key, sealed.slice(12)));
}

/**
 * Seals a secret with AES-256-GCM under a data key of its own, which the seal key wraps; both are tied to
 * the place where it is stored (`where`, such as `credentials/7/TOKEN`). The text reads
 * `dk1.<key id>.<wrapped data key>.<value>`.
 */
export async function seal({ current }: SealKeys, where: string, secret: string): Promise<string> {
  const dataKey = crypto.getRandomValues(new Uint8Array(32));
  const wrapped = await encrypt(current.key, where, dataKey);
  const value = await encrypt(await aesKey(dataKey), where, utf8.encode(secret));
  return [FORMAT, current.id, wrapped.toBase64(base64), value.toBase64(base64)].join(".");
}

/** Opens what seal() made for the same place. Throws SealError, which names the key id that is needed. */
export async function open(keys: SealKeys, where: string, sealed: string): Promise<string> {
  const [format, id, wrapped, value] = sealed.split(".");
  if (format !== FORMAT || !wrapped || !value) {
    throw new SealError(`unknown seal format at ${where}`);
  }
  const key = [keys.current, keys.previous].find((known) => known?.id === id);
  if (!key) throw new SealError(`${where} was sealed with the key ${id}`);
  try {
    const dataKey = await decrypt(key.key, where, Uint8Array.fromBase64(wrapped, base64));
    const plain = await decrypt(await aesKey(dataKey), where, Uint8Array.fromBase64(value, base64));
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(plain);
  } catch {
    throw new SealError(`${where} does not open with the key ${id}`);
  }
}
