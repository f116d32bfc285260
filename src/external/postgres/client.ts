import { connect as connectSocket, type Socket } from "node:net";
import postgres from "postgres";
import { arrayTypes } from "./arrays.ts";
import { CONNECT_MS, type Deadline, DEADLINES } from "./deadlines.ts";

/** Rows carry ids and counts as numbers, times as ISO 8601 in UTC. */
export type Parsed = { bigint: number; timestamp: string };
/** What sends statements: a pool, a transaction, or a connection that is held. */
export type ISql = postgres.ISql<Parsed>;
/** A part of a statement. */
export type Fragment = postgres.Fragment;
export type Ssl = "disable" | "prefer" | "require" | "verify-full";
export type Address = {
  host: string;
  port: number;
  user: string;
  password: string;
  database: string;
  ssl?: Ssl;
};

export type Query = Promise<unknown> & {
  handler: (query: Query) => unknown;
  canceller: ((query: Query) => unknown) | null;
  resolve: (result: unknown) => void;
  reject: (error: unknown) => void;
  state: { pid: number; secret: number } | null;
  string?: string;
  active: boolean;
  cancelled: unknown;
};

const types = {
  ...arrayTypes({ array: 1185, parse: isoTime }),
  bigint: { to: 20, from: [20], parse: Number, serialize: String },
  timestamp: {
    to: 1184,
    from: [1184],
    parse: isoTime,
    serialize: (value: string | Date) => new Date(value).toISOString(),
  },
};

/**
 * Uses no Date, which takes 20 times as long; keeps `infinity`, as an error would lose the
 * connection.
 */
function isoTime(text: string): string {
  if (text[4] !== "-" || !text.endsWith("+00")) {
    const time = new Date(text);
    return Number.isNaN(time.getTime()) ? text : time.toISOString();
  }
  const milliseconds = text.slice(20, -3).padEnd(3, "0").slice(0, 3);
  return `${text.slice(0, 10)}T${text.slice(11, 19)}.${milliseconds}Z`;
}

/** Builds queries and fragments; a client sends them. */
export const maker = postgres({ max: 1, types });

const SETTLE_MS = 100;

export type ClientOptions = {
  address: Address;
  parameters: Record<string, string | number>;
  onclose?: () => void;
  onnotify?: (channel: string, text: string) => void;
};

/** Never reconnects: the driver could then send a statement outside of its transaction. */
export class Client {
  closed = false;
  readonly #options: ClientOptions;
  readonly #send: (query: Query) => unknown;
  readonly #sql: postgres.Sql<Parsed>;
  readonly #gone = Promise.withResolvers<void>();
  readonly gone = this.#gone.promise;
  #why: Error | undefined;
  #statement: number;
  #socket: Socket | undefined;
  readonly #underWay = new Set<() => void>();

  constructor(options: ClientOptions, { statement }: Deadline) {
    this.#options = options;
    this.#statement = statement;
    const { user, password, database, host, port, ssl } = options.address;
    const settings = {
      ...{
        user,
        password,
        database,
        host,
        port,
        types,
        max: 1,
        fetch_types: false,
        connect_timeout: null,
      },
      ssl: sslOf(ssl),
      socket: () => this.#connect(),
      onclose: () => this.#close(),
      onnotify: options.onnotify,
      onnotice: () => {},
      connection: {
        application_name: "dashkeeper",
        TimeZone: "UTC",
        ...options.parameters,
        statement_timeout: statement,
      },
    };
    this.#sql = postgres(settings as unknown as postgres.Options<typeof types>) as never;
    this.#send = (this.#sql`` as unknown as Query).handler;
  }

  #connect(): Socket {
    const { host, port } = this.#options.address;
    if (this.#socket || this.closed) throw connectionError("CONNECTION_CLOSED");
    const socket = this.#socket = connectSocket({ host, port });
    socket.once("close", () => this.#close());
    return Object.assign(socket, { host, port });
  }

  #close() {
    if (this.closed) return;
    this.closed = true;
    for (const failSoon of this.#underWay) failSoon();
    this.#gone.resolve();
    this.#options.onclose?.();
  }

  async open(): Promise<void> {
    const timer = setTimeout(
      () => this.discard(connectionError("CONNECT_TIMEOUT")),
      CONNECT_MS,
    );
    try {
      await this.#sql`select 1`.simple();
    } catch (error) {
      this.discard();
      throw this.#why ?? error;
    } finally {
      clearTimeout(timer);
    }
  }

  send(query: Query): void {
    if (this.closed) return query.reject(this.#why ?? connectionError("CONNECTION_CLOSED"));
    query.canceller = () => this.#cancel(query);
    this.#send(query);
  }

  /** Calls `fail` when the connection breaks, as the driver may forget the statement. */
  whileOpen(fail: () => void): () => void {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const failSoon = () => timer = setTimeout(fail, SETTLE_MS);
    this.#underWay.add(failSoon);
    return () => {
      this.#underWay.delete(failSoon);
      clearTimeout(timer);
    };
  }

  limit({ statement }: Deadline): void {
    if (statement === this.#statement) return;
    this.#statement = statement;
    this.#sql.unsafe(`set statement_timeout = ${statement}`).catch(() => {});
  }

  get received(): number {
    return this.#socket?.bytesRead ?? 0;
  }

  discard(why?: Error): void {
    if (this.closed) return;
    this.#why = why;
    this.#socket?.destroy();
    this.#close();
    this.#sql.end({ timeout: 0 }).catch(() => {});
  }

  /** Ends the connection cleanly, within a second. */
  async end(): Promise<void> {
    const timer = setTimeout(() => this.discard(), 1000);
    if (!this.closed) this.#sql.end({ timeout: 1 }).catch(() => {});
    await this.gone;
    clearTimeout(timer);
  }

  /** Asks on another connection whether the server still works on this statement. */
  async isAtWork({ state }: Query): Promise<boolean> {
    if (!state || this.closed) return false;
    const { address, parameters } = this.#options;
    const other = new Client({ address, parameters }, DEADLINES.probe);
    try {
      await other.open();
      const rows = await other.#sql`
        select 1 from pg_catalog.pg_stat_activity where pid = ${state.pid} and state = 'active'
          and (wait_event_type is null or wait_event_type in ('IO', 'IPC', 'LWLock'))`;
      return rows.length > 0;
    } catch {
      return false;
    } finally {
      other.discard();
    }
  }

  #cancel({ state, active }: Query): void {
    if (!state || !active || this.closed) return;
    const { host, port } = this.#options.address;
    const message = new DataView(new ArrayBuffer(16));
    [16, 80_877_102, state.pid, state.secret].forEach((part, i) => message.setInt32(4 * i, part));
    const socket = connectSocket({ host, port });
    socket.setTimeout(CONNECT_MS, () => socket.destroy());
    socket.on("error", () => {});
    socket.end(new Uint8Array(message.buffer));
  }
}

function sslOf(ssl: Ssl | undefined) {
  if (!ssl || ssl === "disable") return false;
  return ssl === "require" ? { rejectUnauthorized: false } : ssl;
}

export function connectionError(code: string): Error {
  return Object.assign(new Error(`The connection to the database: ${code}`), { code });
}
