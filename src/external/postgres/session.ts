import { beginWait, deadlineHere, lostHere } from "./deadlines.ts";
import { type Client, connectionError, type ISql, maker, type Query } from "./client.ts";
import { isConnectionLost, outcomeUnknown } from "./errors.ts";
import type { Pool } from "./pool.ts";

type Send = (query: Query) => void;

/** The driver's tag for statements; `send` gets each when it is awaited. */
export function statements(send: Send): ISql {
  const own = <T>(made: T): T => {
    if (made instanceof Promise) (made as unknown as Query).handler = send;
    return made;
  };
  const { array, json, typed, types } = maker;
  // deno-lint-ignore no-explicit-any
  const make: any = maker;
  const sql = (first: unknown, ...rest: unknown[]) => own(make(first, ...rest));
  const unsafe = (...given: unknown[]) => own(make.unsafe(...given));
  return Object.assign(sql, { array, json, typed, types, unsafe }) as unknown as ISql;
}

/** Calls `ended` once the query ends; its result replaces the error. */
function whenSettled(query: Query, ended: (error?: unknown) => unknown): void {
  let { resolve, reject } = query;
  let over = false;
  const end = (error?: unknown) => {
    if (over) return error;
    over = true;
    return ended(error);
  };
  Object.defineProperties(query, {
    resolve: {
      get: () => (result: unknown) => (end(), resolve.call(query, result)),
      set: (value) => resolve = value,
    },
    reject: {
      get: () => (error: unknown) => reject.call(query, end(error)),
      set: (value) => reject = value,
    },
  });
}

/** Sends a statement on this connection, which is discarded when it misses the deadline. */
export function sendBy(
  client: Client,
  query: Query,
  missed: (client: Client) => void,
  ended: (error?: unknown) => unknown = (error) => error,
): void {
  const lost = lostHere();
  const { silence } = deadlineHere();
  const wait = beginWait();
  const miss = () => {
    query.reject(connectionError("DEADLINE"));
    missed(client);
  };
  const timers = [
    ...(Number.isFinite(wait.ms) ? [setTimeout(miss, wait.ms)] : []),
    ...(silence === undefined ? [] : [whenSilent(client, query, silence, miss)]),
  ];
  const done = client.whileOpen(() => query.reject(connectionError("CONNECTION_CLOSED")));
  whenSettled(query, (error) => {
    done();
    wait.end();
    timers.forEach((timer) => clearInterval(timer));
    return ended(error);
  });
  if (lost?.aborted) query.reject(connectionError("LOCK_LOST"));
  else client.send(query);
}

/** Calls `miss` when the server sends nothing and does not work on the statement. */
function whenSilent(client: Client, query: Query, silence: number, miss: () => void) {
  let received = -1;
  let since = performance.now();
  const check = async () => {
    if (client.received !== received) since = performance.now();
    received = client.received;
    if (performance.now() - since < silence) return;
    since = performance.now();
    // The answer may have arrived meanwhile, and the client may serve another statement.
    if (!await client.isAtWork(query) && client.received === received) miss();
  };
  return setInterval(check, silence / 30);
}

export function sendByAny(pool: Pool, query: Query): void {
  pool.take().then((client) => {
    if (query.cancelled) return pool.giveBack(client);
    sendBy(client, query, (client) => pool.discard(client), (error) => {
      pool.giveBack(client);
      const sent = query.state !== null;
      return sent && isConnectionLost(error) && isWrite(query) ? outcomeUnknown() : error;
    });
  }, (error) => query.reject(error));
}

function isWrite({ string = "" }: Query): boolean {
  return /^\s*(insert|update|delete|create|drop|alter|grant|revoke|comment)\b/i.test(string) ||
    /^\s*with\b.*\b(insert|update|delete)\b/is.test(string);
}

/** One transaction. Throws OutcomeUnknown when the connection breaks during COMMIT. */
export async function transaction<T>(
  pool: Pool,
  mode: string,
  work: (tx: ISql) => Promise<T>,
): Promise<T> {
  const client = await pool.take();
  let failed: { error: unknown } | undefined;
  const tx = statements((query) =>
    sendBy(client, query, (client) => pool.discard(client), (error) => {
      if (error !== undefined) failed ??= { error };
      return error;
    })
  );
  try {
    await tx.unsafe(`begin ${mode}`);
    const result = await work(tx);
    // A failed statement has ended the transaction, even if its error was caught.
    if (failed) throw failed.error;
    await tx.unsafe("commit").catch((error) => {
      throw isConnectionLost(error) ? outcomeUnknown() : error;
    });
    return result;
  } catch (error) {
    if (!client.closed) await tx.unsafe("rollback").catch(() => client.discard());
    throw error;
  } finally {
    pool.giveBack(client);
  }
}

/** Holds a connection during `work`; `lost` is aborted when it breaks. */
export async function session<T>(
  pool: Pool,
  work: (own: ISql, lost: AbortSignal) => Promise<T>,
): Promise<T> {
  const client = await pool.take();
  const lost = new AbortController();
  let over = false;
  client.gone.then(() => over || lost.abort(connectionError("LOCK_LOST")));
  const own = statements((query) => sendBy(client, query, (client) => pool.discard(client)));
  try {
    return await work(own, lost.signal);
  } finally {
    over = true;
    pool.giveBack(client);
  }
}
