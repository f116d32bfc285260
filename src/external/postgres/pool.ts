import { beginWait, type Deadline, deadlineHere } from "./deadlines.ts";
import { type Address, Client, type ClientOptions, connectionError } from "./client.ts";

export type PoolOptions = {
  address: Address;
  most: number;
  parameters: ClientOptions["parameters"];
  statement?: number;
};
export type PoolState = Record<"idle" | "connecting" | "busy" | "waiting", number>;
type Waiter = {
  deadline: Deadline;
  take: (client: Client) => void;
  fail: (error: unknown) => void;
};

const IDLE_MS = 30_000;
/** The wait after a server has refused another connection. */
const FULL_MS = 1000;
const TOO_MANY_CONNECTIONS = "53300";

/** At most `most` connections, each lent to one user at a time and never reused after a fault. */
export class Pool {
  readonly address: Address;
  readonly #options: PoolOptions;
  readonly #clients = new Set<Client>();
  readonly #idle: { client: Client; timer: ReturnType<typeof setTimeout> }[] = [];
  #waiting: Waiter[] = [];
  #connecting = 0;
  #ended = false;
  #fullUntil = 0;
  #again: ReturnType<typeof setTimeout> | undefined;
  /** The server accepts connections and is silent: one attempt at a time is enough. */
  #silent = false;

  constructor(options: PoolOptions) {
    this.#options = options;
    this.address = options.address;
  }

  /** The connections by state, and the statements that wait for one. */
  state(): PoolState {
    const [idle, connecting] = [this.#idle.length, this.#connecting];
    const busy = Math.max(0, this.#clients.size - idle - connecting);
    return { idle, connecting, busy, waiting: this.#waiting.length };
  }

  /** Lends a connection. Throws when none is free within the deadline. */
  take(): Promise<Client> {
    const deadline = this.#limited(deadlineHere());
    const { promise, resolve, reject } = Promise.withResolvers<Client>();
    if (this.#ended) return Promise.reject(connectionError("CONNECTION_ENDED"));
    const wait = beginWait();
    const done = () => {
      clearTimeout(timer);
      wait.end();
      this.#waiting = this.#waiting.filter((one) => one !== waiter);
    };
    const waiter: Waiter = {
      deadline,
      take: (client) => (done(), resolve(client)),
      fail: (error) => (done(), reject(error)),
    };
    const timer = Number.isFinite(wait.ms)
      ? setTimeout(() => waiter.fail(connectionError("DEADLINE")), wait.ms)
      : undefined;
    this.#waiting.push(waiter);
    this.#serve();
    return promise;
  }

  giveBack(client: Client): void {
    if (client.closed) return this.#serve();
    this.#silent = false;
    if (this.#ended) return void client.end();
    const timer = setTimeout(() => {
      this.#idle.splice(this.#idle.findIndex((one) => one.client === client), 1);
      client.end();
    }, IDLE_MS);
    Deno.unrefTimer(timer);
    this.#idle.push({ client, timer });
    this.#serve();
  }

  discard(client: Client): void {
    this.#silent = true;
    client.discard(connectionError("DEADLINE"));
  }

  async end({ timeout = 5 }: { timeout?: number } = {}): Promise<void> {
    this.#ended = true;
    clearTimeout(this.#again);
    for (const { fail } of this.#waiting) fail(connectionError("CONNECTION_ENDED"));
    const idle = this.#idle.splice(0);
    for (const { timer } of idle) clearTimeout(timer);
    const late = setTimeout(() => {
      for (const client of this.#clients) client.discard(connectionError("CONNECTION_ENDED"));
    }, timeout * 1000);
    for (const { client } of idle) client.end();
    await Promise.all([...this.#clients].map((client) => client.gone));
    clearTimeout(late);
  }

  #limited({ statement, ...deadline }: Deadline): Deadline {
    const most = this.#options.statement ?? 0;
    const limits = [statement, most].filter((ms) => ms > 0);
    return { ...deadline, statement: limits.length > 0 ? Math.min(...limits) : 0 };
  }

  #serve(): void {
    for (const waiter of [...this.#waiting]) {
      const free = this.#idle.pop();
      if (!free) break;
      clearTimeout(free.timer);
      free.client.limit(waiter.deadline);
      waiter.take(free.client);
    }
    while (this.#connecting < this.#waiting.length && this.#mayConnect()) this.#connect();
  }

  #mayConnect(): boolean {
    if (this.#ended || this.#clients.size >= this.#options.most) return false;
    if (this.#clients.size > 0 && performance.now() < this.#fullUntil) return false;
    return !this.#silent || this.#connecting === 0;
  }

  async #connect(): Promise<void> {
    const { address, parameters } = this.#options;
    const onclose = () => this.#forget(client);
    const client: Client = new Client(
      { address, parameters, onclose },
      this.#waiting[this.#connecting]!.deadline,
    );
    this.#clients.add(client);
    this.#connecting++;
    try {
      await client.open();
      this.#connecting--;
      this.giveBack(client);
    } catch (error) {
      this.#connecting--;
      this.#refused(error);
    }
  }

  /** Fails the oldest waiter when no connection is left to serve it. */
  #refused(error: unknown): void {
    const code = (error as { code?: string }).code;
    this.#silent = code === "CONNECT_TIMEOUT";
    if (code === TOO_MANY_CONNECTIONS && this.#clients.size > 0) {
      this.#fullUntil = performance.now() + FULL_MS;
      clearTimeout(this.#again);
      this.#again = setTimeout(() => this.#serve(), FULL_MS);
      return;
    }
    this.#waiting[0]?.fail(error);
    this.#serve();
  }

  #forget(client: Client): void {
    this.#clients.delete(client);
    const at = this.#idle.findIndex((one) => one.client === client);
    if (at >= 0) clearTimeout(this.#idle.splice(at, 1)[0]!.timer);
    this.#serve();
  }
}
