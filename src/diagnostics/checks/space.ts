import { spaceAt } from "../../external/disk.ts";
import { dataDirectoryOf, tryWrite } from "../../external/postgres/condition.ts";
import type { WorkspaceServer } from "../../workspaces/servers.ts";
import { failed, inGigabytes, ok, type Result, warning } from "../check.ts";

const MEBIBYTE = 2 ** 20;
/** A share of a small disk, an amount on a large one. */
const SCARCE = { share: 0.1, most: 10_240 * MEBIBYTE };
const NEARLY_NONE = { share: 0.02, most: 1024 * MEBIBYTE };

/** Checks the free space of the file system that holds `path`. */
export async function judgeSpace(path: string, what: string, fix: string): Promise<Result> {
  const space = await spaceAt(path);
  if (!space) {
    return warning(`The free space of ${what} cannot be read.`, `Look with \`df -h ${path}\`.`);
  }
  const { free, size } = space;
  const message = `${inGigabytes(free)} of ${inGigabytes(size)} are free where ${what} is.`;
  const isBelow = ({ share, most }: typeof SCARCE) => free < Math.min(share * size, most);
  if (isBelow(NEARLY_NONE)) return failed(message, fix);
  return isBelow(SCARCE) ? warning(message, fix) : ok(message);
}

/** Hosts whose disk is this machine's. */
export const LOCAL = ["127.0.0.1", "::1", "localhost"];

/** Whether the server takes writes, and the space left where it is this machine. */
export async function spaceOn({ address, master }: WorkspaceServer): Promise<Result> {
  const taken = await tryWrite(master);
  if (taken === "full") {
    return failed(
      "The disk of the database server is full.",
      "Free some space on it: see `df -h` there.",
    );
  }
  if (taken === "read_only") {
    return failed(
      "The database is read-only.",
      "Connect to the primary, or set default_transaction_read_only to off.",
    );
  }
  const folder = LOCAL.includes(address.host) ? await dataDirectoryOf(master) : undefined;
  if (folder && await spaceAt(folder)) {
    return await judgeSpace(
      folder,
      "the database",
      "Free some space, or move the database to a larger disk.",
    );
  }
  return ok("The database takes writes. Its free space shows only on its own machine (`df -h`).");
}
