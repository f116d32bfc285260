import { AppError } from "../errors.ts";
import { connectToUserDatabase, type Sql } from "../external/postgres.ts";
import type { Kind } from "./names.ts";
import { type Deps, readerAddress } from "./workspaces.ts";

/** User databases are opened for one look and closed; at most 8 at a time. */
const MOST = 8;
let open = 0;
const queue: (() => void)[] = [];

async function take(): Promise<void> {
  if (open < MOST) return void open++;
  await new Promise<void>((resolve) => queue.push(resolve));
}

function give(): void {
  const next = queue.shift();
  if (next) next();
  else open--;
}

/**
 * Opens a user's database as its reader for the time of `work`. Throws 404 where there is no such
 * workspace or its user is not active.
 */
export async function withReader<T>(
  deps: Deps,
  user_id: number,
  kind: Kind,
  work: (reader: Sql) => Promise<T>,
): Promise<T> {
  const address = await readerAddress(deps, user_id, kind);
  if (!address) throw new AppError("workspace_unknown", 404, "There is no such workspace.");
  await take();
  const reader = connectToUserDatabase(address);
  try {
    return await work(reader);
  } finally {
    await reader.end({ timeout: 1 }).catch(() => {});
    give();
  }
}
