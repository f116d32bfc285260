import { pause } from "../external/abort.ts";
import { DEADLINES, withDeadline } from "../external/postgres/deadlines.ts";
import { type Deps, scan, type ScanResult } from "../pipeline/scan/scan.ts";
import { nextScan } from "../pipeline/scan/store.ts";
import { makeAlarm } from "./clock.ts";
import { asJob, logged } from "./log.ts";

/** Deno.cron skips a minute while the previous run is still active. */
const LAST_SCAN_SECOND = 56;
const END_SECOND = 58;

/** Scans every SCAN_SECONDS and when a table's debounce ends. */
export function startScanner(deps: Deps, signal: AbortSignal) {
  let last: Promise<unknown> = Promise.resolve();

  const scanAsJob = () => asJob(deps, scanNow).catch(logged(deps, "scan"));
  const scanIn = makeAlarm(scanAsJob, signal);

  function scanNow(): Promise<ScanResult> {
    // Replaces the caller's deadline: a scan has none.
    const mine = last.then(() =>
      withDeadline(DEADLINES.job, async () => {
        const found = await scan(deps, signal);
        await scanWhenDue();
        return found;
      })
    );
    last = mine.catch(() => {});
    return mine;
  }
  async function scanWhenDue() {
    const ms = await nextScan(deps.db);
    if (ms === undefined || ms > 60_000) return scanIn(undefined);
    // A table still due after a scan could not be scanned: wait for the next tick.
    scanIn(ms > 0 ? ms + 20 : deps.limits.scanSeconds * 1000);
  }
  async function minute() {
    const started = Date.now();
    const minute = started - started % 60_000;
    let at = started;
    do {
      await pause(at - Date.now(), signal);
      if (signal.aborted) return;
      const scanned = scanAsJob();
      await Promise.race([scanned, pause(minute + END_SECOND * 1000 - Date.now(), signal)]);
      at += deps.limits.scanSeconds * 1000;
    } while (at < minute + LAST_SCAN_SECOND * 1000);
  }
  return { scanNow, minute, idle: () => last };
}
