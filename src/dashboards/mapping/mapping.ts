import { audited, type AuditedAction } from "../../audit/audit.ts";
import { AppError, ExternalError, type Issue } from "../../errors.ts";
import { DEADLINES, withDeadline } from "../../external/postgres/deadlines.ts";
import { asExternal, asUnavailable, type Db, type Sql } from "../../external/postgres/postgres.ts";
import { type Described, describeMapping } from "../../measures/describe.ts";
import type { TableFacts } from "../../measures/facts.ts";
import { readFirstRows } from "../../measures/first_rows.ts";
import { type Correction, over } from "../../measures/mapping/correction.ts";
import type { Fault } from "../../measures/mapping/parts.ts";
import { findCorrection, removeCorrection, saveCorrection } from "../../measures/mapping/store.ts";
import { faultsOf } from "../../measures/measures.ts";
import { readTable } from "../../measures/read.ts";
import { lockLive, redraw } from "../../pipeline/row.ts";
import type { Who } from "../../who.ts";
import { withReader } from "../../workspaces/reader.ts";
import type { Deps } from "../../workspaces/reader.ts";
import { changeableDashboard, visibleDashboard } from "../listing.ts";

type Row = Awaited<ReturnType<typeof visibleDashboard>>;

/** Throws 404, 409 `archived` or `table_unreadable`, and 503. */
export async function showMapping(deps: Deps, who: Who, id: number): Promise<Described> {
  const row = await visibleDashboard(deps.db, who, id);
  if (row.archived_at) throw archived();
  return describeMapping(await factsOf(deps, row, await findCorrection(deps.db, row)));
}

export type Reading = {
  mapping: Described;
  columns: string[];
  /** Columns ignored by a person or a comment. */
  dropped: string[];
  rows: (string | null)[][];
  /** True for a long table, whose numbers are rows. */
  is_long: boolean;
};

/** When reading takes longer, the page is shown without the mapping. */
const PAGE = DEADLINES.aside;

/** Like showMapping(), with the first rows, or a sentence when the table cannot be read. */
export async function showReading(deps: Deps, row: Row): Promise<Reading | { unreadable: string }> {
  try {
    const correction = await findCorrection(deps.db, row);
    return await withTable(deps, row, correction, async (reader, facts) => ({
      mapping: describeMapping(facts),
      columns: facts.mapping.names,
      dropped: facts.mapping.names.filter((name) =>
        !facts.columns.some((one) => one.name === name)
      ),
      rows: await readFirstRows(reader, facts),
      is_long: facts.metrics.length > 0,
    }), PAGE);
  } catch (error) {
    const known = error instanceof AppError ? error : asUnavailable(error);
    if (!known) throw error;
    return { unreadable: known.message };
  }
}

/** Also repeats the run's board, numbers, preview and message. Throws 422 with issues, and as showMapping(). */
export async function changeMapping(
  deps: Deps,
  who: Who,
  id: number,
  change: Correction,
): Promise<Described> {
  const row = await changeableDashboard(deps.db, who, id);
  const correction = over(await findCorrection(deps.db, row) ?? {}, change);
  const facts = await liveFacts(deps, row, correction);
  const issues = facts ? faultsOf(facts).flatMap((fault) => issueOf(fault, change)) : [];
  if (issues.length > 0) throw invalidInput(issues);
  await save(deps, who, row, async (tx) => {
    const now = over(await findCorrection(tx, row) ?? {}, change);
    return Object.keys(change).length > 0 && await saveCorrection(tx, row, now);
  });
  return describeMapping(facts!);
}

/** Removes the correction. Returns and throws as changeMapping() does. */
export async function resetMapping(deps: Deps, who: Who, id: number): Promise<Described> {
  const row = await changeableDashboard(deps.db, who, id);
  const facts = await liveFacts(deps, row);
  await save(deps, who, row, (tx) => removeCorrection(tx, row));
  return describeMapping(facts!);
}

export const invalidInput = (issues: Issue[]) =>
  new AppError("invalid_input", 422, "The input is invalid, see `issues`.", { issues });

const archived = () =>
  new AppError("archived", 409, "The table of this dashboard no longer exists.");

/** `change` returns whether anything changed. Throws 409 `archived`. */
async function save(deps: Deps, who: Who, row: Row, change: (tx: Db) => Promise<boolean>) {
  const subject = `${row.username}/${row.kind}/${row.schema_name}.${row.table_name}`;
  const action: AuditedAction = { action: "mapping.change", subject, user_id: row.user_id };
  await audited(deps.db, who, action, async (tx) => {
    if (!await lockLive(tx, row.id)) throw archived();
    if (await change(tx)) await redraw(tx, row.id);
  });
}

/** Undefined for a dropped table: save() refuses it and writes the audit entry. */
async function liveFacts(deps: Deps, row: Row, correction?: Correction) {
  return row.archived_at ? undefined : await factsOf(deps, row, correction);
}

const factsOf = (deps: Deps, row: Row, correction?: Correction) =>
  withTable(deps, row, correction, (_, facts) => Promise.resolve(facts));

async function withTable<T>(
  deps: Deps,
  { user_id, kind, schema_name, table_name }: Row,
  correction: Correction | undefined,
  work: (reader: Sql, facts: TableFacts) => Promise<T>,
  deadline = DEADLINES.board,
): Promise<T> {
  try {
    return await withDeadline(
      deadline,
      () =>
        withReader(
          deps,
          user_id,
          kind,
          async (reader) =>
            await work(reader, await readTable(reader, schema_name, table_name, kind, correction)),
        ),
    );
  } catch (error) {
    const known = asExternal(error);
    if (asUnavailable(error) || !(known instanceof ExternalError)) throw error;
    throw new AppError("table_unreadable", 409, known.message);
  }
}

/** None when the request does not contain the faulty part. */
function issueOf({ path, message }: Fault, change: Correction): Issue[] {
  const [part, ...rest] = path.split(".");
  if (!Object.hasOwn(change, part!)) return [];
  if (part !== "measures") return [{ path, message }];
  const at = change.measures!.findIndex(({ name }) => name === rest[0]);
  return at < 0 ? [] : [{ path: ["measures", at, ...rest.slice(1)].join("."), message }];
}
