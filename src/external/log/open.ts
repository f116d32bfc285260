import { makeBatch } from "./batch.ts";
import { LogFile } from "./file.ts";
import { type Entry, jsonLine, plainLine } from "./line.ts";
import { type Level, LEVELS, type Log, makeLog } from "./log.ts";
import { makeRedactor } from "./redact.ts";
import { logErrors } from "../metrics/metrics.ts";

const MAX_BYTES = 20_000_000;
const FILES = 5;

/** `file`: undefined for the terminal only. `secrets`: no line shows them. */
export type LogOptions = {
  level: Level;
  secrets: string[];
  file?: string | undefined;
  maxBytes?: number;
  print: (line: string) => void;
  isTerminal: boolean;
};
export type OpenedLog = {
  log: Log;
  hide: (...secrets: string[]) => void;
  /** Writes what waits: before a line that goes past the log. */
  flush: () => void;
  close: () => void;
};

/**
 * The log of this process: to the terminal, and as JSON to a file, within 50 ms, errors at once. Audit
 * entries have no level.
 */
export function openLog(options: LogOptions): OpenedLog {
  const { level: least, file, print, isTerminal } = options;
  const { hide, redact } = makeRedactor();
  hide(options.secrets);
  const lineOf = (entry: Entry) => (isTerminal ? plainLine : jsonLine)(entry, redact);
  const show = (lines: string[]) => {
    try {
      print(lines.join("\n"));
    } catch { /* nobody reads the terminal any more */ }
  };
  const kept = file === undefined ? undefined : new LogFile({
    path: file,
    further: (n) => file.replace(/(\.[^./]*)?$/, `-service-${n}$1`),
    maxBytes: options.maxBytes ?? MAX_BYTES,
    files: FILES,
    warn: (message, fields = { path: file }) =>
      show([lineOf({ time: new Date().toISOString(), level: "WARNING", message, fields })]),
  });
  const { add, flush } = makeBatch<{ shown: string; json: string | undefined }>((lines) => {
    show(lines.map(({ shown }) => shown));
    kept?.write(lines.map(({ json, shown }) => json ?? shown));
  });
  const log = makeLog((level, message, fields) => {
    if (level === "ERROR") logErrors.inc();
    if (LEVELS.indexOf(level) < LEVELS.indexOf(least) && fields.audit !== true) return;
    const entry = { time: new Date().toISOString(), level, message, fields };
    add({ shown: lineOf(entry), json: kept && isTerminal ? jsonLine(entry, redact) : undefined });
    if (level === "ERROR") flush();
  });
  globalThis.addEventListener("unload", flush); // by Deno.exit() as well
  const close = () => {
    globalThis.removeEventListener("unload", flush);
    flush();
    kept?.close();
  };
  return { log, hide: (...secrets) => hide(secrets), flush, close };
}

/** The log of a task or a worker, to stderr only, each line at once. */
export function taskLog(level: Level = "INFO", secrets: string[] = []): Log {
  const isTerminal = Deno.stderr.isTerminal();
  const { log, flush } = openLog({ level, secrets, print: console.error, isTerminal });
  const at = (write: Log["info"]): Log["info"] => (...line) => {
    write(...line);
    flush();
  };
  return { debug: at(log.debug), info: at(log.info), warn: at(log.warn), error: log.error };
}
