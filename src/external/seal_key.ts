import { ExternalError } from "../errors.ts";

type Bytes = Uint8Array<ArrayBuffer>;

const pathOf = (dataDir: string) => `${dataDir}/seal.key`;

/** Reads or creates `DATA_DIR/seal.key` (0600, base64, newest first). Throws ExternalError. */
export async function embeddedSealKeys(dataDir: string): Promise<Bytes[]> {
  const path = pathOf(dataDir);
  if (!await exists(path)) await makeFirst(dataDir);
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

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, (error) => {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  });
}

/** Whole or not at all, and never over another process's file. */
async function makeFirst(dataDir: string): Promise<void> {
  const made = `${pathOf(dataDir)}.${crypto.randomUUID()}`;
  try {
    await writeSynced(made, [crypto.getRandomValues(new Uint8Array(32))]);
    await Deno.link(made, pathOf(dataDir));
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
  } finally {
    await Deno.remove(made).catch(() => {});
  }
}

async function writeSynced(path: string, keys: Bytes[]): Promise<void> {
  using file = await Deno.open(path, { write: true, createNew: true, mode: 0o600 });
  const bytes = new TextEncoder().encode(keys.map((key) => key.toBase64() + "\n").join(""));
  for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
  await file.sync();
}

/** Writes the file in one piece and syncs it: values sealed with the keys come afterwards. */
export async function writeEmbeddedSealKeys(dataDir: string, keys: Bytes[]): Promise<void> {
  const path = pathOf(dataDir);
  await Deno.remove(`${path}.new`).catch(() => {});
  await writeSynced(`${path}.new`, keys);
  await Deno.rename(`${path}.new`, path);
  using folder = await Deno.open(dataDir);
  await folder.sync();
}
