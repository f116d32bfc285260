import type { SealedColumn } from "../credentials/sealed.ts";

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

/** What a workspace's password is bound to. */
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
