import { listSourceUsers } from "../../grafana/store.ts";
import { grafanaOf, isGrafanaUnavailable } from "../../grafana/grafana.ts";
import { datasourceUid, KINDS } from "../../workspaces/names.ts";
import { ExternalError } from "../../errors.ts";
import { type Check, type Context, failed, failedBy, type Family, ok } from "../check.ts";

/** So many users' data sources are tried; the daily drift check tries all. */
const MOST_USERS = 50;

export const sources: Family = {
  name: "Data sources",
  group: "grafana",
  docs: "grafana-data-sources",
  needs: ["Database migrations", "Grafana", "Grafana key"],
  async list({ db }) {
    const users = await listSourceUsers(db, MOST_USERS);
    return users.map(({ user_id, username }): Check => ({
      name: `Data sources of ${username}`,
      group: "grafana",
      docs: "grafana-data-sources",
      run: (context, signal) => trySources(context, user_id, signal),
    }));
  },
};

async function trySources(context: Context, user_id: number, signal: AbortSignal) {
  const target = await grafanaOf(context, user_id);
  if (!target) return ok("They are kept in no Grafana.");
  const faults = await Promise.all(KINDS.map(async (kind) => {
    const uid = datasourceUid(context.installation, user_id, kind);
    try {
      const reason = await target.grafana.query(uid, "select 1", signal);
      return reason === undefined ? [] : [{ kind, ...explain(reason) }];
    } catch (error) {
      if (!(error instanceof ExternalError) || isGrafanaUnavailable(error)) throw error;
      return [{ kind, ...refused(error) }];
    }
  })).catch((error) => error instanceof ExternalError ? error : Promise.reject(error));
  if (faults instanceof ExternalError) return failedBy(faults, 'See the check "Grafana".');
  const all = faults.flat();
  if (all.length === 0) return ok("timing, qor and drc answer a query.");
  return failed(
    all.map(({ kind, message }) => `${kind}: ${message}.`).join(" "),
    [...new Set(all.map(({ fix }) => fix))].join(" "),
  );
}

const REPAIR = 'Press "Repair" at the data sources on the user\'s page.';

/** Grafana quotes the database's driver, which may quote values: only what is known is said. */
function explain(reason: string) {
  if (/password authentication failed|no pg_hba/.test(reason)) {
    return { message: "the database refuses the login", fix: REPAIR };
  }
  if (/refused|no such host|timeout|unreachable|dial tcp|ECONN/i.test(reason)) {
    return {
      message: "Grafana cannot reach the database server",
      fix:
        "Set GRAFANA_DB_HOST and GRAFANA_DB_PORT to its address as Grafana sees it, and open the firewall.",
    };
  }
  if (/too many connections/.test(reason)) {
    return {
      message: "the role has all the connections that it may have",
      fix: "End some of them.",
    };
  }
  if (/does not exist/.test(reason)) {
    return {
      message: "the database or the role does not exist",
      fix: 'Press "Repair" on the user\'s page.',
    };
  }
  return {
    message: "the query failed",
    fix: "Look into Grafana's log, then repair the data source.",
  };
}

function refused({ more: { code } }: ExternalError) {
  return code === "http_404"
    ? { message: "Grafana has no such data source", fix: REPAIR }
    : { message: "Grafana refuses the query", fix: 'See the check "Grafana permissions".' };
}
