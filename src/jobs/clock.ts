export type Works = Record<string, () => void | Promise<void>>;

/** Starts each work now and once a minute. Resolves when the first runs have ended. */
export async function startClock(works: Works, signal: AbortSignal): Promise<void> {
  for (const [name, work] of Object.entries(works)) {
    Deno.cron(name, "* * * * *", { signal }, work);
  }
  await Promise.all(Object.values(works).map((work) => work()));
}

/** One timer, which each call sets anew (undefined: to never); none once the signal is aborted. */
export function makeAlarm(ring: () => void, signal: AbortSignal): (ms: number | undefined) => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  signal.addEventListener("abort", () => clearTimeout(timer));
  return (ms) => {
    clearTimeout(timer);
    if (ms !== undefined && !signal.aborted) timer = setTimeout(ring, ms);
  };
}
