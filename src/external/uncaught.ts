import type { Log } from "./log/log.ts";
import { faultOf } from "./log/fault.ts";

/** postgres.js can write to a closed socket where no promise sees it (issues 1066, 1154, 1208). */
function isDriverFault(error: unknown): boolean {
  return error instanceof TypeError && /null \(reading 'write'\)/.test(error.message) &&
    /^[^\n]*\n\s+at (?:\w+\.)?nextWrite \(\S*\/postgres\/src\/connection\.js:/.test(
      error.stack ?? "",
    );
}

/** Ignores the driver's fault; logs any other uncaught error and calls `end`. */
export function catchUncaught(log: Log, end: (error: unknown) => void): void {
  const caught = (event: Event, error: unknown) => {
    event.preventDefault();
    if (isDriverFault(error)) return;
    log.error("Uncaught error: the process ends.", faultOf(error));
    end(error);
  };
  globalThis.addEventListener("error", (event) => caught(event, event.error));
  globalThis.addEventListener("unhandledrejection", (event) => caught(event, event.reason));
}
