/** postgres.js can write to a closed socket where no promise sees it (issues 1066, 1154, 1208). */
function isDriverFault(error: unknown): boolean {
  return error instanceof TypeError && /null \(reading 'write'\)/.test(error.message) &&
    /^[^\n]*\n\s+at (?:\w+\.)?nextWrite \(\S*\/postgres\/src\/connection\.js:/.test(
      error.stack ?? "",
    );
}

/** The name and the stack, without the message, which may quote a secret. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return "of no known kind";
  const frames = error.stack?.split("\n").filter((line) => /^\s+at /.test(line)) ?? [];
  return [error.name, ...frames].join("\n");
}

/** Ignores the driver's fault; logs any other uncaught error and calls `end`. */
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
