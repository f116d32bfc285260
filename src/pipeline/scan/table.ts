import { ExternalError } from "../../errors.ts";
import { DEADLINES, withDeadline } from "../../external/postgres/deadlines.ts";
import { asExternal, type Sql, sqlState } from "../../external/postgres/postgres.ts";
import { type Content, contentOf, isOfShape, keptContent } from "./content.ts";
import { decide, type Limits } from "./debounce.ts";
import type { Relation } from "./relations.ts";
import { traced } from "../../external/trace/span.ts";
import { beginRun } from "../row.ts";
import * as store from "./store.ts";
import type { Log } from "../../external/log/log.ts";

/** `batch`: the ID of the batch that a new table joins. */
type Deps = { db: Sql; limits: Limits; log: Log; batch: () => Promise<number> };
type Database = Pick<store.ChangedDatabase, "user_id" | "kind" | "now">;
/** `former`: the row of the table's previous name. */
export type Scanned = {
  table: Relation;
  known: store.KnownTable | undefined;
  former: store.KnownTable | undefined;
};

/** Returns the number of a new run. */
export async function scanTable(
  deps: Deps,
  reader: Sql,
  { user_id, kind, now: time }: Database,
  { table, known, former }: Scanned,
): Promise<number | undefined> {
  const { schema_name, table_name, counter } = table;
  const now = new Date(time);
  if (known && (isUntouched(table, known) || isSlow(known, now))) return undefined;
  const seen = await read(reader, table, known);
  if ("why" in seen) {
    const { why, content } = seen;
    const seconds = content === SLOW ? SLOW_RETRY_SECONDS : RETRY_SECONDS;
    const scan_at = new Date(now.getTime() + seconds * 1000);
    const isStill = content === "" && known?.content === content && known.since;
    const since = isStill ? new Date(known.since!) : now;
    const state = { schema_name, table_name, counter, content, changed_at: now, since };
    await store.rememberTable(deps.db, user_id, kind, { ...state, why, scan_at });
    return undefined;
  }
  const { found, ...decision } = decide(
    now,
    { ...seen, writing: table.writing },
    remembered(known),
    rowOf(known),
    deps.limits,
  );
  const state = { schema_name, table_name, counter, content: seen.content, ...decision };
  if (found && former) {
    await store.renameDashboard(deps.db, { ...former, id: former.id!, user_id, kind }, table);
    await store.rememberTable(deps.db, user_id, kind, { ...state, scan_at: now });
    return undefined;
  }
  const isNew = !known?.id || known.deleted === true;
  const run = found ? await begin(deps, { user_id, kind }, state, seen.rows, isNew) : undefined;
  await store.rememberTable(deps.db, user_id, kind, state);
  return run;
}

async function begin(
  { db, log, batch }: Deps,
  { user_id, kind }: Pick<Database, "user_id" | "kind">,
  state: Parameters<typeof beginRun>[2],
  rows: number,
  isNew: boolean,
): Promise<number | undefined> {
  const batch_id = isNew ? await batch() : undefined;
  const span = { name: "scan", attributes: { "dashkeeper.kind": kind } };
  const begun = await traced(span, () => beginRun(db, { user_id, kind }, state, rows, batch_id));
  if (!begun) return undefined;
  const { id: dashboard_id, run, request_id } = begun;
  const { schema_name, table_name } = state;
  const row = { dashboard_id, user_id, kind, schema_name, table_name, run, rows };
  log.info("A new run was found.", { request_id, ...row });
  return run;
}

function isUntouched(table: Relation, known: store.KnownTable): boolean {
  return known.counter === table.counter && !known.scan_at && !table.writing && !known.archived &&
    isOfShape(known.content, table);
}

type Unread = { why: string; content: "" | typeof SLOW };
const RETRY_SECONDS = 60;
/** Each attempt costs the full time limit and delays others. */
const SLOW_RETRY_SECONDS = 600;
const SLOW = "slow";

const isSlow = ({ content, scan_at }: store.KnownTable, now: Date) =>
  content === SLOW && new Date(scan_at!) > now;

const unread = (why: string, content: Unread["content"] = ""): Unread => ({ why, content });

async function read(
  reader: Sql,
  table: Relation,
  known: store.KnownTable | undefined,
): Promise<Content | Unread> {
  if (!table.readable) {
    return unread("the reader role has no permission: grant it SELECT (and USAGE on its schema)");
  }
  // Size and rows would wait for the lock, and so would every other table.
  if (table.locked) return unread("an open transaction locks it");
  if (!table.populated) return unread("it holds no data yet: run REFRESH MATERIALIZED VIEW");
  try {
    const content = known?.counter === table.counter && keptContent(table, known.content) ||
      await withDeadline(DEADLINES.scan, () => contentOf(reader, table));
    if (content.rows > 0 || !table.row_security || table.stored_rows === 0) return content;
    return unread("row-level security hides all rows from the reader role: add a policy");
  } catch (thrown) {
    return whyUnread(thrown);
  }
}

function whyUnread(thrown: unknown): Unread {
  if (sqlState(thrown) === "57014") {
    const limit = DEADLINES.scan.statement / 1000;
    const why = `reading it took longer than ${limit} s; next attempt in 10 minutes`;
    return unread(why, SLOW);
  }
  const error = asExternal(thrown);
  if (error instanceof ExternalError && error.more.code) return unread(error.message);
  throw thrown;
}

function remembered(known: store.KnownTable | undefined) {
  if (!known?.content || !known.changed_at || !known.since) return undefined;
  return {
    content: known.content,
    changed_at: new Date(known.changed_at),
    since: new Date(known.since),
    scan_at: known.scan_at ? new Date(known.scan_at) : null,
  };
}

function rowOf(known: store.KnownTable | undefined) {
  // A tombstone's content may be empty: then the table counts as new.
  if (typeof known?.dashboard_content !== "string" || !known.run || !known.run_at) return undefined;
  const { dashboard_content: content, run, busy, archived, deleted } = known;
  return { content, run, run_at: new Date(known.run_at), busy, archived, deleted };
}
