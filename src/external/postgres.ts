import postgres from "postgres";
import { ExternalError } from "../errors.ts";

/** Rows carry ids and counts as numbers, times as ISO 8601 in UTC. */
type Parsed = { bigint: number; timestamp: string };
export type Sql = postgres.Sql<Parsed>;
/** A pool or a transaction. */
export type Db = Sql | postgres.TransactionSql<Parsed>;
export type Ssl = "disable" | "prefer" | "require" | "verify-full";
export type Address = {
  host: string;
  port: number;
  user: string;
  password: string;
  database: string;
  ssl?: Ssl;
};

const CONNECT_SECONDS = 5;

const types = {
  bigint: { to: 20, from: [20], parse: Number, serialize: String },
  timestamp: {
    to: 1184,
    from: [1184],
    parse: isoTime,
    serialize: (value: string | Date) => new Date(value).toISOString(),
  },
};

/**
 * A UTC session's own letters need no Date, which takes 20 times as long: a page has up to 500 of them.
 * What no Date holds (`infinity`, the year 10000) stays as it stands: an error here loses the connection.
 */
function isoTime(text: string): string {
  if (text[4] !== "-" || !text.endsWith("+00")) {
    const time = new Date(text);
    return Number.isNaN(time.getTime()) ? text : time.toISOString();
  }
  const milliseconds = text.slice(20, -3).padEnd(3, "0").slice(0, 3);
  return `${text.slice(0, 10)}T${text.slice(11, 19)}.${milliseconds}Z`;
}

function pool(
  { host, port, user, password, database, ssl }: Address,
  most: number,
  connection: Record<string, string | number>,
  onclose?: () => void,
): Sql {
  return postgres({
    host,
    port,
    user,
    password,
    database,
    ssl: !ssl || ssl === "disable"
      ? false
      : ssl === "prefer"
      ? "prefer"
      : ssl === "verify-full"
      ? "verify-full"
      : { rejectUnauthorized: false },
    max: most,
    connect_timeout: CONNECT_SECONDS,
    ...(onclose ? { onclose } : { idle_timeout: 30 }),
    // Its own waits grow to 20 s, for every query of the pool: rows and jobs have back-offs of their own.
    backoff: () => 0.2,
    onnotice: () => {},
    types,
    connection: { application_name: "dashkeeper", TimeZone: "UTC", ...connection },
  });
}

/** The service's own database: at most 20 connections, given up after 5 s without an answer. */
export function connect(address: Address, most = 20): Sql {
  return pool(address, most, {});
}

/**
 * A user's database, opened as one of that user's own roles. The start-up parameters win over what the
 * database's owner may have planted with ALTER DATABASE … SET.
 */
export function connectToUserDatabase(
  address: Address,
  { statementSeconds = 30, most = 1, onclose }: {
    statementSeconds?: number;
    most?: number;
    onclose?: () => void;
  } = {},
): Sql {
  return pool(address, most, {
    search_path: "pg_catalog",
    // How we read times and numbers, and write names, must not hang on the owner's taste.
    datestyle: "ISO",
    extra_float_digits: 1,
    standard_conforming_strings: "on",
    statement_timeout: statementSeconds * 1000,
    lock_timeout: 5000,
    idle_in_transaction_session_timeout: 60_000,
  }, onclose);
}

/** A login URL for people and flows: `postgresql://user:password@host:port/database`. */
export function databaseUrl({ host, port, user, password, database, ssl }: Address): string {
  const place = host.includes(":") ? `[${host}]` : host;
  const mode = ssl && ssl !== "prefer" ? `?sslmode=${ssl}` : "";
  return `postgresql://${encodeURIComponent(user)}:${
    encodeURIComponent(password)
  }@${place}:${port}/${encodeURIComponent(database)}${mode}`;
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}

export function isUniqueViolation(error: unknown): boolean {
  return codeOf(error) === "23505";
}

/** SQLSTATE of what PostgreSQL answered, or undefined when it did not come to an answer. */
export function sqlState(error: unknown): string | undefined {
  return error instanceof postgres.PostgresError ? error.code : undefined;
}

const AWAY = new Set([
  "CONNECT_TIMEOUT",
  "CONNECTION_CLOSED",
  "CONNECTION_ENDED",
  "CONNECTION_DESTROYED",
  "ECONNREFUSED",
  "ECONNRESET",
  "EPIPE",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ETIMEDOUT",
]);

/** Whether the server is away or cannot take a connection just now (SQLSTATE 08, 53, 57P). */
export function isAway(error: unknown): boolean {
  const code = codeOf(error);
  return AWAY.has(code) || /^(08|53|57P)/.test(code);
}

/** Turns what postgres.js threw into a sentence for the row; what is not the server's stays as it is. */
export function asExternal(error: unknown): unknown {
  if (error instanceof ExternalError) return error;
  const code = sqlState(error);
  if (isAway(error)) {
    return new ExternalError("PostgreSQL", "The database server does not answer.", false);
  }
  if (!code) return error;
  const sentence = SENTENCES[code] ?? `The database refused the query (SQLSTATE ${code}).`;
  return new ExternalError("PostgreSQL", sentence, false, { code });
}

const SENTENCES: Record<string, string> = {
  "3D000": "The database does not exist.",
  "28P01": "The database refused the password.",
  "28000": "The database refused the login.",
  "42501": "The reader role may not read this table: grant it SELECT.",
  "42P01": "The table is not there.",
  "57014": "The database did not answer within the time limit.",
  "55P03": "The table is locked by somebody else.",
};

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
  const db = connectToUserDatabase({ ...server, ...login }, { statementSeconds: 5 });
  try {
    await db`select 1`;
  } finally {
    await db.end({ timeout: 1 });
  }
}
