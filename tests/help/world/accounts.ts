import { strictEqual as equal } from "node:assert";
import type { Sql } from "../../../src/external/postgres/postgres.ts";
import { hashKey, makeKey } from "../../../src/users/key.ts";
import { insertKey } from "../../../src/users/key_store.ts";
import { insertUser } from "../../../src/users/store.ts";
import type { Calls } from "./calls.ts";

/** A username that no other test has: roles and databases belong to the whole server. */
export const freshName = () => `u${crypto.getRandomValues(new Uint8Array(5)).toHex()}`;

export type User = { id: number; username: string; api_key: string };
export type Account = { username?: string; role?: "admin" | "member" };
export type Steps = { name: string; state: string; attempts: number; message: string | null }[];

/** `ready`: a new user's workspace must be complete at once. */
export function accounts({ db, call }: { db: Sql } & Calls, { ready }: { ready: boolean }) {
  const names = new Set<string>();
  return {
    /** Names of users who are gone and whose databases may still be there. */
    names,
    /** A user with databases, made through the API. */
    async addUser({ username = freshName(), ...more }: Account & { adopt?: boolean } = {}) {
      names.add(username);
      const json = { username, ...more };
      const { status, body, text } = await call("POST", "/users", { json });
      equal(status, 201, text);
      if (ready) equal(body.workspace.state, "ready", text);
      return body as User & { workspace: { state: string; steps: Steps } };
    },
    /** A user with a key and without databases: 0.2 s less. */
    async addAccount({ username = freshName(), role = "member" }: Account = {}): Promise<User> {
      const api_key = await makeKey();
      const { id } = await insertUser(db, username, role);
      await insertKey(db, id, await hashKey(api_key));
      return { id, username, api_key };
    },
  };
}
export type Accounts = ReturnType<typeof accounts>;
