import { AsyncLocalStorage } from "node:async_hooks";

/** DEBUG: each call. INFO: what happens. WARNING: retried or degraded. ERROR: needs a person. */
export const LEVELS = ["DEBUG", "INFO", "WARNING", "ERROR"] as const;
export type Level = typeof LEVELS[number];
/** No objects and no errors, which may hold a secret: see faultOf(). */
export type Fields = Record<string, string | number | boolean | null | undefined>;
type Write = (message: string, fields?: Fields) => void;
export type Log = { debug: Write; info: Write; warn: Write; error: Write };

type Context = { log: Log; request_id?: string | undefined };
const contexts = new AsyncLocalStorage<Context>();

/** Within `work`, each line carries the request's id, and logHere() is this log. */
export const withLog = <T>(context: Context, work: () => T): T => contexts.run(context, work);

export const requestIdHere = (): string | undefined => contexts.getStore()?.request_id;

/** The log of the request or job; outside of both, nothing is logged. */
export const logHere = (): Log => contexts.getStore()?.log ?? SILENT;

export function makeLog(write: (level: Level, message: string, fields: Fields) => void): Log {
  const at = (level: Level): Write => (message, fields) => {
    const request_id = requestIdHere();
    write(level, message, request_id ? { request_id, ...fields } : fields ?? {});
  };
  return { debug: at("DEBUG"), info: at("INFO"), warn: at("WARNING"), error: at("ERROR") };
}

export const SILENT: Log = makeLog(() => {});
