import { join } from "node:path";
import { ExternalError } from "../../errors.ts";
import { pause } from "../abort.ts";
import { connect, sqlState } from "./postgres.ts";
import { run } from "./binaries.ts";
import {
  type Cluster,
  fault,
  HOST,
  inOurWords,
  prepare,
  refusal,
  type ServerAddress,
  statIfThere,
  USER,
} from "./cluster.ts";
import type { Log } from "../log/log.ts";
import { withProgress } from "../log/progress.ts";

export type { ServerAddress };
export type EmbeddedServer = ServerAddress & { stop(): Promise<void> };
export type EmbeddedOptions = {
  dataDir: string;
  log: Log;
  listen?: string;
  /** False: faster, not crash-safe. For tests. */
  fsync?: boolean;
  signal?: AbortSignal;
  keepUp?: boolean;
  /** Acts as on a machine without user namespaces. For tests. */
  forbidNamespaces?: boolean;
};

/** Recovery after a crash replays up to max_wal_size (1 GB), which takes a slow disk most of a minute. */
const START_SECONDS = 60;
/** A service gets 10 s to stop. */
const STOP_SECONDS = 8;
const MOST_LOG_BYTES = 5_000_000;

/**
 * Starts or joins the PostgreSQL of `dataDir`; the last `stop()` stops it. Throws ExternalError.
 */
export async function startEmbedded(options: EmbeddedOptions): Promise<EmbeddedServer> {
  const { log, signal } = options;
  const started = performance.now();
  let use: Deno.FsFile | undefined;
  let cluster: Cluster | undefined;
  try {
    await Deno.mkdir(options.dataDir, { recursive: true, mode: 0o700 });
    const dataDir = await Deno.realPath(options.dataDir);
    using _turn = await lock(startLock(dataDir), true, START_SECONDS, signal);
    use = await lock(join(dataDir, "postgres.use.lock"), false, 1, signal);
    cluster = await prepare(dataDir, options);
    try {
      await trimLog(cluster.logFile);
      const found = cluster;
      const how = await withProgress(
        log,
        "PostgreSQL is being started.",
        () => bringUp(found, options),
      );
      const seconds = ((performance.now() - started) / 1000).toFixed(2);
      log.info(
        `PostgreSQL ${cluster.binaries.version} ${how} on port ${cluster.address.port} in ${seconds} s.`,
      );
    } catch (error) {
      const useless = error instanceof ExternalError && error.permanent;
      // A killed pg_ctl may have started a server whose pid is not written yet.
      for (let i = 0; signal?.aborted && i < 20 && !await isRunning(cluster); i++) await pause(100);
      if (signal?.aborted || useless) await stopUnused(cluster, use);
      throw error;
    }
    return { ...cluster.address, stop: stopper(dataDir, cluster, use, options) };
  } catch (error) {
    use?.close();
    throw signal?.aborted ? signal.reason : inOurWords(error, options.dataDir);
  }
}

const startLock = (dataDir: string) => join(dataDir, "postgres.start.lock");

function stopper(
  dataDir: string,
  cluster: Cluster,
  use: Deno.FsFile,
  options: EmbeddedOptions,
): () => Promise<void> {
  const watched = options.keepUp ? keepUp(dataDir, cluster, options) : undefined;
  // The server appends, so its log can be cut while it runs.
  const trimming = setInterval(() => trimLog(cluster.logFile).catch(() => {}), 3_600_000);
  Deno.unrefTimer(trimming);
  const stop = async () => {
    clearInterval(trimming);
    await watched?.end();
    try {
      // A longer holder is starting, and will stop the server itself.
      using turn = await lock(startLock(dataDir), true, 2).catch(() => null);
      if (turn) await stopUnused(cluster, use);
    } finally {
      use.close();
    }
  };
  let stopping: Promise<void> | undefined;
  return () => stopping ??= stop();
}

const WATCH_MS = 1000;
const AGAIN_MS = 3000;

function keepUp(dataDir: string, cluster: Cluster, options: EmbeddedOptions) {
  const ending = new AbortController();
  const { signal } = ending;
  const startAgain = async () => {
    using _turn = await lock(startLock(dataDir), true, START_SECONDS, signal);
    if (await isRunning(cluster)) return;
    options.log.warn("PostgreSQL has ended: starting it again.");
    await bringUp(cluster, { ...options, signal });
    options.log.info("PostgreSQL runs again.");
  };
  const watching = (async () => {
    while (!signal.aborted) {
      await pause(WATCH_MS, signal);
      if (signal.aborted || await isRunning(cluster)) continue;
      await startAgain().catch(async (error) => {
        if (signal.aborted) return;
        const why = error instanceof ExternalError ? error.message : "Its files cannot be read.";
        options.log.error(`PostgreSQL was not started again: ${why}`);
        await pause(AGAIN_MS, signal);
      });
    }
  })();
  return {
    async end() {
      ending.abort();
      await watching;
    },
  };
}

/** A kernel lock: free when its holder ends, and not inherited by the server. */
async function lock(path: string, exclusive: boolean, seconds: number, signal?: AbortSignal) {
  const file = await Deno.open(path, { read: true, write: true, create: true, mode: 0o600 });
  const end = performance.now() + seconds * 1000;
  while (!await file.tryLock(exclusive)) {
    if (signal?.aborted || performance.now() > end) {
      file.close();
      signal?.throwIfAborted();
      throw new ExternalError(
        "PostgreSQL",
        `Another Dashkeeper holds ${path} for ${seconds} s: see whether it hangs while starting.`,
        false,
      );
    }
    await pause(50);
  }
  return file;
}

async function bringUp(cluster: Cluster, { fsync, listen, signal }: EmbeddedOptions) {
  await admit(cluster, listen);
  const end = performance.now() + START_SECONDS * 1000;
  for (let how = "was running"; performance.now() < end; await pause(100)) {
    signal?.throwIfAborted();
    if (!await isRunning(cluster) && await start(cluster, listen, fsync, signal)) {
      how = "started";
    }
    signal?.throwIfAborted();
    if (await isOurs(cluster)) return how;
  }
  throw new ExternalError(
    "PostgreSQL",
    `PostgreSQL is not ready after ${START_SECONDS} s; it may still be recovering, so start again later. Its log: ${cluster.logFile}`,
    false,
  );
}

/** Removes a stale postmaster.pid, with which PostgreSQL would never start. */
async function isRunning({ account, binaries, folder }: Cluster): Promise<boolean> {
  const file = join(folder, "postmaster.pid");
  const pid = Number((await Deno.readTextFile(file).catch(() => "")).split("\n")[0]);
  if (!pid) return false;
  if (Deno.build.os !== "linux") {
    return (await run(account, [join(binaries.bin, "pg_ctl"), "status", "-D", folder])).ok;
  }
  const link = `/proc/${pid}/cwd`;
  // Root in a container without SYS_PTRACE cannot read this; the server's own user can.
  const where = await Deno.readLink(link).catch(async () =>
    (await run(account, ["readlink", link])).out
  );
  if (where && where !== folder) await Deno.remove(file);
  return where === folder;
}

const ADMITTED = "# Dashkeeper: other machines, by password\nhost all all all scram-sha-256\n";

/** pg_hba.conf admits other machines only when the server listens for them. */
async function admit({ folder }: Cluster, listen = HOST): Promise<void> {
  const file = join(folder, "pg_hba.conf");
  const text = await Deno.readTextFile(file);
  const wanted = text.replace(ADMITTED, "") + (listen === HOST ? "" : ADMITTED);
  if (wanted !== text) await Deno.writeTextFile(file, wanted);
}

function settings(port: number, listen: string, fsync: boolean): string {
  const values = {
    port,
    // Every address includes loopback, which cannot be bound twice.
    listen_addresses: ["0.0.0.0", "*"].includes(listen)
      ? listen
      : [...new Set([HOST, listen])].join(),
    unix_socket_directories: "",
    max_connections: 200,
    timezone: "UTC",
    log_timezone: "UTC",
    // Only the server's own events: statements, and errors of the designers' flows, can hold secrets
    // and have no end.
    log_min_messages: "log",
    log_min_error_statement: "panic",
    log_error_verbosity: "terse",
    log_checkpoints: "off",
    // Crash recovery syncs the file system once: one sync a file took 20 s with 21 databases.
    ...(Deno.build.os === "linux" ? { recovery_init_sync_method: "syncfs" } : {}),
    ...(fsync ? {} : { fsync: "off", full_page_writes: "off" }),
  };
  return Object.entries(values).map(([name, value]) => `-c ${name}=${value}`).join(" ");
}

async function start(
  cluster: Cluster,
  listen = HOST,
  fsync = true,
  signal?: AbortSignal,
): Promise<boolean> {
  const { binaries, account, folder, logFile, address } = cluster;
  const options = settings(address.port, listen, fsync);
  const before = (await statIfThere(logFile))?.size ?? 0;
  const { ok, err } = await run(
    account,
    [
      ...[join(binaries.bin, "pg_ctl"), "start", "-D", folder, "-l", logFile, "-o", options],
      ...["-s", "-w", "-t", String(START_SECONDS)],
    ],
    { seconds: START_SECONDS + 5, signal },
  );
  if (ok || signal?.aborted) return ok;
  const said = `${err}\n${await Deno.readTextFile(logFile).then(
    (all) => all.slice(before),
    () => "",
  )}`;
  // A killed server's children need up to 2 s to end; the second is a server that is starting.
  if (/shared memory block.*still in use|"postmaster.pid" already exists/.test(said)) return false;
  if (/could not bind .*in use/.test(said)) throw portTaken(address.port);
  if (/did not start in time/.test(said)) return false;
  throw refusal(said, "PostgreSQL does not start", folder, logFile);
}

async function isOurs({ address, folder }: Cluster): Promise<boolean> {
  const db = connect({ ...address, database: "postgres" }, 1);
  try {
    const [row] = await db<{ data_directory: string }[]>`show data_directory`;
    if (row?.data_directory === folder) return true;
    throw portTaken(address.port);
  } catch (error) {
    if (error instanceof ExternalError) throw error;
    const state = sqlState(error);
    if (state === "28P01" || state === "28000") {
      throw fault(
        `The server on port ${address.port} refuses the password in postgres.json: either it is not Dashkeeper's (stop it), or that file or the password of the role ${USER} was changed.`,
      );
    }
    return false;
  } finally {
    await db.end({ timeout: 1 });
  }
}

async function stopUnused(cluster: Cluster, use: Deno.FsFile) {
  if (!await use.tryLock(true) || !await isRunning(cluster)) return;
  const { account, binaries, folder } = cluster;
  const stop = [join(binaries.bin, "pg_ctl"), "stop", "-D", folder, "-s", "-w", "-m"];
  const fast = [...stop, "fast", "-t", String(STOP_SECONDS)];
  if ((await run(account, fast, { seconds: STOP_SECONDS + 1 })).ok) return;
  await run(account, [...stop, "immediate", "-t", "2"], { seconds: 3 });
}

async function trimLog(path: string) {
  if (((await statIfThere(path))?.size ?? 0) < MOST_LOG_BYTES) return;
  await Deno.copyFile(path, `${path}.old`);
  await Deno.truncate(path);
}

function portTaken(port: number): ExternalError {
  return fault(
    `Port ${port} on ${HOST}, which the stored database URLs name, is taken by another program: find it with "ss -ltnp sport = :${port}", stop it, and start again.`,
  );
}
