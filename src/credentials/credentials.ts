import { z } from "@hono/zod-openapi";
import { AppError } from "../errors.ts";
import type { Db } from "../external/postgres.ts";
import { visibleUser } from "../users/users.ts";
import type { Who } from "../who.ts";
import { open, seal, type SealKeys } from "./seal.ts";
import { findSealed, insertCredential } from "./store.ts";

export type Deps = { db: Db; sealKeys: SealKeys };

export const KeyName = z.string()
  .regex(
    /^(?!\.{1,2}$)[\w.-]{1,255}$/,
    "A key name has 1 to 255 of A-Z, a-z, 0-9, _, . and -, and is not . or ..",
  )
  .openapi({ example: "TIMING_DATABASE_URL" });

/** A credential with its value: only ever the answer to a call that asks for this one. */
export const Revealed = z.object({ key_name: z.string(), key_value: z.string() })
  .openapi("RevealedCredential");

const place = (user_id: number, key_name: string) => `credentials/${user_id}/${key_name}`;

/** Stores a credential, sealed. */
export async function addCredential(
  { db, sealKeys }: Deps,
  user_id: number,
  key_name: string,
  key_value: string,
) {
  const sealed = await seal(sealKeys, place(user_id, key_name), key_value);
  return await insertCredential(db, user_id, key_name, sealed);
}

/** Opens one credential for one call. Throws 404 `credential_unknown`, SealError. */
export async function openCredential({ db, sealKeys }: Deps, user_id: number, key_name: string) {
  const row = await findSealed(db, user_id, key_name);
  if (!row) {
    throw new AppError("credential_unknown", 404, `There is no credential ${key_name}.`);
  }
  return { key_name, key_value: await open(sealKeys, place(user_id, key_name), row.key_value) };
}

/** A credential with its value, for its owner or an admin. Throws 404 for anybody else. */
export async function revealCredential(deps: Deps, who: Who, user_id: number, key_name: string) {
  await visibleUser(deps.db, who, user_id);
  return await openCredential(deps, user_id, key_name);
}
