import { ExternalError } from "../../errors.ts";
import { within } from "../../external/abort.ts";
import { asExternal, type Sql } from "../../external/postgres/postgres.ts";
import { withReader } from "../../workspaces/reader.ts";
import { inWords, type WorkspaceServer } from "../../workspaces/servers.ts";
import type { Deps as WorkspaceDeps } from "../../workspaces/workspaces.ts";
import { archiveOthers, beginRun } from "../row.ts";
import * as store from "./store.ts";
import { contentOf, type FoundTable, tablesIn } from "./table.ts";
import { judge, type Limits } from "./debounce.ts";

export type Deps = WorkspaceDeps & { limits: Limits; log: (line: string) => void };
type Database = store.ChangedDatabase;
export type Found = Omit<store.Waiting, "why"> & { run: number };
export type Look = { databases_opened: number; found: Found[]; waiting: store.Waiting[] };

/**
 * First step: looks once into every database that changed, and puts the row of each table that is new,
 * or has a new run, and is quiet, at "create".
 */
export async function scan(deps: Deps, signal: AbortSignal): Promise<Look> {
  return await store.lockScan(deps.db, async () => {
    const counters = await Promise.all(deps.servers.all.map((server) => countersOf(deps, server)));
    const databases = await store.changedDatabases(deps.db, counters.flat());
    const found = await Promise.all(databases.map((database) => lookInto(deps, database, signal)));
    return {
      databases_opened: databases.length,
      found: found.flat(),
      waiting: await store.waitingTables(deps.db),
    };
  });
}

/** Connecting to one that is away takes from 5 to 20 s; the query itself a few milliseconds. */
const COUNTERS_MS = 500;
const asked = new WeakMap<WorkspaceServer, Promise<store.Counter[]>>();

/**
 * A server that is away delays its own users only: one that does not answer in time is left out, and not
 * asked twice at once.
 */
async function countersOf({ log }: Deps, server: WorkspaceServer): Promise<store.Counter[]> {
  const { name, master } = server;
  if (name === "") return await store.countersOf(master, name);
  const answer = asked.get(server) ??
    store.countersOf(master, name).catch((error) => {
      log(`scan: the server ${name}: ${inWords(error)}`);
      return [];
    }).finally(() => asked.delete(server));
  asked.set(server, answer);
  return await within(COUNTERS_MS, answer) ? await answer : [];
}

/** A database that does not open is looked at again with the next tick: nothing is noted of it. */
async function lookInto(deps: Deps, database: Database, signal: AbortSignal): Promise<Found[]> {
  const { user_id, username, kind } = database;
  try {
    return await withReader(deps, user_id, kind, async (reader) => {
      if (signal.aborted) return [];
      const tables = await tablesIn(reader);
      const known = new Map(
        (await store.knownTables(deps.db, user_id, kind))
          .map((table) => [key(table), table] as const),
      );
      const found: Found[] = [];
      for (const table of tables) {
        if (signal.aborted) return found;
        const run = await lookAt(deps, reader, database, table, known.get(key(table)));
        const { schema_name, table_name } = table;
        if (run) found.push({ username, kind, schema_name, table_name, run });
      }
      const there = tables.map(({ schema_name, table_name }) => [schema_name, table_name]);
      await store.forgetOthers(deps.db, user_id, kind, there);
      await archiveOthers(deps.db, database, there);
      await store.recordOpened(deps.db, database);
      return found;
    });
  } catch (error) {
    deps.log(`scan: ${username}'s ${kind} database: ${inWords(error)}`);
    return [];
  }
}

const key = (table: { schema_name: string; table_name: string }) =>
  JSON.stringify([table.schema_name, table.table_name]);

/** Looks at one table. Returns its run if that is a new one. */
async function lookAt(
  deps: Deps,
  reader: Sql,
  { user_id, kind, now: time }: Database,
  table: FoundTable,
  known: store.KnownTable | undefined,
): Promise<number | undefined> {
  const { schema_name, table_name, counter } = table;
  const now = new Date(time);
  if (known && untouched(table, known)) return undefined;
  const seen = await read(reader, table);
  if (typeof seen === "string") {
    const look_at = new Date(now.getTime() + 60_000);
    const content = known?.content ?? "";
    const state = { schema_name, table_name, counter, content, changed_at: now, since: now };
    await store.rememberTable(deps.db, user_id, kind, { ...state, why: seen, look_at });
    return undefined;
  }
  const { found, ...verdict } = judge(
    now,
    { ...seen, writing: table.writing },
    remembered(known),
    row(known),
    deps.limits,
  );
  const state = { schema_name, table_name, counter, content: seen.content, ...verdict };
  const run = found ? await beginRun(deps.db, { user_id, kind }, state, seen.rows) : undefined;
  await store.rememberTable(deps.db, user_id, kind, state);
  return run;
}

/** Its statistics stand still, nobody writes, it has its columns, and no time was set to look again. */
function untouched(table: FoundTable, known: store.KnownTable): boolean {
  return known.counter === table.counter && !known.look_at && !table.writing && !known.archived &&
    known.content?.startsWith(`${table.oid}:${table.columns}:`) === true;
}

/** What stands in the table, or why that cannot be said. */
async function read(reader: Sql, table: FoundTable) {
  if (!table.readable) {
    return "the reader role may not read it: grant it SELECT (and USAGE on its schema)";
  }
  // Its size and rows could only be waited for, and every other table with them.
  if (table.locked) return "a transaction that has not ended yet keeps it locked";
  try {
    return await contentOf(reader, table);
  } catch (thrown) {
    const error = asExternal(thrown);
    if (error instanceof ExternalError && error.more.code) return error.message;
    throw thrown;
  }
}

function remembered(known: store.KnownTable | undefined) {
  if (!known?.content || !known.changed_at || !known.since) return undefined;
  return {
    content: known.content,
    changed_at: new Date(known.changed_at),
    since: new Date(known.since),
    look_at: known.look_at ? new Date(known.look_at) : null,
  };
}

function row(known: store.KnownTable | undefined) {
  if (!known?.dashboard_content || !known.run || !known.run_at) return undefined;
  const { dashboard_content: content, run, busy, archived, deleted } = known;
  return { content, run, run_at: new Date(known.run_at), busy, archived, deleted };
}
