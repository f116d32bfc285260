import { z } from "@hono/zod-openapi";
import { AppError } from "../errors.ts";
import type { Db, Sql } from "../external/postgres/postgres.ts";
import { adminOnly, type Who } from "../who.ts";
import { hashKey, makeKey } from "./key.ts";
import { insertKey, replaceKeys } from "./key_store.ts";
import * as store from "./store.ts";

const RESERVED =
  /^(admin|administrator|root|superuser|postgres|dashkeeper|system|public|none|user|all|current_.*|session_user|pg_.*|template.*)$/;

export const Username = z.string()
  .regex(
    /^[a-z][a-z0-9_-]{1,31}$/,
    "A username has 2 to 32 of a-z, 0-9, _ and -, and begins with a letter.",
  )
  .refine((name) => !RESERVED.test(name), "This name is reserved.")
  .openapi({ example: "ada" });

export const Role = z.enum(["admin", "member"]);
const time = z.iso.datetime();

export const User = z.object({
  id: z.int().openapi({ example: 2 }),
  username: z.string().openapi({ example: "ada" }),
  is_active: z.boolean(),
  role: Role,
  created_at: time,
}).openapi("User");

export const UserDetails = User.extend({
  last_used_at: time.nullable().openapi({ description: "Of its keys; to the minute." }),
  last_used_from: z.string().nullable(),
}).openapi("UserDetails");

export const unknownUser = () => new AppError("user_unknown", 404, "There is no such user.");

export const isVisible = (who: Who, id: number) => who.role === "admin" || who.user_id === id;

/** Throws 404 where `who` may not see the user. */
export async function visibleUser(db: Db, who: Who, id: number) {
  const user = isVisible(who, id) ? await store.findUser(db, id) : undefined;
  if (!user) throw unknownUser();
  return user;
}

export async function userDetails(db: Db, who: Who, id: number) {
  const found = isVisible(who, id) ? await store.findUserDetails(db, id) : undefined;
  if (!found) throw unknownUser();
  return found;
}

/** `next` is null at the end. Admins only. */
export async function pageOfUsers(
  db: Db,
  who: Who,
  filter: store.UserFilter,
  page: { limit: number; after: string },
) {
  adminOnly(who);
  const found = await store.listUsers(db, filter, page.after, page.limit + 1);
  const users = found.slice(0, page.limit);
  return { users, next: found.length > page.limit ? users.at(-1)!.username : null };
}

/**
 * Creates the user `admin` if missing. `key` (ADMIN_API_KEY) becomes its only key. Without it the first start
 * creates a key and returns it, once; a key of a former ADMIN_API_KEY stays.
 */
export async function ensureAdmin(db: Sql, key: string | undefined): Promise<string | undefined> {
  return await db.begin(async (tx) => {
    await store.lockAdmin(tx);
    const known = await store.findUserByName(tx, "admin");
    const admin = known ?? await store.insertUser(tx, "admin", "admin");
    if (key) return void await replaceKeys(tx, admin.id, await hashKey(key));
    if (known) return;
    const made = makeKey();
    await insertKey(tx, admin.id, await hashKey(made));
    return made;
  });
}
