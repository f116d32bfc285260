import { isTooOld, TOO_OLD, versionOf } from "../../external/postgres/condition.ts";
import { isUnavailable, sqlState } from "../../external/postgres/postgres.ts";
import { connectionsOn, rightsFaults, rightsOn } from "../../workspaces/preflight.ts";
import type { WorkspaceServer } from "../../workspaces/servers.ts";
import { type Check, type Context, failed, failedBy, type Family, ok, warning } from "../check.ts";
import { spaceOn } from "./space.ts";

/** The default server, or the one that the context has under this name. */
type Find = (context: Context) => WorkspaceServer;

const byDefault: Find = ({ servers }) => servers.all[0]!;

/** The checks of one database server. `label`: how their names begin. */
function checksOf(label: string, group: Check["group"], finding: string, find: Find): Check[] {
  const same = { group, finding, needs: [label] };
  return [
    {
      ...{ name: label, group, finding, docs: "database-does-not-answer" },
      run: (context) => answers(context, find(context)),
    },
    {
      ...{ name: `${label} rights`, docs: "database-rights", ...same },
      run: (context) => rights(find(context)),
    },
    {
      ...{ name: `${label} connections`, docs: "database-connections", ...same },
      run: (context) => connections(find(context)),
    },
    {
      ...{ name: `${label} disk`, docs: "database-disk", ...same },
      run: (context) => spaceOn(find(context)),
    },
  ];
}

export const database = checksOf("Database", "database", "the default server", byDefault);

export const otherServers: Family = {
  name: "Workspace servers",
  group: "workspaces",
  docs: "database-does-not-answer",
  list: ({ servers }) =>
    Promise.resolve(
      servers.all.slice(1).flatMap(({ name }) =>
        checksOf(`Server ${name}`, "workspaces", name, ({ servers }) => servers.of(name))
      ),
    ),
};

async function answers(
  { diagnosis: { embedded } }: Context,
  { name, address, master }: WorkspaceServer,
) {
  const at = `${address.host}:${address.port}`;
  const started = performance.now();
  try {
    const version = await versionOf(master);
    const ms = Math.max(1, Math.round(performance.now() - started));
    if (!isTooOld(version)) {
      return ok(`PostgreSQL ${version.version} at ${at} answers in ${ms} ms.`);
    }
    return failed(
      `The server at ${at} is PostgreSQL ${version.version}. ${TOO_OLD}`,
      "Upgrade the server with pg_upgrade, or use another one.",
    );
  } catch (error) {
    return explain(error, at, name === "" && embedded, master.address);
  }
}

function explain(
  error: unknown,
  at: string,
  embedded: boolean,
  { user, database }: { user: string; database: string },
) {
  const code = sqlState(error);
  if (code === "28P01" || code === "28000") {
    return failed(
      `The database server at ${at} refuses the login of ${user}.`,
      "Check MASTER_DB_USER and MASTER_DB_PASS (for another server: WORKSPACE_SERVERS) and the server's pg_hba.conf.",
    );
  }
  if (code === "3D000") {
    return failed(
      `The server at ${at} has no database ${database}.`,
      "The service creates it at its start; check MASTER_DB_NAME.",
    );
  }
  if (code === "53300") {
    return failed(
      `The database server at ${at} has no connection left.`,
      "End some with pg_terminate_backend(), or raise max_connections.",
    );
  }
  if (!isUnavailable(error) && code !== undefined) return failedBy(error, "See the server's log.");
  return failed(
    `The database server at ${at} does not answer.`,
    embedded
      ? "Restart the service, which starts the embedded database; its log is postgres.log in DATA_DIR."
      : "On its machine: `systemctl status postgresql`; if it runs, check the address, the firewall and sslmode.",
  );
}

async function rights(server: WorkspaceServer) {
  const found = await rightsOn(server);
  const faults = rightsFaults(found);
  if (faults.length === 0) return ok(`The role ${found.role} has every right that it needs.`);
  const make = faults.some(({ lacks }) => lacks) ? failed : warning;
  const join = (part: "message" | "fix") => faults.map((fault) => fault[part]).join(" ");
  return make(join("message"), join("fix"));
}

const SCARCE = 0.8;
const NEARLY_NONE = 0.95;

async function connections(server: WorkspaceServer) {
  const { used, most, holders } = await connectionsOn(server);
  const message = `${used} of ${most} connections are in use (${holders}).`;
  if (used < SCARCE * most) return ok(message);
  const make = used < NEARLY_NONE * most ? warning : failed;
  return make(message, "End some (select from pg_stat_activity), or raise max_connections.");
}
