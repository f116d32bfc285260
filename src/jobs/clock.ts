export type Works = Record<string, () => void | Promise<void>>;

/** Starts each work now and once a minute. Resolves when the first runs have ended. */
export async function startClock(works: Works, signal: AbortSignal): Promise<void> {
  for (const [name, work] of Object.entries(works)) {
    Deno.cron(name, "* * * * *", { signal }, work);
  }
  await Promise.all(Object.values(works).map((work) => work()));
}
