import { dirname, join } from "node:path";
import { connect, type Sql } from "../../../src/external/postgres/postgres.ts";
import { run } from "../../../src/external/postgres/binaries.ts";
import { prepare } from "../../../src/external/postgres/cluster.ts";
import { withDeadline } from "../../../src/external/postgres/deadlines.ts";
import { SILENT } from "../../../src/external/log/log.ts";

export type FaultyServer = Awaited<ReturnType<typeof startFaultyServer>>;

/**
 * A PostgreSQL of one's own for planting faults. `tmpfsMb`: its tables lie on a file system of that size,
 * its log of changes does not (without room for that PostgreSQL ends by itself).
 */
export async function startFaultyServer({ tmpfsMb = 0, settings = {} }: {
  tmpfsMb?: number;
  settings?: Record<string, string | number>;
} = {}) {
  const parent = await Deno.makeTempDir({ prefix: "dashkeeper-faulty-" });
  const mounted = tmpfsMb > 0 ? `${parent}/data` : undefined;
  await Deno.mkdir(`${parent}/data`);
  if (mounted) await mount(mounted, tmpfsMb);
  const dataDir = `${parent}/data`;
  const { account, binaries, folder, logFile, address } = await prepare(dataDir, {
    log: SILENT,
    fsync: false,
  });
  if (mounted) await moveLogOfChanges(folder, parent, account.uid);
  const defaults = { port: address.port, listen_addresses: address.host, fsync: "off" };
  const program = (...args: string[]) =>
    run(account, [join(binaries.bin, "pg_ctl"), ...args, "-D", folder, "-s", "-w"], {
      seconds: 60,
    });

  async function start(more: Record<string, string | number> = {}) {
    const all = { ...defaults, unix_socket_directories: "", ...settings, ...more };
    const options = Object.entries(all).map(([name, value]) => `-c ${name}=${value}`).join(" ");
    for (let tries = 0;; tries++) {
      const { ok, err } = await program("start", "-l", logFile, "-o", options);
      if (ok) return;
      // The children of a killed server let go of its memory a moment later.
      if (tries === 50) throw new Error(err);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
  const stop = async (how: "fast" | "immediate") => void await program("stop", "-m", how);
  const postmaster = async () =>
    Number((await Deno.readTextFile(join(folder, "postmaster.pid"))).split("\n")[0]);
  const signalAll = async (signal: Deno.Signal) => {
    const pid = await postmaster();
    Deno.kill(pid, signal); // first: from now on it makes no other
    for (const one of await childrenOf(pid)) Deno.kill(one, signal);
  };
  const open = (database = "postgres"): Sql => connect({ ...address, database }, 2);
  const ballast = `${dataDir}/ballast`;
  await start();

  return {
    address,
    open,
    start,
    stop,
    async restart(how: "fast" | "immediate" = "fast", more = {}) {
      await stop(how);
      await start(more);
    },
    /** SIGKILL to the server's first process: the others end when they notice. */
    async kill() {
      const pid = await postmaster();
      const others = await childrenOf(pid);
      Deno.kill(pid, "SIGKILL");
      // One that is busy answers on until it notices.
      const isThere = (one: number) => Deno.stat(`/proc/${one}`).then(() => true, () => false);
      for (let tries = 0; tries < 100; tries++) {
        if (!(await Promise.all(others.map(isThere))).includes(true)) return;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    },
    /** It goes on accepting connections, and answers nobody. */
    freeze: () => signalAll("SIGSTOP"),
    thaw: () => signalAll("SIGCONT"),
    /** Ends every connection but one's own. */
    async endConnections() {
      await using(open(), (db) =>
        db`select pg_terminate_backend(pid) from pg_stat_activity
        where pid <> pg_backend_pid() and backend_type = 'client backend'`);
    },
    /** No byte is left where the tables are. */
    async fill() {
      await using(open(), (db) => db`checkpoint`);
      const { ok } = await run({ wrap: [] }, ["dd", "if=/dev/zero", `of=${ballast}`, "bs=64k"]);
      if (ok) throw new Error("The file system is larger than it should be.");
      await run({ wrap: [] }, ["dd", "if=/dev/zero", `of=${ballast}.rest`, "bs=1k"]);
    },
    async makeRoom() {
      await Deno.remove(ballast);
      await Deno.remove(`${ballast}.rest`);
    },
    async readOnly(on: boolean) {
      await using(open(), async (db) => {
        await db.unsafe(`alter system set default_transaction_read_only = ${on ? "on" : "off"}`);
        await db`select pg_reload_conf()`;
      });
    },
    async [Symbol.asyncDispose]() {
      await signalAll("SIGCONT").catch(() => {});
      await stop("immediate");
      if (mounted) await run({ wrap: [] }, ["umount", "-l", mounted]);
      if (!folder.startsWith(await Deno.realPath(parent))) {
        await Deno.remove(dirname(folder), { recursive: true });
      }
      await Deno.remove(parent, { recursive: true });
    },
  };
}

async function using(db: Sql, work: (db: Sql) => PromiseLike<unknown>) {
  try {
    await withDeadline({ statement: 0, whole: 60_000 }, () => work(db));
  } finally {
    await db.end({ timeout: 1 });
  }
}

async function mount(folder: string, megabytes: number) {
  const size = `size=${megabytes}m,mode=0700`;
  const { ok, err } = await run({ wrap: [] }, [
    "mount",
    "-t",
    "tmpfs",
    "-o",
    size,
    "tmpfs",
    folder,
  ]);
  if (!ok) throw new Error(`A tmpfs of its own takes root: ${err}`);
}

async function moveLogOfChanges(folder: string, parent: string, uid: number | undefined) {
  const target = `${parent}/pg_wal`;
  await run({ wrap: [] }, ["mv", `${folder}/pg_wal`, target]);
  await Deno.symlink(target, `${folder}/pg_wal`);
  if (uid !== undefined) await run({ wrap: [] }, ["chown", "-R", `${uid}`, target, parent]);
}

async function childrenOf(parent: number): Promise<number[]> {
  const children: number[] = [];
  for await (const { name } of Deno.readDir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const stat = await Deno.readTextFile(`/proc/${name}/stat`).catch(() => "");
    if (Number(stat.split(") ")[1]?.split(" ")[1]) === parent) children.push(Number(name));
  }
  return children;
}

/**
 * A way to the server that loses the connection on which a client sends `text`: `after` the server has
 * had time to do it, its answer on the way back.
 */
export function losingAnswers(to: { host: string; port: number }, text: string) {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const open = new Set<Deno.Conn>();
  let armed = false;
  const pump = async (from: Deno.Conn, into: Deno.Conn, see: (bytes: Uint8Array) => boolean) => {
    const buffer = new Uint8Array(65_536);
    try {
      for (let n = await from.read(buffer); n !== null; n = await from.read(buffer)) {
        const bytes = buffer.slice(0, n);
        if (!see(bytes)) continue;
        for (let at = 0; at < n;) at += await into.write(bytes.subarray(at));
      }
    } catch { /* the other end is gone */ }
    for (const one of [from, into]) {
      if (open.delete(one)) one.close();
    }
  };
  const serving = (async () => {
    for await (const client of listener) {
      const server = await Deno.connect({ hostname: to.host, port: to.port });
      open.add(client).add(server);
      let lost = false;
      pump(client, server, (bytes) => {
        if (armed && new TextDecoder().decode(bytes).includes(text)) {
          lost = true;
          armed = false;
          setTimeout(() => open.delete(client) && client.close(), 300);
        }
        return true;
      });
      pump(server, client, () => !lost);
    }
  })();
  return {
    port: listener.addr.port,
    /** The next such statement loses its answer. */
    arm() {
      armed = true;
    },
    async [Symbol.asyncDispose]() {
      listener.close();
      for (const one of open) if (open.delete(one)) one.close();
      await serving;
    },
  };
}
