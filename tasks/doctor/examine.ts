import {
  browserOf,
  type Config,
  diagnosisOf,
  outsideOf,
  readValidConfig,
  serverOf,
  slackOf,
} from "../../src/config.ts";
import { importSealKey, loadSealKeys, type SealKeys } from "../../src/credentials/seal.ts";
import { installationOf } from "../../src/credentials/installation_store.ts";
import {
  type Deps,
  failed,
  NOT_CHECKED,
  type Result,
  warning,
} from "../../src/diagnostics/check.ts";
import { diagnose, type Diagnosis } from "../../src/diagnostics/diagnose.ts";
import { ExternalError } from "../../src/errors.ts";
import { connectBrowser } from "../../src/external/browser/browser.ts";
import { SILENT } from "../../src/external/log/log.ts";
import { findEmbedded } from "../../src/external/postgres/found.ts";
import { type Address, connect } from "../../src/external/postgres/postgres.ts";
import { embeddedSealKeys } from "../../src/external/seal_key.ts";
import { SEALED_COLUMNS } from "../../src/sealed.ts";
import { openServers } from "../../src/workspaces/servers.ts";

type Known = NonNullable<Deps["diagnosis"]["known"]>;

/** Runs every check from outside of the service. Starts and changes nothing. */
export async function examine(): Promise<Diagnosis> {
  const { config, faults } = readValidConfig();
  const known: Known = {};
  const address = await addressOf(config, faults, known);
  const db = connect({ ...address, database: config.MASTER_DB_NAME }, 8);
  const browser = connectBrowser({ ...browserOf(config, SILENT), install: false });
  const { host, port, ssl } = address;
  const servers = await openServers(
    db,
    { host, port, ...(ssl ? { ssl } : {}) },
    {},
    config.WORKSPACE_SERVERS,
  );
  try {
    return await diagnose({
      ...{ db, servers, browser, log: SILENT },
      sealKeys: await sealKeysOf(config, faults, known),
      installation: await installationOf(db).catch(() => ""),
      slack: slackOf(config),
      outside: outsideOf(config),
      diagnosis: {
        ...diagnosisOf(config),
        ...{ sealed_columns: SEALED_COLUMNS, known, faults },
        service_url: config.CAPTURE_BASE_URL,
      },
    });
  } finally {
    await browser.close();
    await servers.close();
    await db.end({ timeout: 1 });
  }
}

const NOWHERE = { host: "127.0.0.1", port: 1, user: "nobody", password: "" };

/** The server as the service would use it. Where there is none, `known` says why. */
async function addressOf(
  config: Config,
  faults: string[],
  known: Known,
): Promise<Omit<Address, "database">> {
  const faulty = faults.find((fault) => /^(MASTER_DB_|DATA_DIR)/.test(fault));
  if (faulty) {
    const name = /^\w+/.exec(faulty)![0];
    known.Database = warning(
      `${NOT_CHECKED}: ${name} is missing or not valid.`,
      `Correct ${name}.`,
    );
    return NOWHERE;
  }
  const { outside, dataDir } = serverOf(config);
  if (outside) return outside;
  try {
    const found = await findEmbedded(dataDir);
    if (!found) known.Database = NONE_YET(dataDir);
    else if (!await answers(found.address)) known.Database = asleep(found);
    return found?.address ?? NOWHERE;
  } catch (error) {
    if (!(error instanceof ExternalError)) throw error;
    known.Database = failed(error.message, "Correct that, then start the service.");
    return NOWHERE;
  }
}

const NONE_YET = (dataDir: string) =>
  warning(
    `${NOT_CHECKED}: there is no embedded database in ${dataDir} yet.`,
    "Start the service, which makes one; or set DATA_DIR to the folder that has it.",
  );

function asleep({ fault, logFile }: { fault?: string; logFile: string }): Result {
  if (fault) return failed(`The embedded database cannot be started. ${fault}`, "Do what it says.");
  return warning(
    `${NOT_CHECKED}: the embedded database does not run; the service starts it.`,
    `Start the service, then run this again. The database's log: ${logFile}`,
  );
}

async function answers(address: Omit<Address, "database">): Promise<boolean> {
  const db = connect({ ...address, database: "postgres" }, 1);
  const there = await db`select 1`.then(() => true, (error) => error.code !== "ECONNREFUSED");
  await db.end({ timeout: 1 });
  return there;
}

/** Keys of no use where there are none: whatever is opened with them says so. */
async function sealKeysOf(config: Config, faults: string[], known: Known): Promise<SealKeys> {
  try {
    const { sealKeys, dataDir, outside } = serverOf(config);
    if (sealKeys.length > 0) return await loadSealKeys(() => Promise.resolve(sealKeys));
    const isThere = await Deno.stat(`${dataDir}/seal.key`).then(() => true, () => false);
    if (!outside && isThere) return await loadSealKeys(() => embeddedSealKeys(dataDir));
    const faulty = faults.some((fault) => fault.startsWith("SEAL_KEY"));
    known["Seal key"] = outside || faulty
      ? failed("SEAL_KEY is missing or not valid.", "Set it to the key that sealed the values.")
      : warning(
        `${NOT_CHECKED}: there is no ${dataDir}/seal.key.`,
        "The service makes one with its first database; else put the file back from the backup.",
      );
  } catch (error) {
    if (!(error instanceof ExternalError)) throw error;
    known["Seal key"] = failed(error.message, "Put the right file back from the backup.");
  }
  return { current: await importSealKey(crypto.getRandomValues(new Uint8Array(32))) };
}
