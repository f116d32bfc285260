import { recordTick } from "../diagnostics/store.ts";
import type { Events, Moved } from "../external/events.ts";
import type { Sql } from "../external/postgres/postgres.ts";
import { archiveDashboards } from "../pipeline/archive.ts";
import { captureNext, type Deps as CaptureDeps } from "../pipeline/capture/capture.ts";
import { createNext } from "../pipeline/create/create.ts";
import { type Deps as DigestDeps, startDigests } from "../pipeline/digest/digest.ts";
import { notifyNext, probeRefusals } from "../pipeline/notify/notify.ts";
import { refreshMessages } from "../pipeline/notify/refresh.ts";
import { TokenLimit } from "../pipeline/notify/token_limit.ts";
import { beginImports } from "../pipeline/imported/imported.ts";
import { removeOldPictures } from "../pipeline/prune.ts";
import { releaseBatches, type Step } from "../pipeline/row.ts";
import type { Deps as ScanDeps, ScanResult } from "../pipeline/scan/scan.ts";
import { startClock } from "./clock.ts";
import { logged } from "./log.ts";
import { startMaintenance } from "./maintenance.ts";
import { startScanner } from "./scanner.ts";
import { oneAtATime, startWorkers, type Workers } from "./workers.ts";

type Deps = ScanDeps & CaptureDeps & DigestDeps & { db: Sql; events: Events };
export type Jobs = {
  /** Waits for a running scan first. */
  scanNow(): Promise<ScanResult>;
  /** Resolves when all work has ended; abort the signal first. */
  ended(): Promise<void>;
};

/** As many tokens that hang, two rows each, as leave a worker for the others: five. */
const NOTIFY_WORKERS = 12;

function startSteps(deps: Deps, signal: AbortSignal): Partial<Record<Step, Workers>> {
  const tokens = new TokenLimit();
  const work = {
    create: { most: 2, next: () => createNext(deps, signal) },
    capture: { most: 4, next: () => captureNext(deps, signal) },
    notify: {
      most: NOTIFY_WORKERS,
      next: () => notifyNext(deps, signal, tokens),
      busy: () => tokens.busyUsers(),
    },
  };
  return {
    create: startWorkers(deps, "create", work.create, signal),
    capture: startWorkers(deps, "capture", work.capture, signal),
    notify: startWorkers(deps, "notify", work.notify, signal),
  };
}

type Wakes = Pick<Workers, "wake">;

/** On a row's event: the workers of its step, `always`, and `afterDone` where it has no further step. */
const wake =
  (steps: Partial<Record<Step, Wakes>>, always: Wakes[], afterDone: Wakes[]) => (event: Moved) => {
    if (event.what !== "dashboard") return;
    steps[event.step as Step]?.wake();
    for (const work of event.step === "done" ? [...always, ...afterDone] : always) work.wake();
  };

/** Runs all background work: at once, every minute, and on events. */
export function startJobs(deps: Deps, signal: AbortSignal): Jobs {
  const scanner = startScanner(deps, signal);
  const maintenance = startMaintenance(deps, signal);
  const steps = startSteps(deps, signal);
  const { archive, pictures, batches, messages, digests, imports } = startSingles(deps, signal);
  const afterDone = [archive, pictures, imports];
  const all = [...Object.values(steps), batches, messages, digests, ...afterDone];

  const unsubscribe = deps.events.subscribe(
    wake(steps, [batches, messages], afterDone),
    () => all.forEach((work) => work.wake()),
  );
  signal.addEventListener("abort", unsubscribe);

  const first = startClock(
    {
      "scan the databases": scanner.minute,
      "create dashboards": steps.create!.wake,
      "capture previews": steps.capture!.wake,
      "notify Slack": steps.notify!.wake,
      "probe Slack": () => probeRefusals(deps).catch(logged(deps, "probe Slack")),
      "post digests": digests.wake,
      "finish workspaces": maintenance,
      "release batches": batches.wake,
      "refresh messages": messages.wake,
      "archive dashboards": archive.wake,
      "remove old pictures": pictures.wake,
      "begin imported runs": imports.wake,
    },
    (job) => recordTick(deps.db, job).catch(logged(deps, job)),
    signal,
  );
  return {
    scanNow: scanner.scanNow,
    async ended() {
      await Promise.all([first, scanner.idle(), ...all.map(({ idle }) => idle())]);
    },
  };
}

/** What one worker does for all rows at once. */
function startSingles(deps: Deps, signal: AbortSignal) {
  const single = (name: string, work: () => Promise<void>) => oneAtATime(deps, name, work, signal);
  return {
    archive: single("archive", () => archiveDashboards(deps, signal)),
    pictures: single("pictures", () => removeOldPictures(deps)),
    batches: single("batches", () => releaseBatches(deps.db, deps.limits.batchSeconds)),
    messages: single("messages", () => refreshMessages(deps, signal)),
    digests: single("digests", startDigests(deps, signal)),
    imports: single("imports", () => beginImports(deps)),
  };
}
