import { AsyncLocalStorage } from "node:async_hooks";

/** DEBUG: each call. INFO: what happens. WARNING: retried or degraded. ERROR: needs a person. */
export const LEVELS = ["DEBUG", "INFO", "WARNING", "ERROR"] as const;
export type Level = typeof LEVELS[number];
/** No objects and no errors, which may hold a secret: see faultOf(). */
export type Fields = Record<string, string | number | boolean | null | undefined>;
type Write = (message: string, fields?: Fields) => void;
export type Log = { debug: Write; info: Write; warn: Write; error: Write };

/** `traceparent`: the span that the work is part of. */
type Context = {
  log: Log;
  request_id?: string | undefined;
  traceparent?: string | null | undefined;
};
const contexts = new AsyncLocalStorage<Context>();

/** Within `work`, each line carries the request's id and the trace's, and logHere() is this log. */
export const withLog = <T>(context: Context, work: () => T): T => contexts.run(context, work);

export const requestIdHere = (): string | undefined => contexts.getStore()?.request_id;

export const traceparentHere = (): string | undefined =>
  contexts.getStore()?.traceparent ?? undefined;

/** The log of the request or job; outside of both, nothing is logged. */
export const logHere = (): Log => contexts.getStore()?.log ?? SILENT;

export function makeLog(write: (level: Level, message: string, fields: Fields) => void): Log {
  const at = (level: Level): Write => (message, fields) => {
    const { request_id, traceparent } = contexts.getStore() ?? {};
    const ids = {
      ...(request_id ? { request_id } : {}),
      ...(traceparent ? { trace_id: traceparent.split("-")[1] } : {}),
    };
    write(level, message, { ...ids, ...fields });
  };
  return { debug: at("DEBUG"), info: at("INFO"), warn: at("WARNING"), error: at("ERROR") };
}

export const SILENT: Log = makeLog(() => {});
