/** DEBUG: each call. INFO: what happens. WARNING: retried or degraded. ERROR: needs a person. */
export const LEVELS = ["DEBUG", "INFO", "WARNING", "ERROR"] as const;
export type Level = typeof LEVELS[number];
export type Fields = Record<string, unknown>;
type Write = (message: string, fields?: Fields) => void;
export type Log = { debug: Write; info: Write; warn: Write; error: Write };

export function makeLog(write: (level: Level, message: string, fields: Fields) => void): Log {
  const at = (level: Level): Write => (message, fields = {}) => write(level, message, fields);
  return { debug: at("DEBUG"), info: at("INFO"), warn: at("WARNING"), error: at("ERROR") };
}

export const SILENT: Log = makeLog(() => {});

/** Lines for a terminal. */
export const terminalLog = (print: (line: string) => void): Log =>
  makeLog((level, message, fields) => {
    const more = Object.keys(fields).length > 0 ? ` ${JSON.stringify(fields)}` : "";
    print(`${new Date().toISOString()} ${level} ${message}${more}`);
  });
