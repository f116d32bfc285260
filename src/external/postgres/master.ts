import { pause } from "../abort.ts";
import { ExternalError } from "../../errors.ts";
import {
  type Address,
  connect,
  isUnavailable,
  isUniqueViolation,
  type Sql,
  sqlState,
} from "./postgres.ts";
import { type Log, SILENT } from "../log/log.ts";

const DUPLICATE_DATABASE = "42P04";
const AGAIN_MS = 500;

/**
 * Connects to our database, created if missing. Throws ExternalError, after `waitMs` at the latest.
 */
export async function connectMaster(
  address: Address,
  { waitMs = 0, log = SILENT, signal }: {
    waitMs?: number;
    log?: Log;
    signal?: AbortSignal;
  } = {},
): Promise<Sql> {
  const end = performance.now() + waitMs;
  for (let tries = 0;; tries++) {
    try {
      await makeDatabase(address);
      const db = connect(address);
      await db`select 1`;
      return db;
    } catch (error) {
      const known = explain(error, address);
      if (!isUnavailable(error) || performance.now() > end || signal?.aborted) throw known;
      if (tries === 0) {
        log.warn(`The database does not answer yet: waiting up to ${waitMs / 1000} s.`);
      }
    }
    await pause(AGAIN_MS, signal);
  }
}

async function makeDatabase(address: Address): Promise<void> {
  const probe = connect(address, 1);
  const missing = await probe`select 1`.then(() => false, (error) => {
    if (sqlState(error) === "3D000") return true;
    throw error;
  }).finally(() => probe.end({ timeout: 1 }));
  if (!missing) return;
  const server = connect({ ...address, database: "postgres" }, 1);
  try {
    const database = server(address.database);
    await server`create database ${database} template template0 encoding 'UTF8'`;
    // Users' roles could hold our locks.
    await server`revoke all on database ${database} from public`;
  } catch (error) {
    // Another service may have created it meanwhile (23505: at the same instant).
    if (sqlState(error) !== DUPLICATE_DATABASE && !isUniqueViolation(error)) throw error;
  } finally {
    await server.end({ timeout: 1 });
  }
}

function explain(error: unknown, { host, port, user, database }: Address): unknown {
  const say = (message: string) => new ExternalError("PostgreSQL", message, true);
  const code = sqlState(error);
  if (code === "28P01" || code === "28000") {
    return say(
      `The database server ${host}:${port} refuses the login of ${user}: see MASTER_DB_USER, MASTER_DB_PASS and the server's pg_hba.conf.`,
    );
  }
  if (code === "42501") {
    return say(
      `The role ${user} may not create the database ${database}: create it, or grant CREATEDB.`,
    );
  }
  if (isUnavailable(error) || code === undefined && error instanceof Error && "code" in error) {
    return say(
      `The database server ${host}:${port} cannot be reached: see MASTER_DB_HOST, MASTER_DB_PORT and MASTER_DB_SSLMODE.`,
    );
  }
  return error;
}
