import { ConfigError, logOf, readConfig, serverOf } from "../src/config.ts";
import { openForTask } from "../src/credentials/credentials.ts";
import { loadSealKeys } from "../src/credentials/seal.ts";
import { AppError, ExternalError } from "../src/errors.ts";
import { connectMaster } from "../src/external/postgres/master.ts";
import { openServer } from "../src/external/server.ts";
import { findUserByName } from "../src/users/store.ts";
import { KINDS, urlCredential } from "../src/workspaces/names.ts";
import { fillDatabase } from "./sample/write.ts";
import { SILENT } from "../src/external/log/log.ts";
import { taskLog } from "../src/external/log/open.ts";

/** Fills a user's three databases with generated runs; each further call appends one more run. */
async function sample(username: string) {
  const config = readConfig();
  const { level, secrets } = logOf(config);
  const server = await openServer(serverOf(config), SILENT);
  try {
    const db = await connectMaster({ ...server.address, database: config.MASTER_DB_NAME });
    try {
      const user = await findUserByName(db, username);
      if (!user) throw new AppError("user_unknown", 404, `There is no user ${username}.`);
      const deps = {
        db,
        sealKeys: await loadSealKeys(server.readSealKeys),
        log: taskLog(level, secrets),
      };
      for (const kind of KINDS) {
        const url = await openForTask(deps, user, urlCredential(kind));
        const { tables } = await fillDatabase(url, kind, { log: SILENT });
        for (const { table_name, rows } of tables) {
          console.log(`${username}_${kind}.${table_name}: ${rows} rows`);
        }
      }
    } finally {
      await db.end({ timeout: 1 });
    }
  } finally {
    await server.close();
  }
}

const [username, ...more] = Deno.args;
if (!username || more.length > 0) {
  console.error("Say whose databases to fill: deno task sample <username>");
  Deno.exit(2);
}
try {
  await sample(username);
} catch (error) {
  const known = error instanceof AppError || error instanceof ExternalError ||
    error instanceof ConfigError;
  console.error(known ? error.message : error);
  Deno.exit(1);
}
