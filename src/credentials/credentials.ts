import { z } from "@hono/zod-openapi";
import { audited, logEntry, record } from "../audit/audit.ts";
import { AppError } from "../errors.ts";
import { type Db, isUniqueViolation, type Sql, sqlState } from "../external/postgres/postgres.ts";
import { Expiry } from "../users/expiry.ts";
import { isVisible, unknownUser, visibleUser } from "../users/users.ts";
import type { Who } from "../who.ts";
import { open, seal, SealError, type SealKeys } from "./seal.ts";
import { credentialAad } from "./sealed.ts";
import * as store from "./store.ts";
import type { Log } from "../external/log/log.ts";

export type Deps = { db: Sql; sealKeys: SealKeys; log: Log };

export const KeyName = z.string()
  .regex(
    /^(?!\.{1,2}$)[\w.-]{1,255}$/,
    "A key name has 1 to 255 of A-Z, a-z, 0-9, _, . and -, and is not . or ..",
  )
  .openapi({ example: "SLACK_BOT_TOKEN" });

const MOST_BYTES = 65_536;
const KeyValue = z.string()
  .min(1, "must not be empty")
  .refine((value) => value.isWellFormed(), "must be Unicode text: it holds half a character")
  .refine(
    (value) => new TextEncoder().encode(value).length <= MOST_BYTES,
    "may have at most 64 KiB",
  )
  .openapi({ example: "xoxb-…", minLength: 1 });
const ExpiresAt = Expiry.nullish();

export const NewCredential = z.strictObject({
  key_name: KeyName,
  key_value: KeyValue,
  expires_at: ExpiresAt,
}).openapi("NewCredential");
export const NewValue = z.strictObject({ key_value: KeyValue, expires_at: ExpiresAt })
  .openapi("NewValue");

const time = z.iso.datetime();
export const Credential = z.object({
  key_name: z.string(),
  masked: z.string().openapi({
    description: "The last four characters of a value of twelve or more.",
    example: "…1234",
  }),
  version: z.int(),
  created_at: time,
  updated_at: time,
  expires_at: time.nullable(),
  expired: z.boolean(),
}).openapi("Credential");
/** `warnings`: why the saved value is of no use, such as a key that is refused. */
export const SavedCredential = Credential.extend({
  warnings: z.array(z.string()).optional(),
}).openapi("SavedCredential");
export const Revealed = Credential.extend({ key_value: z.string() }).openapi("RevealedCredential");

export const unknown = (key_name: string) =>
  new AppError("credential_unknown", 404, `There is no credential ${key_name}.`);

/** Opens a sealed value. Throws 500 `credential_unreadable`, with a line in the log. */
export async function openValue(
  { sealKeys, log }: Omit<Deps, "db">,
  user_id: number,
  { key_name, key_value }: { key_name: string; key_value: string },
): Promise<string> {
  try {
    return await open(sealKeys, credentialAad(user_id, key_name), key_value);
  } catch (error) {
    if (!(error instanceof SealError)) throw error;
    log.error("A credential does not open with the seal key.", {
      code: "credential_unreadable",
      user_id,
      key_name,
      reason: error.message,
    });
    const message = `The credential ${key_name} does not open with the seal key of this service.`;
    throw new AppError("credential_unreadable", 500, message);
  }
}

function mask(value: string): string {
  const characters = [...value];
  return characters.length >= 12 ? `…${characters.slice(-4).join("")}` : "…";
}

/** The row as a caller sees it; `value`: its opened value, if it opens. */
export function shown(row: store.CredentialRow, value: string | undefined) {
  const { key_name, version, created_at, updated_at, expires_at, expired } = row;
  const masked = value === undefined ? "…" : mask(value);
  return { key_name, masked, version, created_at, updated_at, expires_at, expired };
}

/** Trimmed; undefined: none, or expired. */
export async function valueOf(deps: Deps, user_id: number, key_name: string) {
  const row = await store.findCredential(deps.db, user_id, key_name);
  return row && !row.expired ? (await openValue(deps, user_id, row)).trim() : undefined;
}

/** By name. Throws 404 for the credentials of another user. */
export async function credentialsOf(deps: Deps, who: Who, user_id: number) {
  await visibleUser(deps.db, who, user_id);
  const rows = await store.listCredentials(deps.db, user_id);
  return await Promise.all(
    rows.map(async (row) => shown(row, await openValue(deps, user_id, row).catch(() => undefined))),
  );
}

export async function sealCredential(
  { db, sealKeys }: { db: Db; sealKeys: SealKeys },
  user_id: number,
  { key_name, key_value, expires_at }: z.infer<typeof NewCredential>,
  by: string,
) {
  const sealed = await seal(sealKeys, credentialAad(user_id, key_name), key_value);
  return await store.insertCredential(db, user_id, key_name, sealed, by, expires_at ?? null);
}

const USER_GONE = "23503";

/** Throws 409 `credential_exists`, 404 for another user. */
export async function addCredential(
  deps: Deps,
  who: Who,
  user_id: number,
  input: z.infer<typeof NewCredential>,
) {
  const { username } = await visibleUser(deps.db, who, user_id);
  const { key_name } = input;
  const entry = {
    action: "credential.create",
    subject: `${username}/${key_name}`,
    user_id,
  } as const;
  return await audited(deps.db, who, entry, async (tx) => {
    const row = await sealCredential({ ...deps, db: tx }, user_id, input, who.username)
      .catch((error) => {
        if (sqlState(error) === USER_GONE) throw unknownUser();
        if (!isUniqueViolation(error)) throw error;
        const message = `There is already a credential ${key_name}: give that one a new value.`;
        throw new AppError("credential_exists", 409, message);
      });
    return shown(row, input.key_value);
  });
}

/** Records the reveal, then opens the value. Throws 404 `credential_unknown`, 500 `credential_unreadable`. */
export async function revealCredential(deps: Deps, who: Who, user_id: number, key_name: string) {
  const row = isVisible(who, user_id)
    ? await store.revealCredential(deps.db, { user_id, key_name, by: who.username, from: who.from })
    : undefined;
  if (!row) throw unknownUser();
  const entry = {
    action: "credential.reveal",
    subject: `${row.username}/${key_name}`,
    user_id,
  } as const;
  logEntry(who, entry, row.id === null ? "refused" : "ok");
  if (row.id === null) throw unknown(key_name);
  const key_value = await openValue(deps, user_id, row);
  return { ...shown(row, key_value), key_value };
}

/** Throws 404 `credential_unknown`. */
export async function changeCredential(
  deps: Deps,
  who: Who,
  user_id: number,
  key_name: string,
  { key_value, expires_at }: z.infer<typeof NewValue>,
) {
  const { username } = await visibleUser(deps.db, who, user_id);
  const sealed = await seal(deps.sealKeys, credentialAad(user_id, key_name), key_value);
  const entry = {
    action: "credential.change",
    subject: `${username}/${key_name}`,
    user_id,
  } as const;
  return await audited(deps.db, who, entry, async (tx) => {
    const held = await store.lockCredential(tx, user_id, key_name);
    if (!held) throw unknown(key_name);
    const row = await store.replaceValue(tx, held, sealed, who.username, expires_at ?? null);
    return shown(row, key_value);
  });
}

/** Throws 404 `credential_unknown`. */
export async function removeCredential(deps: Deps, who: Who, user_id: number, key_name: string) {
  const { username } = await visibleUser(deps.db, who, user_id);
  const entry = {
    action: "credential.remove",
    subject: `${username}/${key_name}`,
    user_id,
  } as const;
  await audited(deps.db, who, entry, async (tx) => {
    if (!await store.deleteCredential(tx, user_id, key_name)) throw unknown(key_name);
  });
}

export async function openForTask(deps: Deps, user: { id: number; username: string }, key: string) {
  const row = await store.findCredential(deps.db, user.id, key);
  if (!row) throw unknown(key);
  const subject = `${user.username}/${key}`;
  const entry = { action: "credential.reveal", subject, user_id: user.id } as const;
  await record(deps.db, { username: "system", from: "" }, entry);
  return await openValue(deps, user.id, row);
}
