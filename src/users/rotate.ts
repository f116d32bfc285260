import { z } from "@hono/zod-openapi";
import { audited } from "../audit/audit.ts";
import { AppError } from "../errors.ts";
import type { Sql } from "../external/postgres/postgres.ts";
import type { Who } from "../who.ts";
import { Expiry } from "./expiry.ts";
import { hashKey, makeKey } from "./key.ts";
import { endKeys, hasKeyFromEnvironment, insertKey } from "./key_store.ts";
import { lockUser } from "./store.ts";
import { unknownUser, visibleUser } from "./users.ts";

const YEAR_SECONDS = 366 * 86_400;

export const Rotation = z.strictObject({
  expires_at: Expiry
    .refine((time) => Date.parse(time) > Date.now(), "must lie in the future")
    .nullish(),
  grace_seconds: z.int().min(0).max(YEAR_SECONDS).default(0)
    .openapi({ description: "How long the old key goes on working." }),
}).openapi("Rotation");
export const NewKey = z.object({
  api_key: z.string().openapi({ description: "Shown this once." }),
  expires_at: z.iso.datetime().nullable(),
}).openapi("NewKey");

/** Throws 404, and 409 `key_from_environment`. */
export async function rotateKey(
  { db }: { db: Sql },
  who: Who,
  id: number,
  { expires_at, grace_seconds }: z.infer<typeof Rotation>,
): Promise<z.infer<typeof NewKey>> {
  const { username } = await visibleUser(db, who, id);
  const api_key = makeKey();
  const hash = await hashKey(api_key);
  const until = expires_at ? new Date(expires_at).toISOString() : null;
  const entry = { action: "key.rotate", subject: username, user_id: id } as const;
  return await audited(db, who, entry, async (tx) => {
    if (!await lockUser(tx, id)) throw unknownUser();
    if (await hasKeyFromEnvironment(tx, id)) {
      throw new AppError(
        "key_from_environment",
        409,
        "This key is the one of ADMIN_API_KEY: change it there, and restart.",
      );
    }
    await endKeys(tx, id, grace_seconds);
    await insertKey(tx, id, hash, until);
    return { api_key, expires_at: until };
  });
}
