import { failedWorkspaces } from "../../workspaces/store.ts";
import { largestTable, workspaceSizes } from "../../workspaces/sizes.ts";
import { type Check, type Context, inGigabytes, ok, warning } from "../check.ts";

/** So many are named, with their largest tables. */
const MOST_NAMED = 5;

const sizes: Check = {
  name: "Workspace sizes",
  group: "workspaces",
  docs: "workspace-size",
  needs: ["Database migrations"],
  async run(context) {
    const { servers, db, diagnosis: { warn_bytes } } = context;
    const all = (await Promise.all(servers.all.map((server) => workspaceSizes(db, server)))).flat();
    const large = all.filter(({ bytes }) => bytes > warn_bytes).sort((a, b) => b.bytes - a.bytes);
    const limit = inGigabytes(warn_bytes);
    if (large.length === 0) return ok(`No workspace is over ${limit} (of ${all.length}).`);
    const named = await Promise.all(
      large.slice(0, MOST_NAMED).map((one) => describe(context, one)),
    );
    const more = large.length > MOST_NAMED ? ` And ${large.length - MOST_NAMED} more.` : "";
    return warning(
      `Over ${limit}: ${named.join("; ")}.${more}`,
      "Have the user delete old runs from the table and run VACUUM FULL on it, or raise WORKSPACE_WARN_GB.",
    );
  },
};

type Size = Awaited<ReturnType<typeof workspaceSizes>>[0];

async function describe(context: Context, { user_id, username, bytes }: Size): Promise<string> {
  // A user who is locked out or at the connection limit keeps their size in the message.
  const table = await largestTable(context, user_id).catch(() => undefined);
  const which = table
    ? `the largest table is ${table.name} in ${table.database} with ${inGigabytes(table.bytes)}`
    : "the largest table cannot be read";
  return `${username} has ${inGigabytes(bytes)}, ${which}`;
}

const steps: Check = {
  name: "Workspace steps",
  group: "workspaces",
  docs: "workspace-steps",
  needs: ["Database migrations"],
  async run({ db }) {
    const failed = await failedWorkspaces(db, MOST_NAMED);
    if (failed.length === 0) return ok("No step of a workspace has failed.");
    const named = failed.map(({ username, name, message }) =>
      `${username}, ${name.replaceAll("_", " ")}: ${message ?? "unknown error"}`
    );
    return warning(
      `Steps of workspaces have failed. ${named.join(" ")}`,
      'Do what the message says, then press "Repair" on the user\'s page.',
    );
  },
};

export const workspaces: Check[] = [steps, sizes];
