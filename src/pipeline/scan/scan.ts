import { within } from "../../external/abort.ts";
import type { Sql } from "../../external/postgres/postgres.ts";
import { withReader } from "../../workspaces/reader.ts";
import { asRefusal, type WorkspaceServer } from "../../workspaces/servers.ts";
import type { Deps as WorkspaceDeps } from "../../workspaces/reader.ts";
import { oidOf } from "./content.ts";
import type { Limits } from "./debounce.ts";
import { whyIgnored } from "./ignored.ts";
import { type IgnoredTable, readViews, saveIgnored } from "./ignored_store.ts";
import { type Relation, relationsIn } from "./relations.ts";
import { type BatchLimits, beginBatch, endScans } from "../batches_store.ts";
import { archiveOthers, releaseBatches } from "../row.ts";
import * as store from "./store.ts";
import { type Scanned, scanTable } from "./table.ts";
import type { Log } from "../../external/log/log.ts";
import { logFailure } from "../../external/log/failure.ts";
import { databasesOpened, scanTicks } from "../../external/metrics/metrics.ts";

export type Deps = WorkspaceDeps & { limits: Limits & BatchLimits; log: Log };
type Database = store.ChangedDatabase;
export type Found = Omit<store.Waiting, "why"> & { run: number };
export type ScanResult = {
  databases_opened: number;
  found: Found[];
  waiting: store.Waiting[];
  ignored: Omit<store.Ignored, "user_id" | "type">[];
};

/** First step: scans changed databases and moves new runs in quiet tables to "create". */
export async function scan(deps: Deps, signal: AbortSignal): Promise<ScanResult> {
  scanTicks.inc();
  return await store.lockScan(deps.db, async () => {
    await endScan(deps); // of a process that died
    const counters = await Promise.all(deps.servers.all.map((server) => countersOf(deps, server)));
    const databases = await store.changedDatabases(deps.db, counters.flat());
    databasesOpened.inc(databases.length);
    const byUser = Map.groupBy(databases, ({ user_id }) => user_id).values();
    const found = await Promise.all(byUser.map((theirs) => scanUser(deps, theirs, signal)));
    return {
      databases_opened: databases.length,
      found: found.flat(),
      waiting: await store.waitingTables(deps.db),
      ignored: (await store.listIgnored(deps.db)).map(({ user_id: _, type: __, ...table }) =>
        table
      ),
    };
  });
}

/** The query takes milliseconds; connecting to a server that is down takes 5 to 20 s. */
const COUNTERS_MS = 500;
const asked = new WeakMap<WorkspaceServer, Promise<store.Counter[]>>();

/** Skips a slow server, so that it delays only its own users. */
async function countersOf({ log }: Deps, server: WorkspaceServer): Promise<store.Counter[]> {
  const { name, master } = server;
  if (name === "") return await store.countersOf(master, name);
  const answer = asked.get(server) ??
    store.countersOf(master, name).catch((error) => {
      logFailure(log, "A server could not be scanned.", asRefusal(error), { server: name });
      return [];
    }).finally(() => asked.delete(server));
  asked.set(server, answer);
  return await within(COUNTERS_MS, answer) ? await answer : [];
}

/** Scans one user's databases. New tables that are found together are a batch. */
async function scanUser(deps: Deps, databases: Database[], signal: AbortSignal): Promise<Found[]> {
  let begun: Promise<number> | undefined;
  const batch = () => begun ??= beginBatch(deps.db, databases[0]!.user_id);
  const found = await Promise.all(
    databases.map((database) => scanDatabase({ ...deps, batch }, database, signal)),
  );
  if (begun) await endScan(deps, await begun);
  return found.flat();
}

async function endScan({ db, limits }: Deps, batch_id?: number): Promise<void> {
  if (await endScans(db, batch_id)) await releaseBatches(db, limits.batchSeconds);
}

/** Per database and scan; the rest follows in the next scan. */
const PASS_MS = 2_000;

/** A database that fails to open is retried with the next scan. */
async function scanDatabase(
  deps: Deps & { batch: () => Promise<number> },
  database: Database,
  signal: AbortSignal,
): Promise<Found[]> {
  const { user_id, username, kind } = database;
  try {
    return await withReader(deps, user_id, kind, async (reader) => {
      if (signal.aborted) return [];
      const { tables, kept } = await tablesOf(deps, reader, database);
      const found: Found[] = [];
      const end = performance.now() + PASS_MS;
      let isWhole = true;
      for (const scanned of tables) {
        if (signal.aborted) return found;
        isWhole = performance.now() < end;
        if (!isWhole) break;
        const run = await scanTable(deps, reader, database, scanned);
        const { schema_name, table_name } = scanned.table;
        if (run) found.push({ username, kind, schema_name, table_name, run });
      }
      await store.forgetOthers(deps.db, user_id, kind, kept);
      await archiveOthers(deps.db, database, kept);
      if (isWhole) await store.recordOpened(deps.db, database);
      return found;
    });
  } catch (error) {
    logFailure(deps.log, "A database could not be scanned.", asRefusal(error), {
      username,
      kind,
    });
    return [];
  }
}

const key = (table: { schema_name: string; table_name: string }) =>
  JSON.stringify([table.schema_name, table.table_name]);

/** `kept`: names whose rows are not archived. */
async function tablesOf({ db }: Deps, reader: Sql, { user_id, kind }: Database) {
  const relations = await relationsIn(reader);
  const known = await store.knownTables(db, user_id, kind);
  const names = new Set(relations.map(key));
  const byName = new Map(known.map((row) => [key(row), row] as const));
  const gone = known.filter((row) =>
    row.dashboard_content && !row.archived && !names.has(key(row))
  );
  const chosen = new Set((await readViews(db, user_id, kind)).map(key));
  const tables: Scanned[] = [];
  const ignored: IgnoredTable[] = [];
  for (const table of relations) {
    const own = byName.get(key(table));
    const former = own?.id ? undefined : gone.find((row) => isFormer(row, table));
    const why = whyIgnored(table, [table, former].some((name) => name && chosen.has(key(name))));
    if (why === undefined) tables.push({ table, known: own, former });
    else ignored.push({ ...table, why });
  }
  await saveIgnored(db, user_id, kind, ignored);
  const kept = tables.flatMap(({ table, former }) => former ? [table, former] : [table]);
  return { tables: inOrder(tables), kept };
}

const isFormer = ({ dashboard_content }: store.KnownTable, { oid }: Relation) =>
  oidOf(dashboard_content!) === oid;

/** Tables before views, known and new ones alternating, the longest unscanned first. */
function inOrder(tables: Scanned[]): Scanned[] {
  const isView = ({ table }: Scanned) => Number(table.type === "view");
  const time = ({ known }: Scanned) => known?.scanned_at ? Date.parse(known.scanned_at) : 0;
  const sorted = tables.toSorted((a, b) => isView(a) - isView(b) || time(a) - time(b));
  const [old, fresh] = [true, false].map((has) =>
    sorted.filter(({ known }) => !!known?.id === has)
  );
  const longer = Math.max(old!.length, fresh!.length);
  return Array.from({ length: longer }, (_, i) => [old![i], fresh![i]]).flat()
    .filter((table) => table !== undefined);
}
