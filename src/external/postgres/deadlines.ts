import { AsyncLocalStorage } from "node:async_hooks";

/**
 * In ms. `statement`: the server's limit, 0: none; `whole`: ours, `shared` by all statements of a
 * call.
 */
export type Deadline = { statement: number; whole: number; silence?: number; shared?: true };

export const DEADLINES = {
  /** An API call or a page. The server's limit comes first, so that we keep the connection. */
  call: { statement: 4_500, whole: 5_000, shared: true },
  board: { statement: 30_000, whole: 31_000 },
  job: { statement: 30_000, whole: 31_000 },
  /** One table or view of a scan, for which other users' tables wait. */
  scan: { statement: 5_000, whole: 7_000 },
  database: { statement: 60_000, whole: 61_000 },
  /** Migrations, rotation, COPY: until the server falls silent. */
  long: { statement: 0, whole: Infinity, silence: 30_000 },
  probe: { statement: 2_500, whole: 3_000 },
  /** One check of the diagnosis. */
  check: { statement: 8_500, whole: 9_000 },
  /** One reading of /metrics. */
  scrape: { statement: 900, whole: 1_000 },
  /** Slack waits 3 s for an answer. */
  slack: { statement: 2_000, whole: 2_500, shared: true },
  aside: { statement: 1_200, whole: 1_500 },
} satisfies Record<string, Deadline>;

export const CONNECT_MS = 5_000;
/** In a user's database: the lock time-out, and the idle-in-transaction time-out. */
export const LOCK_MS = 5_000;
export const IDLE_IN_TRANSACTION_MS = 60_000;
export const HEARTBEAT_MS = 5_000;
export const START_MS = 60_000;

/** Measures the time during which at least one statement is pending. */
type Waits = { spent: number; open: number; since: number };
type Scope = { deadline: Deadline; waits: Waits; lost?: AbortSignal | undefined };

const scopes = new AsyncLocalStorage<Scope>();
const newWaits = (): Waits => ({ spent: 0, open: 0, since: 0 });
const current = (): Scope => scopes.getStore() ?? { deadline: DEADLINES.job, waits: newWaits() };

export function withDeadline<T>(deadline: Deadline, work: () => PromiseLike<T>): Promise<T> {
  return scopes.run(
    { deadline, waits: newWaits(), lost: current().lost },
    async () => await work(),
  );
}

/** Once `lost` is aborted, `work` sends no further statement. */
export function until<T>(lost: AbortSignal, work: () => PromiseLike<T>): Promise<T> {
  const { lost: outer, ...scope } = current();
  const both = outer ? AbortSignal.any([outer, lost]) : lost;
  return scopes.run({ ...scope, lost: both }, async () => await work());
}

export const deadlineHere = (): Deadline => current().deadline;

export const lostHere = (): AbortSignal | undefined => current().lost;

export function beginWait(): { ms: number; end: () => void } {
  const { deadline: { whole, shared }, waits } = current();
  const now = performance.now();
  if (waits.open++ === 0) waits.since = now;
  const passed = shared ? waits.spent + now - waits.since : 0;
  return {
    ms: Math.max(0, whole - passed),
    end() {
      const now = performance.now();
      waits.spent += now - waits.since;
      waits.since = now;
      waits.open--;
    },
  };
}
