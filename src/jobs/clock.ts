export type Works = Record<string, () => void | Promise<void>>;

/** Starts each work now and once a minute; resolves after the first runs. */
export async function startClock(works: Works, signal: AbortSignal): Promise<void> {
  for (const [name, work] of Object.entries(works)) {
    Deno.cron(name, "* * * * *", { signal }, work);
  }
  await Promise.all(Object.values(works).map((work) => work()));
}

/** Each call restarts the timer; undefined stops it. */
export function makeAlarm(ring: () => void, signal: AbortSignal): (ms: number | undefined) => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  signal.addEventListener("abort", () => clearTimeout(timer));
  return (ms) => {
    clearTimeout(timer);
    if (ms !== undefined && !signal.aborted) timer = setTimeout(ring, ms);
  };
}
