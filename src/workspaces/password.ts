import { seal, type SealKeys } from "../credentials/seal.ts";
import type { SealedColumn } from "../credentials/sealed.ts";
import type { Db } from "../external/postgres/postgres.ts";
import type { Passwords } from "./provision.ts";
import { insertWorkspace } from "./store.ts";

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/** 32 random characters: 190 bits. 248 = 4 × 62, so that no character comes more often. */
export function makePassword(): string {
  let password = "";
  while (password.length < 32) {
    for (const byte of crypto.getRandomValues(new Uint8Array(48))) {
      if (byte < 248 && password.length < 32) password += ALPHABET[byte % 62];
    }
  }
  return password;
}

type Role = "owner" | "reader";

export const passwordAad = (user_id: number, role: Role) => `workspaces/${user_id}/${role}`;

const sealedPassword = (role: Role, next: "" | "next "): SealedColumn => ({
  table: "workspaces",
  id: "user_id",
  column: `${next ? "next_" : ""}${role}_password`,
  user_id: "t.user_id",
  aad: ({ user_id }) => passwordAad(user_id!, role),
  label: ({ username }) => `${username}'s ${next}${role} password`,
});

export const SEALED_PASSWORDS = [
  sealedPassword("owner", ""),
  sealedPassword("reader", ""),
  sealedPassword("owner", "next "),
  sealedPassword("reader", "next "),
];

export async function sealPasswords(sealKeys: SealKeys, user_id: number) {
  const passwords: Passwords = { owner: makePassword(), reader: makePassword() };
  const [owner, reader] = await Promise.all(
    (["owner", "reader"] as const)
      .map((role) => seal(sealKeys, passwordAad(user_id, role), passwords[role])),
  );
  return { passwords, owner: owner!, reader: reader! };
}

/** Returns the passwords that the roles will have. */
export async function insertWithPasswords(
  db: Db,
  sealKeys: SealKeys,
  { user_id, server }: { user_id: number; server: string },
  steps: string[],
): Promise<Passwords> {
  const { passwords, owner, reader } = await sealPasswords(sealKeys, user_id);
  const sealed = { owner_password: owner, reader_password: reader };
  await insertWorkspace(db, { user_id, server, ...sealed }, steps);
  return passwords;
}
