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

/** Where a workspace's password is sealed to. */
export const passwordAad = (user_id: number, role: "owner" | "reader") =>
  `workspaces/${user_id}/${role}`;
