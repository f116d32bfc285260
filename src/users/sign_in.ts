import { AppError } from "../errors.ts";
import type { Db } from "../external/postgres.ts";
import type { Who } from "../who.ts";
import { hashKey, isKey, makeKey } from "./key.ts";
import { deleteSession, findByKey, findBySession, insertSession } from "./store.ts";

type Found = Omit<Who, "from">;
/** `adminKey`: the text of ADMIN_API_KEY, which need not have the form of our keys. */
export type Deps = { db: Db; adminKey?: string | undefined };

/** Who holds this API key. Throws 401 `key_missing`, `key_malformed` or `key_refused`. */
export async function whoByKey({ db, adminKey }: Deps, key: string | undefined): Promise<Found> {
  if (!key) {
    throw new AppError("key_missing", 401, "Send your API key: `Authorization: Bearer …`.");
  }
  if (key !== adminKey && !await isKey(key)) {
    throw new AppError(
      "key_malformed",
      401,
      "This is not an API key of Dashkeeper: is it complete?",
    );
  }
  const who = await findByKey(db, await hashKey(key));
  if (!who) throw new AppError("key_refused", 401, "This API key is not valid, or not any more.");
  return who;
}

/** Turns a key into a session of a browser, for 7 days. Returns what the cookie holds. */
export async function signIn(deps: Deps, key: string | undefined): Promise<string> {
  const { user_id } = await whoByKey(deps, key?.trim());
  const session = await makeKey();
  await insertSession(deps.db, user_id, await hashKey(session));
  return session;
}

export async function whoBySession({ db }: Deps, session: string | undefined) {
  if (!session || !await isKey(session)) return undefined;
  return await findBySession(db, await hashKey(session));
}

export async function signOut({ db }: Deps, session: string | undefined): Promise<void> {
  if (session) await deleteSession(db, await hashKey(session));
}
