export type Works = Record<string, () => void | Promise<void>>;

/** Starts each work now and once a minute, after `tick`; resolves after the first runs. */
export async function startClock(
  works: Works,
  tick: (name: string) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const started = Object.entries(works).map(([name, work]) => {
    const start = async () => void await Promise.all([tick(name), work()]);
    Deno.cron(name, "* * * * *", { signal }, start);
    return start();
  });
  await Promise.all(started);
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
