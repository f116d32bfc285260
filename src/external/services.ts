import { ExternalError } from "../errors.ts";
import { pause } from "./abort.ts";
import type { Db, Sql } from "./postgres/postgres.ts";
import { LOCKS, withLock } from "./postgres/lock.ts";

const PREFIX = "dashkeeper at ";
/** PostgreSQL truncates application_name here. */
const MOST_BYTES = 63;
/** The server needs a moment to notice that a process was killed. */
const GONE_MS = 3_000;

/** Throws ExternalError where a service with another address runs and FRONTEND_URL is not set. */
export async function joinServices<T>(
  db: Sql,
  { frontend_url, isSet }: { frontend_url: string; isSet: boolean },
  join: (name: string) => Promise<T>,
): Promise<T> {
  const name = [...PREFIX + frontend_url].filter((c) => c <= "~").join("").slice(0, MOST_BYTES);
  return await withLock(db, LOCKS.services, async () => {
    const other = isSet ? undefined : await otherAddress(db, name);
    if (!other) return await join(name);
    throw new ExternalError(
      "PostgreSQL",
      `Another Dashkeeper runs on this database, at ${other}, and links would name its address or this one's (${frontend_url}) by chance: stop the other one, or set FRONTEND_URL to the address that people open.`,
      true,
    );
  });
}

async function otherAddress(db: Db, name: string): Promise<string | undefined> {
  const end = performance.now() + GONE_MS;
  for (;;) {
    const [other] = await db<{ name: string }[]>`
      select application_name as name from pg_stat_activity
      where datname = current_database() and starts_with(application_name, ${PREFIX})
        and application_name <> ${name} limit 1`;
    if (!other || performance.now() > end) return other?.name.slice(PREFIX.length);
    await pause(100);
  }
}
