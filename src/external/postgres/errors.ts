import postgres from "postgres";
import { type AppError, ExternalError, unavailable } from "../../errors.ts";

export function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}

export function isUniqueViolation(error: unknown): boolean {
  return codeOf(error) === "23505";
}

export function isDeadlock(error: unknown): boolean {
  return codeOf(error) === "40P01";
}

/** The SQLSTATE of PostgreSQL's answer; undefined: no answer. */
export function sqlState(error: unknown): string | undefined {
  return error instanceof postgres.PostgresError ? error.code : undefined;
}

/** The connection broke or missed its deadline; the statement may have run. */
const LOST = new Set([
  "CONNECTION_CLOSED",
  "CONNECTION_DESTROYED",
  "DEADLINE",
  "ECONNRESET",
  "EPIPE",
  "ETIMEDOUT",
]);
const NOT_CONNECTED = new Set([
  "CONNECT_TIMEOUT",
  "CONNECTION_ENDED",
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "LOCK_LOST",
  "OUTCOME_UNKNOWN",
]);

export const isConnectionLost = (error: unknown): boolean => LOST.has(codeOf(error));

/** Whether the server is unreachable or takes no connection now (SQLSTATE 08, 53, 57P). */
export function isUnavailable(error: unknown): boolean {
  const code = codeOf(error);
  return LOST.has(code) || NOT_CONNECTED.has(code) || /^(08|53|57P)/.test(code);
}

export const isRoleFull = (error: unknown): boolean =>
  sqlState(error) === "53300" &&
  (error as { routine?: string }).routine === "InitializeSessionUserId";

/** The connection broke before the server confirmed a change. */
export const outcomeUnknown = () =>
  Object.assign(new Error("The outcome is unknown."), { code: "OUTCOME_UNKNOWN" });

export const isOutcomeUnknown = (error: unknown): boolean => codeOf(error) === "OUTCOME_UNKNOWN";

const TAKES_NO_CHANGE = new Set(["53100", "25006"]);
export const takesNoChange = (error: unknown): boolean => TAKES_NO_CHANGE.has(codeOf(error));

const READ_ONLY = "The database is read-only: changes are possible once it takes writes again.";
const SENTENCES: Record<string, string> = {
  "25006": READ_ONLY,
  "3D000": "The database does not exist.",
  "28P01": "The database refused the password.",
  "28000": "The database refused the login.",
  "42501": "The reader role may not read this table: grant it SELECT.",
  "42P01": "The table is not there.",
  "57014": "The database did not answer within the time limit.",
  "55P03": "The table is locked by somebody else.",
};
const AWAY_SENTENCES: Record<string, string> = {
  "53100": "The disk of the database server is full: free some space on it.",
  "53300":
    "The database server has no connection left: end some of its connections, or raise max_connections.",
};

/** postgres.js's error in our words; other errors are returned unchanged. */
export function asExternal(error: unknown): unknown {
  if (error instanceof ExternalError) return error;
  if (isUnavailable(error)) {
    const sentence = isRoleFull(error)
      ? "The database role has all the connections that it may have: end some of them."
      : AWAY_SENTENCES[codeOf(error)] ?? "The database server does not answer.";
    return new ExternalError("PostgreSQL", sentence, false);
  }
  const code = sqlState(error);
  if (!code) return error;
  const sentence = SENTENCES[code] ?? `The database refused the query (SQLSTATE ${code}).`;
  return new ExternalError("PostgreSQL", sentence, false, { code });
}

const TOO_LONG = new Set(["57014", "55P03", "40P01"]);

/** The 503 for a database fault, else undefined. `check`: where an unknown outcome shows. */
export function asUnavailable(
  error: unknown,
  check = "Look whether the change is there before you send it again.",
): AppError | undefined {
  if (isOutcomeUnknown(error)) {
    const message = `The connection to the database broke before it confirmed the change. ${check}`;
    return unavailable("outcome_unknown", message);
  }
  const say = (message: string) => unavailable("database_unavailable", message);
  if (takesNoChange(error)) return say(AWAY_SENTENCES[codeOf(error)] ?? READ_ONLY);
  if (TOO_LONG.has(sqlState(error) ?? "")) {
    return say("The database did not answer within the time limit: try again in a moment.");
  }
  const known = asExternal(error);
  if (!(known instanceof ExternalError) || known.system !== "PostgreSQL") return undefined;
  // An error with a code answers one query; its caller explains it.
  if (known.more.code) return undefined;
  const away = codeOf(error) in AWAY_SENTENCES || error === known;
  return say(away ? known.message : "The database does not answer: try again in a moment.");
}
