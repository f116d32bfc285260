import { audited } from "../audit/audit.ts";
import { AppError } from "../errors.ts";
import { type Sql, takesNoChange } from "../external/postgres/postgres.ts";
import type { MembersSee, Who } from "../who.ts";
import { hashKey, isHashOf, isKey, makeKey } from "./key.ts";
import * as store from "./key_store.ts";
import type { FailureLimit } from "./failure_limit.ts";

/** `adoptedKeys`: SHA-256, in hex. Neither they nor `adminKey` (ADMIN_API_KEY) need have our format. */
export type Deps = {
  db: Sql;
  adminKey?: string | undefined;
  adoptedKeys?: ReadonlySet<string> | undefined;
  failures: FailureLimit;
  members_see?: MembersSee | undefined;
};

/**
 * Throws 401 `key_missing`, `key_malformed` or `key_refused`, and 429 after too many failures; a valid key
 * always passes.
 */
export async function whoByKey(
  { db, adminKey, adoptedKeys, failures, members_see }: Deps,
  key: string | undefined,
  from: string,
): Promise<store.KeyOwner & Pick<Who, "sees_all">> {
  if (!key) {
    throw new AppError("key_missing", 401, "Send your API key: `Authorization: Bearer …`.");
  }
  const hash = await hashKey(key);
  const known = adoptedKeys?.has(hash.toHex()) || await isHashOf(adminKey, hash);
  if (!known && !isKey(key)) {
    failures.count(from, key);
    throw new AppError(
      "key_malformed",
      401,
      "This is not an API key of Dashkeeper: is it complete?",
    );
  }
  const who = await store.findByKey(db, hash);
  if (!who) {
    failures.count(from, key);
    throw new AppError("key_refused", 401, "This API key is not valid, or not any more.");
  }
  if (who.stale) await recordUse(db, hash, from);
  return { ...who, ...seesAll({ members_see }) };
}

async function recordUse(db: Sql, hash: Uint8Array, from: string): Promise<void> {
  await store.recordUse(db, hash, from).catch((error) => {
    if (!takesNoChange(error)) throw error;
  });
}

/** A session of 7 days or as long as the key. Returns the value of the cookie. */
export async function signIn(deps: Deps, key: string | undefined, from: string): Promise<string> {
  const { user_id, username, expires_at } = await whoByKey(deps, key?.trim(), from);
  const session = makeKey();
  const hash = await hashKey(session);
  const entry = { action: "session.start", subject: username, user_id } as const;
  await audited(
    deps.db,
    { username, from },
    entry,
    (tx) => store.insertSession(tx, user_id, hash, expires_at),
  );
  return session;
}

const seesAll = ({ members_see }: Pick<Deps, "members_see">) =>
  members_see === "all" ? { sees_all: true } : {};

export async function whoBySession(
  { db, ...deps }: Pick<Deps, "db" | "members_see">,
  session: string | undefined,
): Promise<Omit<Who, "from"> | undefined> {
  if (!session || !isKey(session)) return undefined;
  const who = await store.findBySession(db, await hashKey(session));
  return who && { ...who, ...seesAll(deps) };
}

export async function signOut({ db }: Pick<Deps, "db">, session: string | undefined) {
  if (session) await store.deleteSession(db, await hashKey(session));
}
