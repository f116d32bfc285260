import { z } from "@hono/zod-openapi";
import { audited } from "../../audit/audit.ts";
import { AppError } from "../../errors.ts";
import { isUniqueViolation, type Sql } from "../../external/postgres/postgres.ts";
import type { Who } from "../../who.ts";
import { hashKey, makeKey } from "../key.ts";
import { Rotation } from "../rotate.ts";
import { lockUser } from "../store.ts";
import { unknownUser, visibleUser } from "../users.ts";
import * as store from "./store.ts";

const time = z.iso.datetime();
const MOST_KEYS = 100;

export const NewImportKey = z.strictObject({
  name: z.string().trim().min(1).max(100).regex(/^[^\0\t\r\n]*$/, "must be one line of text")
    .refine((text) => text.isWellFormed(), "must be Unicode text: it holds half a character")
    .openapi({ example: "GitLab CI" }),
  expires_at: Rotation.shape.expires_at,
}).openapi("NewImportKey");

export const MadeImportKey = z.object({
  id: z.int(),
  name: z.string(),
  api_key: z.string().openapi({ description: "Shown this once." }),
  expires_at: time.nullable(),
}).openapi("MadeImportKey");

export const ImportKey = z.object({
  id: z.int(),
  name: z.string(),
  created_at: time,
  last_used_at: time.nullable().openapi({ description: "To the minute." }),
  expires_at: time.nullable(),
}).openapi("ImportKey");

type Deps = { db: Sql };

/** A key that may only import. Throws 404, and 409 `import_key_exists` or `import_keys_full`. */
export async function createImportKey(
  { db }: Deps,
  who: Who,
  user_id: number,
  { name, expires_at }: z.infer<typeof NewImportKey>,
): Promise<z.infer<typeof MadeImportKey>> {
  const { username } = await visibleUser(db, who, user_id);
  const api_key = makeKey();
  const hash = await hashKey(api_key);
  const until = expires_at ? new Date(expires_at).toISOString() : null;
  const entry = { action: "import_key.create", subject: `${username}/${name}`, user_id } as const;
  return await audited(db, who, entry, async (tx) => {
    if (!await lockUser(tx, user_id)) throw unknownUser();
    if (await store.countImportKeys(tx, user_id) >= MOST_KEYS) {
      const message = `A user has at most ${MOST_KEYS} import keys: remove one.`;
      throw new AppError("import_keys_full", 409, message);
    }
    const key = { user_id, hash, name, expires_at: until };
    const id = await store.insertImportKey(tx, key).catch((error) => {
      if (!isUniqueViolation(error)) throw error;
      throw new AppError("import_key_exists", 409, `There is already an import key "${name}".`);
    });
    return { id, name, api_key, expires_at: until };
  });
}

/** Throws 404 for those of another user. */
export async function importKeysOf({ db }: Deps, who: Who, user_id: number) {
  await visibleUser(db, who, user_id);
  return await store.listImportKeys(db, user_id);
}

/** Throws 404 `import_key_unknown`. */
export async function removeImportKey({ db }: Deps, who: Who, user_id: number, id: number) {
  const { username } = await visibleUser(db, who, user_id);
  const entry = { action: "import_key.remove" as const, subject: `${username}/${id}`, user_id };
  await audited(db, who, entry, async (tx) => {
    const name = await store.deleteImportKey(tx, user_id, id);
    if (name === undefined) {
      throw new AppError("import_key_unknown", 404, "There is no such import key.");
    }
    entry.subject = `${username}/${name}`;
  });
}
