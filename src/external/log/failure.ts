import { AppError, ExternalError } from "../../errors.ts";
import { asExternal } from "../postgres/errors.ts";
import { faultOf } from "./fault.ts";
import type { Fields, Log } from "./log.ts";

/** A fault is logged once, where most is known. */
const seen = new WeakSet<object>();

/** WARNING for what is retried, ERROR for what needs a person and for a fault of ours. */
export function logFailure(log: Log, message: string, thrown: unknown, fields: Fields = {}): void {
  if (typeof thrown === "object" && thrown !== null) {
    if (seen.has(thrown)) return;
    seen.add(thrown);
  }
  const error = asExternal(thrown);
  if (error instanceof AppError) {
    return log.warn(message, { ...fields, reason: error.message, code: error.code });
  }
  if (!(error instanceof ExternalError)) {
    return log.error(message, { ...fields, ...faultOf(error) });
  }
  const { system, permanent, more: { code } } = error;
  const known = { ...fields, system, reason: error.message, ...(code ? { code } : {}) };
  if (permanent) log.error(message, known);
  else log.warn(message, known);
}
