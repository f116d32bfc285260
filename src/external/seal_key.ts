import { ExternalError } from "../errors.ts";

/**
 * The 32 bytes of the seal key of an embedded database: read from `DATA_DIR/seal.key`, or made there once
 * (0600, base64). Throws ExternalError when the file is there and holds something else.
 */
export async function embeddedSealKey(dataDir: string): Promise<Uint8Array<ArrayBuffer>> {
  const path = `${dataDir}/seal.key`;
  try {
    const bytes = crypto.getRandomValues(new Uint8Array(32));
    await Deno.writeTextFile(path, bytes.toBase64() + "\n", { createNew: true, mode: 0o600 });
    return bytes;
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
  }
  try {
    const bytes = Uint8Array.fromBase64((await Deno.readTextFile(path)).trim());
    if (bytes.length === 32) return bytes;
  } catch { /* said below */ }
  throw new ExternalError(
    "PostgreSQL",
    `${path} does not hold a seal key (32 bytes in base64): put the right file back, the stored keys open with no other.`,
    true,
  );
}
