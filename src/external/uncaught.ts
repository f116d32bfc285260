/**
 * postgres.js writes a small chunk with setImmediate(nextWrite). When the socket closed meanwhile, nextWrite
 * writes to null, where no promise sees it (its issues 1066, 1154 and 1208). What waited for that
 * connection fails by its own way; nothing else is wrong.
 */
function isDriverFault(error: unknown): boolean {
  return error instanceof TypeError && /null \(reading 'write'\)/.test(error.message) &&
    /^[^\n]*\n\s+at (?:\w+\.)?nextWrite \(\S*\/postgres\/src\/connection\.js:/.test(
      error.stack ?? "",
    );
}

/** Its name and where it was thrown; not its message, which may quote a secret. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return "of no known kind";
  const frames = error.stack?.split("\n").filter((line) => /^\s+at /.test(line)) ?? [];
  return [error.name, ...frames].join("\n");
}

/** Absorbs the driver's fault; any other uncaught error or rejection is logged, and `end` is called. */
export function catchUncaught(log: (line: string) => void, end: (error: unknown) => void): void {
  const caught = (event: Event, error: unknown) => {
    event.preventDefault();
    if (isDriverFault(error)) return;
    log(`ERROR uncaught ${describe(error)}`);
    end(error);
  };
  globalThis.addEventListener("error", (event) => caught(event, event.error));
  globalThis.addEventListener("unhandledrejection", (event) => caught(event, event.reason));
}
