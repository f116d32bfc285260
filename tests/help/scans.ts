import { scan, type ScanResult } from "../../src/pipeline/scan/scan.ts";
import type { Outside } from "../../src/credentials/hosts.ts";
import type { Limits } from "../../src/pipeline/scan/debounce.ts";
import type { Kind } from "../../src/workspaces/names.ts";
import { never, startApp, type User } from "./app.ts";

/**
 * An app with one user, and looks at its databases. Tables settle at once unless `limits` say otherwise.
 */
export async function startScans(limits: Partial<Limits> = {}, outside: Partial<Outside> = {}) {
  const app = await startApp({ outside });
  const ada = await app.addUser();
  const deps = { ...app.deps, limits: { ...app.deps.limits, ...limits } };
  const look = (): Promise<ScanResult> => scan(deps, never);
  return Object.assign(app, {
    ada,
    deps,
    look,
    /** What one look finds: "table run", with the schema where that is not public. */
    async found(): Promise<string[]> {
      return (await look()).found.map(shown);
    },
    /** What one look says of the tables that wait. */
    async waiting(): Promise<Record<string, string>> {
      const { waiting } = await look();
      return Object.fromEntries(waiting.map(({ table_name, why }) => [table_name, why]));
    },
    /** Runs SQL as ada's owner in her QoR database. */
    run: (...statements: string[]) => app.write(ada, "qor", ...statements),
    /** The rows have been told: the next run may come. */
    finishRows: () => app.db`update dashboards set step = 'done'`,
    /** Time goes by, as far as the scan can tell. */
    async pass(seconds: number) {
      const by = app.db`${seconds} * interval '1 second'`;
      await app.db`
        update scanned_tables set changed_at = changed_at - ${by}, since = since - ${by},
          scan_at = scan_at - ${by}`;
      await app.db`update scanned_databases set opened_at = opened_at - ${by}`;
      await app.db`update dashboards set run_at = run_at - ${by}`;
    },
    /** A session of the owner that stays open. */
    session: (kind: Kind = "qor", user: User = ada) => app.owner(user, kind),
  });
}

const shown = ({ schema_name, table_name, run }: ScanResult["found"][number]) =>
  `${schema_name === "public" ? "" : `${schema_name}.`}${table_name} ${run}`;
