import { hashKey } from "../users/key.ts";
import type { Old, TakenUser } from "./evaluate.ts";

/** `new_key_for`: users whose key cannot go on working; `short_for`: those whose key is soon guessed. */
export type Keys = {
  hashes: { user: string; hash: Uint8Array }[];
  new_key_for: { user: string; why: string }[];
  short_for: string[];
};

/** Shorter keys can be guessed from a dump of the hashes: 20 characters of hex are 80 bits. */
const SHORT = 20;
/** What an Authorization header carries in one piece. */
const SENDABLE = /^[\x21-\x7e]{1,1000}$/;

/**
 * The hashes by which the old keys are known here. A stored `api_key_hash` counts where the rows that hold
 * key and hash show that all are SHA-256, as ours; otherwise only what `api_key_plain` says.
 */
export async function evaluateKeys(rows: Old[], taken: TakenUser[]): Promise<Keys> {
  const byId = new Map(rows.map((row) => [String(row.id), row]));
  const sha256 = await areSha256(rows);
  const keys: Keys = { hashes: [], new_key_for: [], short_for: [] };
  for (const { old_id, username: user } of taken) {
    const { api_key_plain: plain, api_key_hash } = byId.get(old_id)!;
    const hash = hexOf(api_key_hash);
    const deny = (why: string) => void keys.new_key_for.push({ user, why });
    if (typeof plain === "string" && plain !== "") {
      if (!SENDABLE.test(plain)) deny("its key has characters that a header does not carry");
      else {
        keys.hashes.push({ user, hash: await hashKey(plain) });
        if (plain.length < SHORT) keys.short_for.push(user);
      }
    } else if (sha256 && /^[0-9a-f]{64}$/.test(hash)) {
      keys.hashes.push({ user, hash: Uint8Array.fromHex(hash) });
    } else if (hash) deny("its key is there only as a hash, which is not known to be SHA-256");
    else deny("it has no key");
  }
  return withoutShared(keys);
}

/** JSON has a bytea as `\\x…`. */
const hexOf = (hash: unknown) =>
  typeof hash === "string" ? hash.toLowerCase().replace(/^\\x/, "") : "";

/** Whether there are rows with both, and each hash is the SHA-256 of its key in hex. */
async function areSha256(rows: Old[]): Promise<boolean> {
  const both = rows.filter((row) => row.api_key_plain && row.api_key_hash);
  const right = await Promise.all(
    both.map(async ({ api_key_plain, api_key_hash }) =>
      (await hashKey(String(api_key_plain))).toHex() === hexOf(api_key_hash)
    ),
  );
  return both.length > 0 && right.every(Boolean);
}

/** A key says who is asking: one that two users have is nobody's. */
function withoutShared(keys: Keys): Keys {
  const users = new Map<string, string[]>();
  for (const { user, hash } of keys.hashes) {
    users.set(hash.toHex(), [...users.get(hash.toHex()) ?? [], user]);
  }
  const shared = [...users.values()].filter(({ length }) => length > 1).flat();
  const why = "another user has the same key";
  return {
    hashes: keys.hashes.filter(({ user }) => !shared.includes(user)),
    new_key_for: [...keys.new_key_for, ...shared.map((user) => ({ user, why }))],
    short_for: keys.short_for.filter((user) => !shared.includes(user)),
  };
}
