import { z } from "@hono/zod-openapi";
import { AppError } from "../errors.ts";
import type { Db, Sql } from "../external/postgres.ts";
import type { Who } from "../who.ts";
import { hashKey, makeKey } from "./key.ts";
import {
  findUser,
  findUserByName,
  holdAdmin,
  insertKey,
  insertUser,
  listUsers,
  replaceKeys,
} from "./store.ts";

const RESERVED =
  /^(admin|administrator|root|superuser|postgres|dashkeeper|public|none|user|current_.*|session_user|pg_.*|template.*)$/;

export const Username = z.string()
  .regex(
    /^[a-z][a-z0-9_-]{1,31}$/,
    "A username has 2 to 32 of a-z, 0-9, _ and -, and begins with a letter.",
  )
  .refine((name) => !RESERVED.test(name), "This name is reserved.")
  .openapi({ example: "ada" });

export const User = z.object({
  id: z.int(),
  username: z.string(),
  is_active: z.boolean(),
  role: z.enum(["admin", "member"]),
  created_at: z.iso.datetime(),
}).openapi("User");

/** The user if `who` may see it: an admin sees all, a member itself. Throws 404 otherwise. */
export async function visibleUser(db: Db, who: Who, id: number) {
  const user = who.role === "admin" || who.user_id === id ? await findUser(db, id) : undefined;
  if (!user) throw new AppError("user_unknown", 404, "There is no such user.");
  return user;
}

/** Throws 403 unless an admin is asking. */
export function adminOnly({ role }: Who): void {
  if (role !== "admin") throw new AppError("admin_only", 403, "Only an admin may do this.");
}

/** One page of users by name; `next_cursor` is null at the end. Admins only. */
export async function pageOfUsers(db: Db, who: Who, page: { limit: number; after: string }) {
  adminOnly(who);
  const found = await listUsers(db, page.after, page.limit + 1);
  const users = found.slice(0, page.limit);
  return { users, next: found.length > page.limit ? users.at(-1)!.username : null };
}

/**
 * Sees to it that there is the user `admin`. With `key` (ADMIN_API_KEY) that is its only key, and keys
 * of former starts end. Without one a key is made on the very first start, and returned this once; an
 * admin whose only key came from the environment keeps it.
 */
export async function ensureAdmin(db: Sql, key: string | undefined): Promise<string | undefined> {
  return await db.begin(async (tx) => {
    await holdAdmin(tx);
    const known = await findUserByName(tx, "admin");
    const admin = known ?? await insertUser(tx, "admin", "admin");
    if (key) return void await replaceKeys(tx, admin.id, await hashKey(key));
    if (known) return;
    const made = await makeKey();
    await insertKey(tx, admin.id, await hashKey(made));
    return made;
  }) as string | undefined;
}
