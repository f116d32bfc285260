/** Imports report files on the machine of the service: `deno task import FILE… --user ada [--design gcd …]`. */
import { parseArgs } from "node:util";
import { ConfigError, importsOf, logOf, readConfig, serverOf } from "../src/config.ts";
import { loadSealKeys } from "../src/credentials/seal.ts";
import { AppError, ExternalError } from "../src/errors.ts";
import { SILENT } from "../src/external/log/log.ts";
import { taskLog } from "../src/external/log/open.ts";
import { connectMaster } from "../src/external/postgres/master.ts";
import { asExternal } from "../src/external/postgres/postgres.ts";
import { openServer } from "../src/external/server.ts";
import { openSpoolFolder } from "../src/external/spool_folder.ts";
import { ImportFields } from "../src/imports/fields.ts";
import { importFiles } from "../src/imports/import.ts";
import { queueImports } from "../src/imports/queue.ts";
import type { ImportResult } from "../src/imports/result.ts";
import { findUserByName } from "../src/users/store.ts";
import { openServers } from "../src/workspaces/servers.ts";
import { multipart } from "./import/multipart.ts";

type Call = { username: string; paths: string[]; fields: Record<string, string> };

const NAMES = Object.keys(ImportFields.shape);
const FLAGS = ["append", "more", "dry_run"];

/** Undefined where the command line is not one. */
function callOf(args: string[]): Call | undefined {
  const option = (name: string) => ({ type: FLAGS.includes(name) ? "boolean" : "string" } as const);
  const options = Object.fromEntries([...NAMES, "user"].map((name) => [name, option(name)]));
  try {
    const { values, positionals } = parseArgs({ args, options, allowPositionals: true });
    const { user, ...fields } = values;
    if (typeof user !== "string" || positionals.length === 0) return undefined;
    const texts = Object.entries(fields).map(([name, value]) => [name, String(value)]);
    return { username: user, paths: positionals, fields: Object.fromEntries(texts) };
  } catch {
    return undefined;
  }
}

async function run(
  { username, paths, fields }: Call,
  signal: AbortSignal,
): Promise<ImportResult> {
  const config = readConfig();
  const { level, secrets } = logOf(config);
  await using cleanup = new AsyncDisposableStack();
  const server = await openServer(serverOf(config), SILENT);
  cleanup.defer(server.close);
  const db = await connectMaster({ ...server.address, database: config.MASTER_DB_NAME });
  cleanup.defer(() => db.end({ timeout: 1 }));
  const user = await findUserByName(db, username);
  if (!user) throw new AppError("user_unknown", 404, `There is no user ${username}.`);
  const { host, port, ssl } = server.address;
  const own = { host, port, ...(ssl ? { ssl } : {}) };
  const shown = { host: config.WORKSPACE_PUBLIC_HOST, port: config.WORKSPACE_PUBLIC_PORT };
  const servers = await openServers(db, own, shown, config.WORKSPACE_SERVERS);
  cleanup.defer(() => servers.close());
  const { folder, most_bytes } = importsOf(config);
  const spool = await openSpoolFolder(folder);
  cleanup.defer(() => spool.close());
  const imports = { spool, most_bytes, queue: queueImports(1, 0) };
  const sealKeys = await loadSealKeys(server.readSealKeys);
  const deps = { db, sealKeys, servers, imports, stopped: signal, log: taskLog(level, secrets) };
  const who = { user_id: user.id, username, role: user.role, from: "deno task import" };
  return await importFiles(deps, who, user.id, {
    ...{ query: fields, is_gzip: false, signal },
    ...await multipart(paths),
  });
}

function print({ run_id, imports }: ImportResult, username: string) {
  console.log(`Run ${run_id}`);
  for (const { file, format, tables, warnings } of imports) {
    for (const { kind, table_name, rows } of tables) {
      const count = `${rows} ${rows === 1 ? "row" : "rows"}`;
      console.log(`${username}_${kind}.${table_name}: ${count} of ${file} (${format})`);
    }
    for (const { line, message } of warnings) {
      console.error(`${file}${line === null ? "" : `, line ${line}`}: ${message}`);
    }
  }
}

const call = callOf(Deno.args);
if (!call) {
  console.error(
    `Say what to import, and for whom: deno task import FILE… --user <username>\n` +
      `Options: ${NAMES.map((name) => `--${name}`).join(" ")}`,
  );
  Deno.exit(2);
}
const stopping = new AbortController();
for (const name of ["SIGINT", "SIGTERM"] as const) {
  Deno.addSignalListener(name, () => stopping.abort());
}
try {
  print(await run(call, stopping.signal), call.username);
  Deno.exit(0); // signals are still listened to
} catch (error) {
  const found = asExternal(error);
  const known = found instanceof AppError || found instanceof ExternalError ||
    found instanceof ConfigError || found instanceof Deno.errors.NotFound ||
    found instanceof Deno.errors.IsADirectory || found instanceof Deno.errors.PermissionDenied;
  console.error(known ? found.message : found);
  for (const { path, message } of found instanceof AppError ? found.more.issues ?? [] : []) {
    console.error(`  ${path}: ${message}`);
  }
  Deno.exit(1);
}
