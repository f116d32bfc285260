export type Log = { log: (line: string) => void };

/** Logs the error's code and location only: driver messages may quote values. */
export function logged({ log }: Log, job: string) {
  return (error: unknown) =>
    log(`${job}: ${error instanceof Error ? `${error.name}: ${codeOf(error)}` : "unknown error"}`);
}

function codeOf(error: Error): string {
  const where = error.stack?.split("\n").slice(1, 3).map((line) => line.trim()).join(" < ") ?? "";
  return `${"code" in error ? error.code : ""} ${where}`;
}
