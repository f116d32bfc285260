import type { Sql } from "../../../src/external/postgres/postgres.ts";
import { scan, type ScanResult } from "../../../src/pipeline/scan/scan.ts";
import type { Kind } from "../../../src/workspaces/names.ts";
import { never } from "../time.ts";
import type { User } from "./accounts.ts";
import type { Deps } from "./deps.ts";
import type { Logins } from "./logins.ts";

/** Scans of the users' databases; a table is quiet at once unless `limits` say otherwise. */
export function scans({ db, deps, write, owner }: { db: Sql; deps: Deps } & Logins, ada?: User) {
  const look = (): Promise<ScanResult> => scan(deps, never);
  return {
    /** The user that the world was started with. */
    ada: ada!,
    look,
    /** What one scan finds: "table run", with the schema where that is not public. */
    async found(): Promise<string[]> {
      return (await look()).found.map(shown);
    },
    /** What one scan says of the tables that wait. */
    async waiting(): Promise<Record<string, string>> {
      const { waiting } = await look();
      return Object.fromEntries(waiting.map(({ table_name, why }) => [table_name, why]));
    },
    /** Runs SQL as ada's owner in her QoR database. */
    run: (...statements: string[]) => write(ada!, "qor", ...statements),
    /** The rows are done: the next run may come. */
    finishRows: () => db`update dashboards set step = 'done'`,
    /** Time goes by, as far as the scan can tell. */
    async pass(seconds: number) {
      const by = db`${seconds} * interval '1 second'`;
      await db`
        update scanned_tables set changed_at = changed_at - ${by}, since = since - ${by},
          scan_at = scan_at - ${by}`;
      await db`update scanned_databases set opened_at = opened_at - ${by}`;
      await db`update dashboards set run_at = run_at - ${by}`;
    },
    /** A session of the owner that stays open. */
    session: (kind: Kind = "qor", user: User = ada!) => owner(user, kind),
  };
}
export type Scans = ReturnType<typeof scans>;

const shown = ({ schema_name, table_name, run }: ScanResult["found"][number]) =>
  `${schema_name === "public" ? "" : `${schema_name}.`}${table_name} ${run}`;
