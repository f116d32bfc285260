import { DEADLINES, IDLE_IN_TRANSACTION_MS, LOCK_MS } from "./deadlines.ts";
import type { Address, ISql } from "./client.ts";
import { Pool } from "./pool.ts";
import { sendByAny, session, statements, transaction } from "./session.ts";

export type { Address, Fragment, ISql, Ssl } from "./client.ts";
export * from "./errors.ts";

export type Db = ISql;
/** A pool. */
export type Sql = ISql & {
  /** One transaction; rolled back when `work` throws. Throws OutcomeUnknown where COMMIT had no answer. */
  begin<T>(work: (tx: Db) => Promise<T>): Promise<T>;
  begin<T>(mode: string, work: (tx: Db) => Promise<T>): Promise<T>;
  /** A connection for the time of `work`; `lost` is aborted when it is gone before. */
  session<T>(work: (own: Db, lost: AbortSignal) => Promise<T>): Promise<T>;
  end(options?: { timeout?: number }): Promise<void>;
  readonly address: Address;
};

function open(pool: Pool): Sql {
  const begin = <T>(first: string | ((tx: Db) => Promise<T>), second?: (tx: Db) => Promise<T>) =>
    typeof first === "string" ? transaction(pool, first, second!) : transaction(pool, "", first);
  return Object.assign(statements((query) => sendByAny(pool, query)), {
    begin,
    session: <T>(work: (own: Db, lost: AbortSignal) => Promise<T>) => session(pool, work),
    end: (options?: { timeout?: number }) => pool.end(options),
    address: pool.address,
  }) as Sql;
}

/** The service's own database: at most 20 connections. */
export function connect(address: Address, most = 20): Sql {
  return open(new Pool({ address, most, parameters: {} }));
}

/**
 * A user's database, opened as one of that user's own roles. The start-up parameters win over what the
 * database's owner may have planted with ALTER DATABASE … SET.
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
    // How we read times and numbers, and write names, must not hang on the owner's taste.
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

/** A server without a login. */
export type Server = Omit<Address, "user" | "password" | "database">;

/**
 * Logs in with a URL that a person saved, and asks for nothing but 1. Of the URL only host, port, login
 * and database count: its other parameters could name files and hosts. `ours`: the server to try it on.
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
