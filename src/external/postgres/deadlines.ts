import { AsyncLocalStorage } from "node:async_hooks";

/**
 * How long a statement may take, in milliseconds. `statement`: the server's own limit (0: none). `whole`:
 * the client's, which also holds for a server that is silent. `silence`: without a byte from the
 * server, and without its working on the statement.
 * `shared`: all statements of one call have `whole` together.
 */
export type Deadline = { statement: number; whole: number; silence?: number; shared?: true };

/** Every deadline of a database. */
export const DEADLINES = {
  /** An API call or a page. The server gives up first, so that the connection can be kept. */
  call: { statement: 4_500, whole: 5_000, shared: true },
  /** The data of a board. */
  board: { statement: 30_000, whole: 31_000 },
  /** A statement of a job, or of work that a call does not wait for. */
  job: { statement: 30_000, whole: 31_000 },
  /** Reading one table or view in a scan, which other users' tables wait for. */
  scan: { statement: 5_000, whole: 7_000 },
  /** CREATE DATABASE and DROP DATABASE. */
  database: { statement: 60_000, whole: 61_000 },
  /** Migrations, rotation, COPY: as long as the server says something. */
  long: { statement: 0, whole: Infinity, silence: 30_000 },
  /** Whether a server answers at all. */
  probe: { statement: 2_500, whole: 3_000 },
  /** What a call can do without, of a server that others do not need. */
  aside: { statement: 1_200, whole: 1_500 },
} satisfies Record<string, Deadline>;

/** Making a connection, login included. */
export const CONNECT_MS = 5_000;
/** Of a user's database: for a lock that a flow holds, and for a transaction in which nothing happens. */
export const LOCK_MS = 5_000;
export const IDLE_IN_TRANSACTION_MS = 60_000;
/** A held connection, and the one that listens, are asked for a sign of life this often. */
export const HEARTBEAT_MS = 5_000;
/** How long a start waits for a server that is away. */
export const START_MS = 60_000;

/** Time that passes while at least one statement is waited for, of all that `spent` counts together. */
type Waits = { spent: number; open: number; since: number };
type Scope = { deadline: Deadline; waits: Waits; lost?: AbortSignal | undefined };

const scopes = new AsyncLocalStorage<Scope>();
const newWaits = (): Waits => ({ spent: 0, open: 0, since: 0 });
const current = (): Scope => scopes.getStore() ?? { deadline: DEADLINES.job, waits: newWaits() };

/** Every statement of `work` has this deadline, whoever sends it. */
export function withDeadline<T>(deadline: Deadline, work: () => PromiseLike<T>): Promise<T> {
  // Awaited inside: the driver sends a statement when somebody waits for it.
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

/** The deadline that holds here. */
export const deadlineHere = (): Deadline => current().deadline;

/** Aborted when the lock that protects this work is lost. */
export const lostHere = (): AbortSignal | undefined => current().lost;

/** A wait for the database begins: how long it may take, and what notes its end. */
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
