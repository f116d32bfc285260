import { open, seal, type SealKeys } from "../credentials/seal.ts";
import { credentialAad } from "../credentials/sealed.ts";
import { insertIfMissing } from "../credentials/store.ts";
import { databaseUrl, type Db } from "../external/postgres/postgres.ts";
import * as names from "./names.ts";
import { passwordAad } from "./password.ts";
import type { Passwords } from "./provision.ts";
import type { WorkspaceServer } from "./servers.ts";
import type * as store from "./store.ts";

/** The three logins that are the user's own; one that is there already is left as it is. */
export async function sealLogins(
  { db, sealKeys }: { db: Db; sealKeys: SealKeys },
  { user_id, username }: Pick<store.Workspace, "user_id" | "username">,
  server: WorkspaceServer,
  passwords: Passwords,
): Promise<void> {
  for (const kind of names.KINDS) {
    const key_name = names.urlCredential(kind);
    const url = loginUrl(server, username, kind, passwords);
    const sealed = await seal(sealKeys, credentialAad(user_id, key_name), url);
    await insertIfMissing(db, user_id, key_name, sealed, "system");
  }
}

export function loginUrl(
  { address, shown }: WorkspaceServer,
  username: string,
  kind: names.Kind,
  { owner: password }: Passwords,
): string {
  const database = names.databaseName(username, kind);
  return databaseUrl({ ...address, ...shown, user: names.ownerRole(username), password, database });
}

export async function passwordsOf(
  { sealKeys }: { sealKeys: SealKeys },
  { user_id, owner_password, reader_password }: store.Workspace,
): Promise<Passwords> {
  return {
    owner: await open(sealKeys, passwordAad(user_id, "owner"), owner_password),
    reader: await open(sealKeys, passwordAad(user_id, "reader"), reader_password),
  };
}
