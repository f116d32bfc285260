/**
 * Takes over an older installation's database: `deno task adopt` prints the plan, `--do [--skip-
 * refused]` runs it, `--refused FILE` writes refused rows, decrypted, to a new file.
 */
import { parseArgs } from "node:util";
import { ConfigError, logOf, readConfig, serverOf } from "../src/config.ts";
import { checkSealKeys } from "../src/credentials/installation.ts";
import { SEALED_COLUMNS } from "../src/sealed.ts";
import { loadSealKeys } from "../src/credentials/seal.ts";
import { AppError, ExternalError } from "../src/errors.ts";
import { DEADLINES, withDeadline } from "../src/external/postgres/deadlines.ts";
import { connectMaster } from "../src/external/postgres/master.ts";
import { openServer } from "../src/external/server.ts";
import { asExternal } from "../src/external/postgres/postgres.ts";
import { adopt, openRefused, planAdoption } from "../src/adoption/adopt.ts";
import { describePlan } from "../src/adoption/report.ts";
import { cleanStatistics } from "../src/adoption/store.ts";
import { openServers } from "../src/workspaces/servers.ts";
import { SILENT } from "../src/external/log/log.ts";
import { taskLog } from "../src/external/log/open.ts";

type Deps = Parameters<typeof adopt>[0];
const NOTHING = "There is no older installation in this database.";

async function withDatabase(work: (deps: Deps) => Promise<number>): Promise<number> {
  const config = readConfig();
  const { level, secrets } = logOf(config);
  const server = await openServer(serverOf(config), SILENT);
  try {
    const db = await connectMaster({ ...server.address, database: config.MASTER_DB_NAME });
    try {
      const { host, port, ssl } = server.address;
      const own = { host, port, ...(ssl ? { ssl } : {}) };
      const shown = { host: config.WORKSPACE_PUBLIC_HOST, port: config.WORKSPACE_PUBLIC_PORT };
      const servers = await openServers(db, own, shown, []);
      const sealKeys = await loadSealKeys(server.readSealKeys);
      const deps = { db, sealKeys, servers, log: taskLog(level, secrets) };
      return await withDeadline(DEADLINES.long, () => work(deps));
    } finally {
      await db.end({ timeout: 1 });
    }
  } finally {
    await server.close();
  }
}

async function show({ db }: Deps): Promise<number> {
  const plan = await planAdoption(db);
  if (!plan) console.log(NOTHING);
  else {
    console.log("This is what would be done. Nothing is changed.\n");
    for (const line of describePlan(plan)) console.log(line);
    for (const line of plan.obstacles) console.log(`In the way: ${line}`);
    console.log(
      plan.refused.length > 0
        ? "\nMend what is refused, or leave it aside: deno task adopt --do --skip-refused"
        : "\nStop the old service, make a backup, then: deno task adopt --do",
    );
  }
  return 0;
}

async function take(deps: Deps, skipRefused: boolean): Promise<number> {
  const adoption = await adopt(deps, { skipRefused });
  if (!adoption) {
    console.log(NOTHING);
    return 0;
  }
  for (const line of describePlan(adoption.plan)) console.log(line);
  if (!adoption.done) {
    console.error("\nNothing was changed: repair what is refused, or say --skip-refused.");
    return 1;
  }
  console.log("\nDone: the service can be started.");
  const clean = await cleanStatistics(deps.db).then(() => true, () => false);
  console.log(
    "No table holds a key or value in plain any more. Older backups, WAL archives and replicas still do: keep them as such, or destroy them.",
  );
  if (!clean) {
    console.log(
      "The planner's statistics may still quote values: have the database's owner run VACUUM FULL pg_catalog.pg_statistic.",
    );
  }
  return 0;
}

async function writeRefused({ db, sealKeys }: Deps, path: string): Promise<number> {
  await checkSealKeys(db, sealKeys, SEALED_COLUMNS);
  const rows = await openRefused(db, sealKeys);
  const text = rows.map((row) => JSON.stringify(row) + "\n").join("");
  await Deno.writeTextFile(path, text, { createNew: true, mode: 0o600 });
  console.log(
    `${rows.length} rows are in ${path}. They are not sealed there: delete it when it is read.`,
  );
  return 0;
}

function readArguments() {
  try {
    const { values } = parseArgs({
      args: Deno.args,
      options: {
        do: { type: "boolean", default: false },
        "skip-refused": { type: "boolean", default: false },
        refused: { type: "string" },
      },
    });
    if (values["skip-refused"] && !values.do || values.do && values.refused) throw new Error();
    return values;
  } catch {
    console.error(
      "Say `deno task adopt`, `… --do`, `… --do --skip-refused` or `… --refused FILE`.",
    );
    Deno.exit(2);
  }
}

const { do: doIt, "skip-refused": skipRefused, refused } = readArguments();
try {
  Deno.exit(
    await withDatabase((deps) => {
      if (refused) return writeRefused(deps, refused);
      return doIt ? take(deps, skipRefused) : show(deps);
    }),
  );
} catch (thrown) {
  const error = asExternal(thrown);
  const known = [AppError, ExternalError, ConfigError].some((ours) => error instanceof ours);
  if (error instanceof Deno.errors.AlreadyExists) console.error(`${refused} is there already.`);
  else console.error(known && error instanceof Error ? error.message : error);
  Deno.exit(1);
}
