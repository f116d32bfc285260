import { ExternalError } from "../errors.ts";
import type { Db, Sql } from "../external/postgres/postgres.ts";
import { keySetting, readKeySetting, retiredKeyIds, usedKeyIds } from "./installation_store.ts";
import { open, seal, type SealKeys } from "./seal.ts";
import type { SealedColumn } from "./sealed.ts";
import { importSigningKey } from "./sign.ts";

export const SIGNING_KEY_AAD = "settings/signing_key";

/** Made once and sealed in the database, so that links outlive a change of the seal key. */
export async function signingKeyOf(db: Sql, sealKeys: SealKeys): Promise<CryptoKey> {
  const made = crypto.getRandomValues(new Uint8Array(32)).toBase64();
  const sealed = await keySetting(db, await seal(sealKeys, SIGNING_KEY_AAD, made));
  return await importSigningKey(await open(sealKeys, SIGNING_KEY_AAD, sealed));
}

/** Opens the stored signing key, or a value of its own where there is none: false. Throws SealError. */
export async function openProbe(db: Db, sealKeys: SealKeys): Promise<boolean> {
  const stored = await readKeySetting(db);
  await open(sealKeys, SIGNING_KEY_AAD, stored ?? await seal(sealKeys, SIGNING_KEY_AAD, "probe"));
  return stored !== undefined;
}

const KEY_ID = /^[0-9a-f]{8}$/;

/** Throws ExternalError for values sealed with a key that is neither known nor retired, and names its id. */
export async function checkSealKeys(
  db: Sql,
  { current, previous }: SealKeys,
  columns: SealedColumn[],
): Promise<void> {
  const known = [current.id, previous?.id, ...await retiredKeyIds(db)];
  const missing = (await usedKeyIds(db, columns)).filter((id) =>
    KEY_ID.test(id) && !known.includes(id)
  );
  if (missing.length === 0) return;
  throw new ExternalError(
    "PostgreSQL",
    `The seal key at hand is ${current.id}, but values here are sealed with ${
      missing.join(", ")
    }: set SEAL_KEY (or, while it is being changed, SEAL_KEY_PREVIOUS) to that key, or put DATA_DIR/seal.key back.`,
    true,
  );
}
