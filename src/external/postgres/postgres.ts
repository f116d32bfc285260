import { DEADLINES, IDLE_IN_TRANSACTION_MS, LOCK_MS } from "./deadlines.ts";
import type { Address, ISql } from "./client.ts";
import { Pool, type PoolState } from "./pool.ts";
import { sendByAny, session, statements, transaction } from "./session.ts";

export type { Address, Fragment, ISql, Ssl } from "./client.ts";
export * from "./errors.ts";

export type Db = ISql;
export type Sql = ISql & {
  /** Rolled back when `work` throws. Throws OutcomeUnknown where COMMIT had no answer. */
  begin<T>(work: (tx: Db) => Promise<T>): Promise<T>;
  begin<T>(mode: string, work: (tx: Db) => Promise<T>): Promise<T>;
  /** Holds a connection during `work`; `lost` is aborted when it breaks. */
  session<T>(work: (own: Db, lost: AbortSignal) => Promise<T>): Promise<T>;
  end(options?: { timeout?: number }): Promise<void>;
  readonly address: Address;
  /** How its pool is used. */
  pool(): PoolState;
};

function open(pool: Pool): Sql {
  const begin = <T>(first: string | ((tx: Db) => Promise<T>), second?: (tx: Db) => Promise<T>) =>
    typeof first === "string" ? transaction(pool, first, second!) : transaction(pool, "", first);
  return Object.assign(statements((query) => sendByAny(pool, query)), {
    begin,
    session: <T>(work: (own: Db, lost: AbortSignal) => Promise<T>) => session(pool, work),
    end: (options?: { timeout?: number }) => pool.end(options),
    address: pool.address,
    pool: () => pool.state(),
  }) as Sql;
}

/** The service's own database: at most 20 connections. */
export function connect(address: Address, most = 20): Sql {
  return open(new Pool({ address, most, parameters: {} }));
}

/**
 * Opens a user's database as that user's role; start-up parameters win over ALTER DATABASE … SET.
 */
export function connectToUserDatabase(
  address: Address,
  { statementMs = DEADLINES.board.statement, most = 1 }: {
    statementMs?: number;
    most?: number;
  } = {},
): Sql {
  const parameters = {
    search_path: "pg_catalog",
    // The database owner's settings must not change how we parse.
    datestyle: "ISO",
    extra_float_digits: 1,
    standard_conforming_strings: "on",
    lock_timeout: LOCK_MS,
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
  };
  return open(new Pool({ address, most, parameters, statement: statementMs }));
}

/** A login URL for people and flows: `postgresql://user:password@host:port/database`. */
export function databaseUrl({ host, port, user, password, database, ssl }: Address): string {
  const place = host.includes(":") ? `[${host}]` : host;
  const mode = ssl && ssl !== "prefer" ? `?sslmode=${ssl}` : "";
  return `postgresql://${encodeURIComponent(user)}:${
    encodeURIComponent(password)
  }@${place}:${port}/${encodeURIComponent(database)}${mode}`;
}

export type Server = Omit<Address, "user" | "password" | "database">;

/**
 * Tries a saved URL: only host, port, login and database count, as other parameters could name
 * files.
 */
export async function tryLogin(text: string, ours: Server | undefined): Promise<void> {
  const url = new URL(text);
  const plain = url.searchParams.get("sslmode") === "disable";
  const login = {
    user: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
    database: decodeURIComponent(url.pathname.slice(1)),
  };
  const server = ours ?? {
    host: url.hostname.replace(/^\[|\]$/g, ""),
    port: Number(url.port || 5432),
    ssl: plain ? "disable" as const : "prefer" as const,
  };
  const db = connectToUserDatabase({ ...server, ...login }, {
    statementMs: DEADLINES.call.statement,
  });
  try {
    await db`select 1`;
  } finally {
    await db.end({ timeout: 1 });
  }
}
