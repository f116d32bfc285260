import { ExternalError } from "../../../errors.ts";
import { orAborted, pause } from "../../abort.ts";
import { logFailure } from "../../log/failure.ts";
import { type Log, withLog } from "../../log/log.ts";
import { connect, type Connection, type Envelope, type Options, type Take } from "./connection.ts";
import { type End, explain } from "./refusals.ts";

/** A refresh of one loses nothing: the other takes what comes. */
const CONNECTIONS = 2;
const NONE = { connected: false, problem: null };
/** Slack closes a connection some seconds after it asked for a new one. */
const GRACE_MS = 15_000;
const MOST_WAIT_MS = 60_000;
/** For what a person has to correct. */
const PERMANENT_WAIT_MS = 300_000;
/** One that ends sooner counts as a failure. */
const STEADY_MS = 10_000;

export type SocketState = {
  wanted: number;
  connected: number;
  /** Why fewer are connected than wanted. */
  problem: ExternalError | null;
};
export type Sockets = { state(): SocketState; close(): Promise<void> };

type SlotState = { connected: boolean; problem: ExternalError | null };
type More = { log: Log; firstWaitMs?: number };

/** Holds connections to Slack's socket mode and opens them again; resolves at once. */
export function openSockets(
  options: Options,
  take: Take,
  { log, firstWaitMs = 1_000 }: More,
): Sockets {
  const closing = new AbortController();
  const { signal } = closing;
  const { add, idle } = tracked();
  const taken: Take = async (envelope) => {
    signal.throwIfAborted();
    await add(withLog({ log }, () => logged(take, envelope, log)));
  };
  const slots = Array.from({ length: CONNECTIONS }, (): SlotState => NONE);
  const state = (): SocketState => ({
    wanted: CONNECTIONS,
    connected: slots.filter(({ connected }) => connected).length,
    problem: slots.find(({ problem }) => problem)?.problem ?? null,
  });
  const report = reporter(log);
  for (const i of slots.keys()) {
    const slot: Slot = {
      open: () => withLog({ log }, () => connect(options, taken, signal)),
      set(now) {
        slots[i] = now;
        report(state());
      },
      retire: (old) => void add(Promise.race([old.gone, pause(GRACE_MS, signal)]).then(old.close)),
    };
    add(keep(slot, firstWaitMs, signal));
  }
  return {
    state,
    async close() {
      closing.abort();
      await idle();
    },
  };
}

async function logged(take: Take, envelope: Envelope, log: Log): Promise<void> {
  try {
    await take(envelope);
  } catch (error) {
    logFailure(log, "A call from Slack was not taken. Slack delivers it again.", error);
    throw error;
  }
}

/** Work under way, also what begins while idle() waits. */
function tracked() {
  const working = new Set<Promise<unknown>>();
  return {
    add<T>(work: Promise<T>): Promise<T> {
      const done = work.catch(() => {}).finally(() => working.delete(done));
      working.add(done);
      return work;
    },
    async idle() {
      while (working.size > 0) await Promise.all(working);
    },
  };
}

type Slot = {
  open(): Promise<Connection>;
  set(state: SlotState): void;
  retire(connection: Connection): void;
};

/** One connection after the other; where Slack asks for a new one, the old one goes on meanwhile. */
async function keep(slot: Slot, firstWaitMs: number, signal: AbortSignal): Promise<void> {
  let failures = 0;
  while (!signal.aborted) {
    const started = performance.now();
    const end = await run(slot, signal);
    if (signal.aborted) return;
    if (!end.isRefresh) slot.set({ connected: false, problem: end.error });
    failures = performance.now() - started > STEADY_MS ? 0 : failures + 1;
    await pause(waitAfter(end, failures, firstWaitMs), signal);
  }
}

async function run({ open, set, retire }: Slot, signal: AbortSignal): Promise<End> {
  try {
    const connection = await open();
    set({ connected: true, problem: null });
    try {
      return await orAborted(connection.ended, signal);
    } finally {
      retire(connection);
    }
  } catch (error) {
    const known = error instanceof ExternalError ? error : explain(error);
    return { isRefresh: false, error: known };
  }
}

function waitAfter({ isRefresh, error }: End, failures: number, firstMs: number): number {
  if (isRefresh && failures === 0) return 0;
  const { permanent, more: { retryAfterSeconds } } = error;
  if (permanent) return PERMANENT_WAIT_MS;
  if (retryAfterSeconds) return retryAfterSeconds * 1000;
  const ms = Math.min(firstMs * 2 ** Math.max(failures - 1, 0), MOST_WAIT_MS);
  return ms * (0.5 + Math.random() / 2);
}

/** Logs each new problem once, and that it has passed. */
function reporter(log: Log) {
  let last = "";
  return ({ wanted, connected, problem }: SocketState) => {
    const now = problem ? problem.message : connected === wanted ? "" : last;
    if (problem && now !== last) {
      logFailure(log, "Slack's socket mode is not connected.", problem, { connected });
    } else if (!problem && connected === wanted) {
      log.info("Slack's socket mode is connected.", { connected });
    }
    last = now;
  };
}
