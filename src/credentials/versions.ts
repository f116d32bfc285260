import { z } from "@hono/zod-openapi";
import { audited } from "../audit/audit.ts";
import { AppError } from "../errors.ts";
import type { Db } from "../external/postgres/postgres.ts";
import { visibleUser } from "../users/users.ts";
import type { Who } from "../who.ts";
import { type Deps, openValue, shown, unknown } from "./credentials.ts";
import { seal } from "./seal.ts";
import { credentialAad } from "./sealed.ts";
import * as store from "./store.ts";

const time = z.iso.datetime();
export const Version = z.object({ version: z.int(), created_at: time, created_by: z.string() })
  .openapi("Version");
export const RevealedVersion = Version.extend({ key_value: z.string() }).openapi("RevealedVersion");
export const Rollback = z.strictObject({ version: z.int().min(1).openapi({ example: 1 }) })
  .openapi("Rollback");

async function versionsIn(db: Db, user_id: number, key_name: string) {
  const row = await store.findCredential(db, user_id, key_name);
  if (!row) throw unknown(key_name);
  return await store.listVersions(db, row.id);
}

const unknownVersion = (version: number) =>
  new AppError("version_unknown", 404, `There is no version ${version}: the last ten are kept.`);

export async function versionsOf(deps: Deps, who: Who, user_id: number, key_name: string) {
  await visibleUser(deps.db, who, user_id);
  const versions = await versionsIn(deps.db, user_id, key_name);
  return versions.map(({ version, created_at, created_by }) => ({
    version,
    created_at,
    created_by,
  }));
}

/** Throws 404 `version_unknown`. */
export async function revealVersion(
  deps: Deps,
  who: Who,
  user_id: number,
  key_name: string,
  version: number,
) {
  const { username } = await visibleUser(deps.db, who, user_id);
  const subject = `${username}/${key_name}`;
  const entry = { action: "credential.reveal", subject, user_id } as const;
  return await audited(deps.db, who, entry, async (tx) => {
    const versions = await versionsIn(tx, user_id, key_name);
    const found = versions.find((row) => row.version === version);
    if (!found) throw unknownVersion(version);
    const { key_value: sealed, created_at, created_by } = found;
    const key_value = await openValue(deps, user_id, { key_name, key_value: sealed });
    return { version, key_value, created_at, created_by };
  });
}

/** A new version with an old one's value; `expires_at` stays. Throws 404 `version_unknown`. */
export async function rollBack(
  deps: Deps,
  who: Who,
  user_id: number,
  key_name: string,
  { version }: z.infer<typeof Rollback>,
) {
  const { username } = await visibleUser(deps.db, who, user_id);
  const subject = `${username}/${key_name}`;
  const entry = { action: "credential.rollback", subject, user_id } as const;
  return await audited(deps.db, who, entry, async (tx) => {
    const held = await store.lockCredential(tx, user_id, key_name);
    if (!held) throw unknown(key_name);
    const versions = await store.listVersions(tx, held.id);
    const found = versions.find((row) => row.version === version);
    if (!found) throw unknownVersion(version);
    const value = await openValue(deps, user_id, { key_name, key_value: found.key_value });
    const sealed = await seal(deps.sealKeys, credentialAad(user_id, key_name), value);
    const row = await store.replaceValue(tx, held, sealed, who.username, held.expires_at);
    return shown(row, value);
  });
}
