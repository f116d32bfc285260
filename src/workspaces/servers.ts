import { SealError } from "../credentials/seal.ts";
import { AppError, ExternalError } from "../errors.ts";
import { asExternal, connect, type Server, type Sql } from "../external/postgres/postgres.ts";
import { limitConcurrency } from "../external/semaphore.ts";

export type WorkspaceServer = {
  name: string; // host:port; empty: the server of our own database
  address: Server;
  shown: { host: string; port: number };
  master: Sql;
  /** Connections that an owner role may have; undefined: by what the server takes. */
  connection_limit?: number | undefined;
  withPermit: <T>(work: () => Promise<T>) => Promise<T>;
};

export type Servers = {
  all: WorkspaceServer[];
  /** Throws 503 where the server is not configured any more. */
  of(name: string): WorkspaceServer;
  close(): Promise<void>;
};

export type Login = Server & { user: string; password: string; database: string };
type Shown = { host?: string | undefined; port?: number | undefined };

/** User databases that are open at a time; never more than a third of what the server takes. */
const MOST_OPEN = 8;
/** PostgreSQL's own default, taken where the server does not answer when we ask. */
const USUAL_CONNECTIONS = 100;

/** The server of our own database (`db`) first, then those of WORKSPACE_SERVERS. */
export async function openServers(
  db: Sql,
  own: Server,
  shown: Shown,
  others: { login: Login; shown: Shown }[],
  connection_limit?: number,
): Promise<Servers> {
  const pools = others.map(({ login }) => connect(login, 5));
  const opened = await Promise.all([
    open("", db, own, shown),
    ...others.map(({ login: { host, port, ssl }, shown }, i) =>
      open(`${host}:${port}`, pools[i]!, { host, port, ...(ssl ? { ssl } : {}) }, shown)
    ),
  ]);
  const all = opened.map((server) => ({ ...server, connection_limit }));
  return {
    all,
    of(name) {
      const server = all.find((server) => server.name === name);
      if (server) return server;
      const message = `The server ${name} of this workspace is not in WORKSPACE_SERVERS any more.`;
      throw new AppError("server_unknown", 503, message);
    },
    async close() {
      await Promise.all(pools.map((pool) => pool.end({ timeout: 1 })));
    },
  };
}

async function open(name: string, master: Sql, address: Server, shown: Shown) {
  const most = await master<{ most: number }[]>`
    select current_setting('max_connections')::int as most`
    .then(([row]) => row!.most, () => USUAL_CONNECTIONS);
  return {
    name,
    address,
    master,
    shown: { host: shown.host ?? address.host, port: shown.port ?? address.port },
    withPermit: limitConcurrency(Math.max(1, Math.min(MOST_OPEN, Math.floor(most / 3)))),
  };
}

/** What a server refused our own role, as a sentence that says what to do. */
export function asRefusal(thrown: unknown): unknown {
  const error = asExternal(thrown);
  if (!(error instanceof ExternalError) || error.more.code !== "42501") return error;
  const message = "The server's role lacks a right for this: the diagnosis says which.";
  return new ExternalError("PostgreSQL", message, false, error.more);
}

/** What went wrong, for the log: messages that are not ours may quote values. */
export function inWords(thrown: unknown): string {
  const error = asRefusal(thrown);
  const ours = [ExternalError, AppError, SealError].some((kind) => error instanceof kind);
  if (ours) return (error as Error).message;
  return error instanceof Error ? error.name : "unknown error";
}

/**
 * Works on each server at the same time, so that an unavailable one delays its own rows only. `work` throws
 * nothing; false ends the rows of its server until the next call.
 */
export async function eachServer<T extends { server: string }>(
  rows: T[],
  signal: AbortSignal,
  work: (row: T) => Promise<boolean>,
): Promise<void> {
  const groups = Map.groupBy(rows, ({ server }) => server).values();
  await Promise.all(Array.from(groups, async (group) => {
    for (const row of group) if (signal.aborted || !await work(row)) return;
  }));
}
