import { dirname, join, resolve } from "node:path";
import { ExternalError } from "../../errors.ts";
import {
  type Account,
  type Binaries,
  chooseAccount,
  findBinaries,
  lastLine,
  run,
  SHARED_FOLDER,
  within,
} from "./binaries.ts";
import type { Log } from "../log/log.ts";

export type ServerAddress = { host: string; port: number; user: string; password: string };
export type ClusterOptions = {
  log: Log;
  fsync?: boolean;
  signal?: AbortSignal;
  forbidNamespaces?: boolean;
};
export type Cluster = {
  binaries: Binaries;
  account: Account;
  folder: string;
  logFile: string;
  address: ServerAddress;
};

export const HOST = "127.0.0.1";
export const USER = "dashkeeper";
/** initdb takes 1 s; on a slow disk that syncs 40 MB in small files, most of a minute. */
const INITDB_SECONDS = 60;

/** Finds or creates the cluster of the data folder. It runs as the owner of its files. */
export async function prepare(dataDir: string, options: ClusterOptions): Promise<Cluster> {
  if (/["$`\\\n]/.test(dataDir)) {
    // pg_ctl hands the path to a shell between double quotes.
    throw fault(`The data folder's name may not have any of " $ \` \\ in it: ${dataDir}`);
  }
  const link = join(dataDir, "postgres");
  const found = await statIfThere(link);
  if (!found) {
    const target = resolve(dataDir, await Deno.readLink(link).catch(() => link));
    if (await statIfThere(dirname(target))) return await create(dataDir, options);
    throw fault(
      `${link} points to ${target}, which is gone: bring it back, or remove the link to begin anew.`,
    );
  }
  const folder = await Deno.realPath(link);
  const account = await chooseAccount(found, options.forbidNamespaces);
  const major = await run(account, ["cat", join(folder, "PG_VERSION")]);
  if (!major.ok) {
    throw fault(`${folder} is not a database folder that can be read: move it away, or repair it.`);
  }
  const binaries = await findBinaries(options.log, major.out);
  return {
    binaries: await within(binaries, account, options.log),
    account,
    folder,
    logFile: join(dirname(folder), "postgres.log"),
    address: await readAddress(dataDir),
  };
}

async function create(dataDir: string, { log, signal, fsync, forbidNamespaces }: ClusterOptions) {
  const account = await chooseAccount(undefined, forbidNamespaces);
  const binaries = await within(await findBinaries(log), account, log);
  const home = await homeFor(dataDir, account, log);
  const folder = join(home, "postgres");
  const half = `${folder}.new`;
  const passwordFile = join(home, "postgres.password");
  const address = { host: HOST, port: freePort(), user: USER, password: newPassword() };
  await Deno.remove(half, { recursive: true }).catch(ignoreMissing);
  try {
    await Deno.writeTextFile(passwordFile, address.password, { mode: 0o600 });
    if (account.uid !== undefined) await Deno.chown(passwordFile, account.uid, account.gid ?? null);
    const base = [
      ...[join(binaries.bin, "initdb"), "-D", half, "-U", USER, "-E", "UTF8"],
      ...["-A", "scram-sha-256", `--pwfile=${passwordFile}`, "--no-instructions"],
      ...(fsync === false ? ["--no-sync"] : []),
    ];
    let made = { ok: false, err: "" };
    for (const locale of localesOf(binaries)) {
      made = await run(account, [...base, ...locale], { seconds: INITDB_SECONDS, signal });
      signal?.throwIfAborted();
      if (made.ok) break;
    }
    if (!made.ok) throw refusal(made.err, `No database could be made in ${home}`, home);
  } finally {
    await Deno.remove(passwordFile).catch(ignoreMissing);
  }
  await writeAddress(dataDir, address);
  await Deno.rename(half, folder);
  log.info(`A new PostgreSQL ${binaries.major} database lies in ${folder}.`);
  return { binaries, account, folder, logFile: join(home, "postgres.log"), address };
}

/** PostgreSQL has its own C.UTF-8 since 17; before, not every machine has one. */
function localesOf({ major }: Binaries): string[][] {
  return Number(major) >= 17
    ? [["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]]
    : [["--locale=C.UTF-8"], ["--locale=C"]];
}

/** The data folder or, where the account cannot write there, a folder linked from it. */
async function homeFor(dataDir: string, account: Account, log: Log) {
  if ((await run(account, ["test", "-w", dataDir])).ok) return dataDir;
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(dataDir));
  const home = join(SHARED_FOLDER, new Uint8Array(digest).toHex().slice(0, 12));
  await Deno.mkdir(SHARED_FOLDER, { recursive: true, mode: 0o755 });
  await Deno.mkdir(home, { recursive: true, mode: 0o700 });
  await Deno.chown(home, account.uid ?? null, account.gid ?? null);
  for (const name of ["postgres", "postgres.log"]) {
    await Deno.remove(join(dataDir, name)).catch(ignoreMissing);
    await Deno.symlink(join(home, name), join(dataDir, name));
  }
  const who = account.uid === undefined ? "root without its privileges" : `user ${account.uid}`;
  log.info(`PostgreSQL runs as ${who}, who cannot enter ${dataDir}: its files lie in ${home}.`);
  return home;
}

/** Linux gives ports from 32768 on to outgoing connections. */
function freePort(): number {
  for (let tries = 0; tries < 100; tries++) {
    const port = 20_000 + crypto.getRandomValues(new Uint16Array(1))[0]! % 12_000;
    try {
      Deno.listen({ hostname: HOST, port }).close();
      return port;
    } catch (error) {
      if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    }
  }
  throw fault(`No port between 20000 and 31999 is free on ${HOST}.`);
}

/** 192 random bits, in letters that need no escape in a URL. */
const newPassword = () =>
  crypto.getRandomValues(new Uint8Array(24)).toBase64({ alphabet: "base64url" });

async function writeAddress(dataDir: string, { port, password }: ServerAddress) {
  const path = join(dataDir, "postgres.json");
  await Deno.remove(`${path}.new`).catch(ignoreMissing);
  await Deno.writeTextFile(`${path}.new`, JSON.stringify({ port, password }), { mode: 0o600 });
  await Deno.rename(`${path}.new`, path);
}

export async function readAddress(dataDir: string): Promise<ServerAddress> {
  const path = join(dataDir, "postgres.json");
  try {
    const { port, password } = JSON.parse(await Deno.readTextFile(path));
    if (Number.isInteger(port) && typeof password === "string") {
      return { host: HOST, port, user: USER, password };
    }
  } catch (error) {
    if (error instanceof Deno.errors.PermissionDenied) throw error;
  }
  throw fault(
    `${path}, which holds port and password of the database beside it, is missing or damaged: restore it from a backup.`,
  );
}

export async function statIfThere(path: string): Promise<Deno.FileInfo | undefined> {
  return await Deno.stat(path).catch(ignoreMissing);
}

function ignoreMissing(error: unknown): undefined {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
}

export function fault(message: string): ExternalError {
  return new ExternalError("PostgreSQL", message, true);
}

/** The output of initdb, pg_ctl or the server's log as one sentence; it holds no secret. */
export function refusal(
  said: string,
  what: string,
  folder: string,
  logFile?: string,
): ExternalError {
  if (/No space left on device|free disk space/.test(said)) {
    return fault(`The disk that holds ${folder} is full: make room and start again.`);
  }
  if (/Permission denied|Read-only file system/.test(said)) {
    return fault(`${what}: its files in ${folder} cannot be written by the user that it runs as.`);
  }
  const lines = said.split("\n").filter((line) => /FATAL|PANIC|error:/.test(line));
  return fault(`${what}: ${lastLine(lines.join("\n") || said)}${logFile ? ` (${logFile})` : ""}`);
}

export function inOurWords(error: unknown, dataDir: string): unknown {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (code === "ENOSPC" || code === "EDQUOT") {
    return fault(`The disk that holds ${dataDir} is full: make room and start again.`);
  }
  if (["EACCES", "EPERM", "EROFS", "ENOTDIR", "EEXIST"].includes(code)) {
    return fault(
      `The data folder ${dataDir} cannot be written (${code}): give it to the user that runs Dashkeeper, or set DATA_DIR to another folder.`,
    );
  }
  return error;
}
