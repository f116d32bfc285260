import type { Events } from "../external/events.ts";
import { DEADLINES, withDeadline } from "../external/postgres/deadlines.ts";
import { pause } from "../external/abort.ts";
import type { Sql } from "../external/postgres/postgres.ts";
import { captureNext, type Deps as CaptureDeps } from "../pipeline/capture/capture.ts";
import { archiveDashboards } from "../pipeline/archive.ts";
import { createNext } from "../pipeline/create/create.ts";
import { planDefaultGrafana } from "../accounts/credentials.ts";
import { type Deps as NotifyDeps, notifyNext } from "../pipeline/notify/notify.ts";
import { removeOldPictures } from "../pipeline/prune.ts";
import { type Deps as ScanDeps, scan, type ScanResult } from "../pipeline/scan/scan.ts";
import { nextScan } from "../pipeline/scan/store.ts";
import { nextTry, type Step } from "../pipeline/row.ts";
import { applyLogins } from "../accounts/change.ts";
import { checkWorkspaces } from "../accounts/maintenance/check.ts";
import { finishPasswords } from "../accounts/database_password.ts";
import { finishGrafanaRemovals } from "../pipeline/removal.ts";
import { finishRemovals } from "../accounts/remove.ts";
import { finishWorkspaces } from "../accounts/steps.ts";
import { nextDue } from "../retries/store.ts";
import { nextStepTry } from "../workspaces/store.ts";

export type Deps = ScanDeps & CaptureDeps & NotifyDeps & { db: Sql; events: Events };
export type Jobs = {
  /** Looks now, after a look that is under way. */
  look(): Promise<ScanResult>;
  /** Resolves when nothing is worked on any more; the signal has to be aborted first. */
  ended(): Promise<void>;
};

/** A cron run that is still there when its minute ends loses the next one. */
const LAST_LOOK_SECOND = 56;
const END_SECOND = 58;
/** How long a step waits that could not even ask for its next row. */
const AGAIN_MS = 5_000;

/** The clock. Each step is looked at every minute, once at the start, and when a row's events says so. */
export function startJobs(deps: Deps, signal: AbortSignal): Jobs {
  const scanner = startScanner(deps, signal);
  const steps: Partial<Record<Step, Workers>> = {
    create: startWorkers(deps, "create", 2, () => createNext(deps, signal), signal),
    capture: startWorkers(deps, "capture", 4, () => captureNext(deps, signal), signal),
    notify: startWorkers(deps, "notify", 1, () => notifyNext(deps, signal), signal),
  };
  const archive = oneAtATime(async () => {
    if (!signal.aborted) await archiveDashboards(deps, signal).catch(logged(deps, "archive"));
  });
  const pictures = oneAtATime(async () => {
    if (!signal.aborted) await removeOldPictures(deps).catch(logged(deps, "pictures"));
  });
  const wakeAll = () => {
    for (const workers of Object.values(steps)) workers.wake();
    archive.wake();
    pictures.wake();
  };
  const unsubscribe = deps.events.subscribe(({ step }) => {
    steps[step as Step]?.wake();
    if (step !== "done") return;
    archive.wake();
    pictures.wake();
  }, wakeAll);
  signal.addEventListener("abort", unsubscribe);

  let hasBegun = false;
  const workspaces = async () => {
    hasBegun ||= await planDefaultGrafana(deps).then(() => true, logged(deps, "grafana")) === true;
    await maintainWorkspaces(deps, signal);
  };
  Deno.cron("scan the databases", "* * * * *", { signal }, scanner.minute);
  Deno.cron("create dashboards", "* * * * *", { signal }, () => steps.create!.wake());
  Deno.cron("capture previews", "* * * * *", { signal }, () => steps.capture!.wake());
  Deno.cron("notify Slack", "* * * * *", { signal }, () => steps.notify!.wake());
  Deno.cron("finish workspaces", "* * * * *", { signal }, workspaces);
  Deno.cron("archive dashboards", "* * * * *", { signal }, () => archive.wake());
  Deno.cron("remove old pictures", "* * * * *", { signal }, () => pictures.wake());
  const first = Promise.all([workspaces(), scanner.minute()]);
  wakeAll();
  return {
    look: scanner.look,
    async ended() {
      await Promise.all([
        first,
        scanner.idle(),
        archive.idle(),
        pictures.idle(),
        ...Object.values(steps).map(({ idle }) => idle()),
      ]);
    },
  };
}

/** Retries what servers refused or a killed process left, and checks each workspace once a day. */
async function maintainWorkspaces(deps: Deps, signal: AbortSignal): Promise<void> {
  const until = Date.now() + 50_000;
  do {
    const parts = [
      finishWorkspaces,
      finishRemovals,
      finishPasswords,
      finishGrafanaRemovals,
      checkWorkspaces,
    ];
    for (const part of parts) await part(deps, signal).catch(logged(deps, "workspaces"));
    await applyLogins(deps, signal).catch(logged(deps, "workspaces"));
    const waits = await Promise.all([nextStepTry(deps.db), nextDue(deps.db)])
      .catch(logged(deps, "workspaces"));
    const ms = Math.min(...(waits ?? []).map((wait) => wait ?? Infinity));
    if (Date.now() + ms > until) return;
    await pause(Math.max(ms, 1000), signal);
  } while (!signal.aborted);
}

function logged({ log }: { log: (line: string) => void }, what: string) {
  return (error: unknown) =>
    log(`${what}: ${error instanceof Error ? `${error.name}: ${codeOf(error)}` : "unknown error"}`);
}

/** Messages of a driver may quote values: its code and our own frames say enough. */
function codeOf(error: Error): string {
  const where = error.stack?.split("\n").slice(1, 3).map((line) => line.trim()).join(" < ") ?? "";
  return `${"code" in error ? error.code : ""} ${where}`;
}

/** Work of which one run at a time is enough; a wake-up meanwhile makes one more. */
function oneAtATime(work: () => Promise<void>) {
  let running: Promise<void> | undefined;
  let again = false;
  return {
    wake() {
      again = true;
      running ??= (async () => {
        while (again) {
          again = false;
          await work();
        }
      })().finally(() => running = undefined);
    },
    idle: async () => void await running,
  };
}

type Workers = { wake(): void; idle(): Promise<void> };

/** Works on a step's rows, `most` at a time, until none can be; then waits for the next one's time. */
function startWorkers(
  deps: Deps,
  step: Step,
  most: number,
  next: () => Promise<boolean>,
  signal: AbortSignal,
): Workers {
  const running = new Set<Promise<void>>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let events = false;
  let hasFailed = false;

  async function lane() {
    while (!signal.aborted) {
      events = false;
      if (!await next() && !events) return;
    }
  }
  async function waitForNext() {
    const ms = await nextTry(deps.db, step);
    clearTimeout(timer);
    if (ms !== undefined && !signal.aborted) timer = setTimeout(wake, Math.min(ms + 50, 60_000));
  }
  function fail(error: unknown) {
    logged(deps, step)(error);
    hasFailed = true;
  }
  /** A row that could not even be claimed stays due: without a pause it would be tried at once. */
  async function rest() {
    if (!hasFailed) await waitForNext().catch(fail);
    if (!hasFailed || signal.aborted) return;
    clearTimeout(timer);
    timer = setTimeout(wake, AGAIN_MS);
  }
  function wake() {
    events = true;
    hasFailed = false;
    while (!signal.aborted && running.size < most) {
      const work = lane().catch(fail).finally(() => {
        running.delete(work);
        if (running.size === 0 && !signal.aborted) rest();
      });
      running.add(work);
    }
  }
  signal.addEventListener("abort", () => clearTimeout(timer));
  return { wake, idle: async () => void await Promise.allSettled([...running]) };
}

/** Looks every SCAN_SECONDS, and besides when a table that settles is due. */
function startScanner(deps: Deps, signal: AbortSignal) {
  let last: Promise<unknown> = Promise.resolve();
  let timer: ReturnType<typeof setTimeout> | undefined;

  function look(): Promise<ScanResult> {
    // Not with the deadline of the call that asks for it: a look may take as long as it takes.
    const mine = last.then(() =>
      withDeadline(DEADLINES.job, async () => {
        const seen = await scan(deps, signal);
        await lookWhenDue();
        return seen;
      })
    );
    last = mine.catch(() => {});
    return mine;
  }
  async function lookWhenDue() {
    const ms = await nextScan(deps.db);
    clearTimeout(timer);
    if (ms === undefined || ms > 60_000 || signal.aborted) return;
    // What is overdue right after a look could not be looked at: no sooner than the next tick, then.
    const wait = ms > 0 ? ms + 20 : deps.limits.scanSeconds * 1000;
    timer = setTimeout(() => look().catch(logged(deps, "scan")), wait);
  }
  async function minute() {
    const started = Date.now();
    const minute = started - started % 60_000;
    let at = started;
    do {
      await pause(at - Date.now(), signal);
      if (signal.aborted) return;
      const looked = look().catch(logged(deps, "scan"));
      await Promise.race([looked, pause(minute + END_SECOND * 1000 - Date.now(), signal)]);
      at += deps.limits.scanSeconds * 1000;
    } while (at < minute + LAST_LOOK_SECOND * 1000);
  }
  signal.addEventListener("abort", () => clearTimeout(timer));
  return { look, minute, idle: () => last };
}
