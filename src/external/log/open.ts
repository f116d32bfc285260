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
export type OpenedLog = { log: Log; hide: (...secrets: string[]) => void; close: () => void };

/** The log of this process: to the terminal, and as JSON to a file. Audit entries have no level. */
export function openLog(options: LogOptions): OpenedLog {
  const { level: least, file, print, isTerminal } = options;
  const { hide, redact } = makeRedactor();
  hide(options.secrets);
  const show = (entry: Entry, json?: string) => {
    try {
      print(isTerminal ? plainLine(entry, redact) : json ?? jsonLine(entry, redact));
    } catch { /* nobody reads the terminal any more */ }
  };
  const kept = file === undefined ? undefined : new LogFile({
    path: file,
    further: (n) => file.replace(/(\.[^./]*)?$/, `-service-${n}$1`),
    maxBytes: options.maxBytes ?? MAX_BYTES,
    files: FILES,
    warn: (message, fields = { path: file }) =>
      show({ time: new Date().toISOString(), level: "WARNING", message, fields }),
  });
  const log = makeLog((level, message, fields) => {
    if (level === "ERROR") logErrors.inc();
    if (LEVELS.indexOf(level) < LEVELS.indexOf(least) && fields.audit !== true) return;
    const entry = { time: new Date().toISOString(), level, message, fields };
    const json = kept || !isTerminal ? jsonLine(entry, redact) : undefined;
    show(entry, json);
    if (json !== undefined) kept?.write(json);
  });
  return { log, hide: (...secrets) => hide(secrets), close: () => kept?.close() };
}

/** The log of a task or a worker, to stderr only. */
export const taskLog = (level: Level = "INFO", secrets: string[] = []): Log =>
  openLog({ level, secrets, print: console.error, isTerminal: Deno.stderr.isTerminal() }).log;
