import type { Db } from "../external/postgres/postgres.ts";
import * as retries from "../retries/store.ts";

export type Removal = { username: string; databases: "keep" | "drop"; server: string };

export const REMOVAL = "workspace_removal";

export const insertRemoval = (db: Db, { username, databases, server }: Removal) =>
  retries.enqueue(db, { kind: REMOVAL, subject: username, target: server, payload: { databases } });

export const findRemoval = async (db: Db, username: string) =>
  (await retries.findRetry<Pick<Removal, "databases">>(db, REMOVAL, username))?.databases;

export const deleteRemoval = (db: Db, username: string) => retries.cancel(db, REMOVAL, username);
