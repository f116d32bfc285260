import { audited } from "../audit/audit.ts";
import { AppError } from "../errors.ts";
import { type Db, type Sql, takesNoChange } from "../external/postgres/postgres.ts";
import type { MembersSee, Who } from "../who.ts";
import { hashKey, isHashOf, isKey, makeKey } from "./key.ts";
import * as store from "./key_store.ts";
import type { FailureLimit } from "./failure_limit.ts";
import {
  deleteEndedSessions,
  findBySession,
  insertLink,
  insertSession,
  isLinkLive,
  recordSessionUse,
  takeLink,
} from "./session_store.ts";
import { endSession } from "./sessions.ts";

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
  if (who.stale) await unlessReadOnly(store.recordUse(db, hash, from));
  return { ...who, ...seesAll({ members_see }) };
}

export const outOfScope = () =>
  new AppError("key_scope", 403, "An import key may only send files: use your own API key.");

async function unlessReadOnly(work: Promise<void>): Promise<void> {
  await work.catch((error) => {
    if (!takesNoChange(error)) throw error;
  });
}

type Visitor = { from: string; browser: string };

/** A session of 7 days or as long as the key. Returns the value of the cookie. */
export async function signIn(
  deps: Deps,
  key: string | undefined,
  visitor: Visitor,
): Promise<string> {
  const found = await whoByKey(deps, key?.trim(), visitor.from);
  if (found.scope === "imports") throw outOfScope();
  const { user_id, username, expires_at } = found;
  return await startSession(deps, { user_id, username }, visitor, expires_at);
}

async function startSession(
  { db }: Pick<Deps, "db">,
  { user_id, username }: { user_id: number; username: string },
  { from, browser }: Visitor,
  until: string | null,
): Promise<string> {
  const session = makeKey();
  const hash = await hashKey(session);
  const entry = { action: "session.start", subject: username, user_id } as const;
  await audited(db, { username, from }, entry, async (tx) => {
    await insertSession(tx, { user_id, hash, from, browser }, until);
    await deleteEndedSessions(tx);
  });
  return session;
}

const seesAll = ({ members_see }: Pick<Deps, "members_see">) =>
  members_see === "all" ? { sees_all: true } : {};

const base64 = { alphabet: "base64url", omitPadding: true } as const;

/** Signs a user in once, within 10 minutes. Returns the secret part of the link's address. */
export async function makeSignInLink(db: Db, username: string): Promise<string> {
  const link = crypto.getRandomValues(new Uint8Array(32)).toBase64(base64);
  await insertLink(db, username, await hashKey(link));
  return link;
}

const linkUsed = () => {
  const message =
    "This link was used already, or is older than 10 minutes. Sign in with your API key.";
  return new AppError("link_used", 401, message);
};

/** Without using it up. Throws 401 `link_used`. */
export async function checkSignInLink({ db }: Pick<Deps, "db">, link: string): Promise<void> {
  if (!await isLinkLive(db, await hashKey(link))) throw linkUsed();
}

/** As signIn(), and uses the link up. Throws 401 `link_used`, and 429 after too many failures. */
export async function signInByLink(deps: Deps, link: string, visitor: Visitor): Promise<string> {
  const user = await takeLink(deps.db, await hashKey(link));
  if (user) return await startSession(deps, user, visitor, null);
  deps.failures.count(visitor.from, link);
  throw linkUsed();
}

export async function whoBySession(
  { db, ...deps }: Pick<Deps, "db" | "members_see">,
  session: string | undefined,
): Promise<Omit<Who, "from"> | undefined> {
  if (!session || !isKey(session)) return undefined;
  const found = await findBySession(db, await hashKey(session));
  if (!found) return undefined;
  const { stale, ...who } = found;
  if (stale) await unlessReadOnly(recordSessionUse(db, who.session_id));
  return { ...who, ...seesAll(deps) };
}

/** Ends the session on the server. */
export async function signOut(deps: Pick<Deps, "db">, session: string | undefined, from: string) {
  const who = await whoBySession(deps, session);
  if (who) await endSession(deps, { ...who, from }, who.user_id, who.session_id!);
}
