/** Values are sealed with `current`; `previous` only opens. `refresh` reads keys that may have changed. */
export type SealKeys = { current: SealKey; previous?: SealKey; refresh?: () => Promise<void> };
export type SealKey = { id: string; key: CryptoKey };

export class SealError extends Error {}

type Bytes = Uint8Array<ArrayBuffer>;

const FORMAT = "dk1";
const utf8 = new TextEncoder();
const base64 = { alphabet: "base64url", omitPadding: true } as const;

/** From 32 bytes; the id is 8 hex digits of their hash. */
export async function importSealKey(bytes: Bytes): Promise<SealKey> {
  const named = new Uint8Array([...utf8.encode("dashkeeper seal key "), ...bytes]);
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", named));
  return { id: digest.slice(0, 4).toHex(), key: await aesKey(bytes) };
}

export async function loadSealKeys(read: () => Promise<Bytes[]>): Promise<SealKeys> {
  let known = "";
  async function refresh() {
    const bytes = await read();
    const text = bytes.map((key) => key.toBase64()).join();
    if (text === known) return;
    const [current, previous] = await Promise.all(bytes.map(importSealKey));
    Object.assign(keys, { current, previous });
    known = text;
  }
  const keys = { refresh } as SealKeys;
  await refresh();
  return keys;
}

function aesKey(bytes: Uint8Array<ArrayBuffer>) {
  return crypto.subtle.importKey("raw", bytes, "AES-GCM", false, ["encrypt", "decrypt"]);
}

async function encrypt(key: CryptoKey, aad: string, plain: Uint8Array<ArrayBuffer>) {
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const params = { name: "AES-GCM", iv, additionalData: utf8.encode(aad) };
  const body = new Uint8Array(await crypto.subtle.encrypt(params, key, plain));
  return new Uint8Array([...iv, ...body]);
}

async function decrypt(key: CryptoKey, aad: string, sealed: Uint8Array<ArrayBuffer>) {
  const params = { name: "AES-GCM", iv: sealed.slice(0, 12), additionalData: utf8.encode(aad) };
  return new Uint8Array(await crypto.subtle.decrypt(params, key, sealed.slice(12)));
}

/**
 * AES-256-GCM under a data key of its own, which the seal key wraps; both are bound to `aad`, the place of
 * storage. The text reads `dk1.<key id>.<wrapped data key>.<value>`.
 */
export async function seal(keys: SealKeys, aad: string, secret: string): Promise<string> {
  await keys.refresh?.();
  const dataKey = crypto.getRandomValues(new Uint8Array(32));
  const value = await encrypt(await aesKey(dataKey), aad, utf8.encode(secret));
  return await write(keys.current, aad, dataKey, value.toBase64(base64));
}

/** Throws SealError, which names the key id that is needed. */
export async function open(keys: SealKeys, aad: string, sealed: string): Promise<string> {
  const { id, dataKey, value } = await unwrap(keys, aad, sealed);
  try {
    const plain = await decrypt(await aesKey(dataKey), aad, Uint8Array.fromBase64(value, base64));
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(plain);
  } catch {
    throw new SealError(`${aad} does not open with the key ${id}`);
  }
}

/** Wraps the data key anew, the value stays closed; undefined where it is current. Throws SealError. */
export async function rewrap(keys: SealKeys, aad: string, sealed: string) {
  if (sealed.split(".")[1] === keys.current.id) return undefined;
  const { dataKey, value } = await unwrap(keys, aad, sealed);
  return await write(keys.current, aad, dataKey, value);
}

async function write({ id, key }: SealKey, aad: string, dataKey: Bytes, value: string) {
  return [FORMAT, id, (await encrypt(key, aad, dataKey)).toBase64(base64), value].join(".");
}

async function unwrap(keys: SealKeys, aad: string, sealed: string) {
  const [format, id, wrapped, value] = sealed.split(".");
  if (format !== FORMAT || !id || !wrapped || !value) {
    throw new SealError(`unknown seal format at ${aad}`);
  }
  const known = () => [keys.current, keys.previous].find((key) => key?.id === id);
  let key = known();
  if (!key && keys.refresh) {
    await keys.refresh();
    key = known();
  }
  if (!key) throw new SealError(`${aad} was sealed with the key ${id}`);
  try {
    const dataKey = await decrypt(key.key, aad, Uint8Array.fromBase64(wrapped, base64));
    return { id, dataKey, value };
  } catch {
    throw new SealError(`${aad} does not open with the key ${id}`);
  }
}
