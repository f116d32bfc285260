import type { Fields, Log } from "./log.ts";

const EVERY_MS = 10_000;

/** Logs `message` with the seconds passed, every 10 s until `work` has ended. */
export async function withProgress<T>(
  log: Log,
  message: string,
  work: () => Promise<T>,
  fields: Fields = {},
): Promise<T> {
  const started = performance.now();
  const timer = setInterval(
    () =>
      log.info(message, { ...fields, seconds: Math.round((performance.now() - started) / 1000) }),
    EVERY_MS,
  );
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}
