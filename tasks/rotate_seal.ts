/** Reseals all values with the current key: `deno task rotate-seal [--new]`. Exit code 1: incomplete; 2: usage. */
import { ConfigError, logOf, readConfig, serverOf } from "../src/config.ts";
import { loadSealKeys } from "../src/credentials/seal.ts";
import { AppError, ExternalError } from "../src/errors.ts";
import { connectMaster } from "../src/external/postgres/master.ts";
import { migrate } from "../src/external/postgres/migrate.ts";
import { openServer } from "../src/external/server.ts";
import { asExternal, type Sql } from "../src/external/postgres/postgres.ts";
import { embeddedSealKeys, writeEmbeddedSealKeys } from "../src/external/seal_key.ts";
import { SEALED_COLUMNS } from "../src/sealed.ts";
import { refuseOldInstallation } from "../src/adoption/adopt.ts";
import { renewSealKey, rotateSeal } from "../src/credentials/rotation/rotate.ts";
import { SILENT } from "../src/external/log/log.ts";
import { taskLog } from "../src/external/log/open.ts";

/** Longer than any call takes between sealing and storing a value. */
const SETTLE_SECONDS = 10;

async function rotate(makeNew: boolean, signal: AbortSignal) {
  const config = readConfig();
  const { level, secrets } = logOf(config);
  const fromFile = !config.MASTER_DB_HOST && !config.SEAL_KEY;
  if (makeNew && !fromFile) {
    throw new ConfigError([
      "--new is for the key in DATA_DIR/seal.key: here, set SEAL_KEY to a new key and SEAL_KEY_PREVIOUS to the one before",
    ]);
  }
  const server = await openServer(serverOf(config), SILENT);
  try {
    const db: Sql = await connectMaster({ ...server.address, database: config.MASTER_DB_NAME });
    try {
      await refuseOldInstallation(db);
      await migrate(db);
      const deps = { db, log: taskLog(level, secrets), columns: SEALED_COLUMNS };
      if (!fromFile) return await rotateSeal(deps, await loadSealKeys(server.readSealKeys), signal);
      const file = {
        read: server.readSealKeys,
        write: (keys: Awaited<ReturnType<typeof embeddedSealKeys>>) =>
          writeEmbeddedSealKeys(config.DATA_DIR, keys),
      };
      return await renewSealKey(deps, file, { makeNew, settleSeconds: SETTLE_SECONDS }, signal);
    } finally {
      await db.end({ timeout: 1 });
    }
  } finally {
    await server.close();
  }
}

const [flag, ...more] = Deno.args;
if ((flag && flag !== "--new") || more.length > 0) {
  console.error("Say `deno task rotate-seal`, or `deno task rotate-seal --new`.");
  Deno.exit(2);
}
const stopping = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  Deno.addSignalListener(signal, () => stopping.abort());
}
try {
  const { key, resealed, unreadable } = await rotate(flag === "--new", stopping.signal);
  console.log(`${resealed} sealed anew; the key is ${key}.`);
  if (unreadable.length > 0) {
    console.error(`${unreadable.length} did not open, and are as they were:`);
    for (const name of unreadable) console.error(`  ${name}`);
  }
  Deno.exit(unreadable.length > 0 ? 1 : 0);
} catch (thrown) {
  const error = asExternal(thrown);
  const known = [AppError, ExternalError, ConfigError].some((ours) => error instanceof ours);
  if (stopping.signal.aborted) console.error("Stopped: run it again, and it goes on.");
  else console.error(known && error instanceof Error ? error.message : error);
  Deno.exit(1);
}
