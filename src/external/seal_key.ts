import { ExternalError } from "../errors.ts";

type Bytes = Uint8Array<ArrayBuffer>;

const pathOf = (dataDir: string) => `${dataDir}/seal.key`;

/**
 * The seal keys of an embedded database: read from `DATA_DIR/seal.key` (0600, base64, the newest in the
 * first line; an older one below it while values are sealed anew), or made there once. Throws
 * ExternalError when the file is there and holds something else.
 */
export async function embeddedSealKeys(dataDir: string): Promise<Bytes[]> {
  const path = pathOf(dataDir);
  try {
    const bytes = crypto.getRandomValues(new Uint8Array(32));
    await Deno.writeTextFile(path, bytes.toBase64() + "\n", { createNew: true, mode: 0o600 });
    return [bytes];
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
  }
  try {
    const lines = (await Deno.readTextFile(path)).trim().split(/\s+/);
    const keys = lines.map((line) => Uint8Array.fromBase64(line));
    if (keys.length <= 2 && keys.every(({ length }) => length === 32)) return keys;
  } catch { /* said below */ }
  throw new ExternalError(
    "PostgreSQL",
    `${path} does not hold a seal key (32 bytes in base64): put the right file back, the stored keys open with no other.`,
    true,
  );
}

/**
 * Puts these keys into the file, the newest first, in one piece. They are on the disk when this returns:
 * what is sealed with them is in the database only afterwards.
 */
export async function writeEmbeddedSealKeys(dataDir: string, keys: Bytes[]): Promise<void> {
  const path = pathOf(dataDir);
  const text = keys.map((bytes) => bytes.toBase64() + "\n").join("");
  await Deno.remove(`${path}.new`).catch(() => {});
  using file = await Deno.open(`${path}.new`, { write: true, createNew: true, mode: 0o600 });
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
  await file.sync();
  await Deno.rename(`${path}.new`, path);
  using folder = await Deno.open(dataDir);
  await folder.sync();
}
