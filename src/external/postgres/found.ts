import { dirname, join } from "node:path";
import { ExternalError } from "../../errors.ts";
import { SILENT } from "../log/log.ts";
import { findBinaries } from "./binaries.ts";
import { readAddress, type ServerAddress, statIfThere } from "./cluster.ts";

export type Found = {
  address: ServerAddress;
  logFile: string;
  /** Why no server could be started on the folder. */
  fault?: string;
};

/**
 * The embedded database of a data folder; undefined: there is none yet. Starts, changes and locks nothing.
 * Throws ExternalError where its files cannot be read.
 */
export async function findEmbedded(dataDir: string): Promise<Found | undefined> {
  try {
    if (!await statIfThere(join(dataDir, "postgres"))) return undefined;
    const folder = await Deno.realPath(join(dataDir, "postgres"));
    const address = await readAddress(await Deno.realPath(dataDir));
    const found = { address, logFile: join(dirname(folder), "postgres.log") };
    const major = await Deno.readTextFile(join(folder, "PG_VERSION"));
    const fault = await findBinaries(SILENT, major.trim()).then(() => undefined, messageOf);
    return fault === undefined ? found : { ...found, fault };
  } catch (error) {
    if (error instanceof ExternalError) throw error;
    const message = `The database folder in ${dataDir} cannot be read: run this as its owner.`;
    throw new ExternalError("PostgreSQL", message, true);
  }
}

function messageOf(error: unknown): string {
  if (error instanceof ExternalError) return error.message;
  throw error;
}
