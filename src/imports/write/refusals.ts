import { AppError, unavailable } from "../../errors.ts";
import { asUnavailable, sqlState } from "../../external/postgres/postgres.ts";
import type { Kind } from "../../workspaces/names.ts";

const SENTENCES: [codes: RegExp, code: string, status: 409 | 422 | 503, message: string][] = [
  [/^54011/, "too_many_columns", 422, "A table has at most 1,600 columns."],
  [/^54/, "row_too_long", 422, "A row is longer than PostgreSQL stores."],
  [
    /^(?:55P03|40P01|40001)/,
    "table_busy",
    503,
    "The table is locked by somebody else: try again in a moment.",
  ],
  [/^23/, "table_conflict", 409, "A constraint of the table refuses the rows."],
  [
    /^(?:22|42|0A|2B|P0|38|39|25)/,
    "table_conflict",
    409,
    "The table does not take the rows as they are.",
  ],
];

/** What PostgreSQL refused in our words, with what to do. */
export function asImportError(error: unknown, kind: Kind): unknown {
  if (error instanceof AppError) return error;
  const state = sqlState(error);
  const found = state && SENTENCES.find(([codes]) => codes.test(state));
  if (!found) return asUnavailable(error) ?? error;
  const [, code, status, message] = found;
  if (status === 503) return unavailable(code, message);
  const hint = status === 409 ? " Choose another table: table=NAME." : "";
  return new AppError(
    code,
    status,
    `The ${kind} database refused the rows (SQLSTATE ${state}). ${message}${hint}`,
  );
}

/** A database refused its commit after others had committed. */
export function partlyWritten(written: Kind[], missing: Kind[]): AppError {
  const message = `The databases ${written.join(" and ")} have the rows, ${
    missing.join(" and ")
  } does not. Send the same call again to complete it.`;
  return unavailable("partly_written", message);
}
