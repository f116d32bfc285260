import type { Db } from "../../external/postgres/postgres.ts";
import { type Kind, KINDS } from "../../workspaces/names.ts";
import { asOwner, type OpenWorkspace } from "../../workspaces/reader.ts";
import type { Reading } from "../reading.ts";
import { changesFor } from "./fit.ts";
import { copyPlan, type FileValues, type Key, type TablePlan } from "./plan.ts";
import { asImportError, partlyWritten } from "./refusals.ts";
import { beginImport, copyRows, deleteRows, fitTable, lockTables } from "./table_store.ts";

/** Rows of a former import of the same that has gone into a table which this one does not write. */
export type Leftover = { kind: Kind; name: string; keys: Key[] };

export type Job = {
  opened: OpenWorkspace;
  reading: Reading;
  plans: TablePlan[];
  leftovers: Leftover[];
  values: FileValues[];
  append: boolean;
};
export type Written = { kind: Kind; name: string; table: number; created: boolean };

async function writeDatabase(tx: Db, kind: Kind, job: Job, signal: AbortSignal) {
  const plans = job.plans.filter((plan) => plan.kind === kind);
  const leftovers = job.leftovers.filter((one) => one.kind === kind);
  await lockTables(tx, [...plans, ...leftovers].map(({ name }) => name), signal);
  const written: Written[] = [];
  for (const plan of plans) {
    const { types, created } = await fitTable(
      tx,
      plan,
      (existing) => changesFor(plan.name, existing, plan.columns),
    );
    if (!created && !job.append) await deleteRows(tx, plan.name, plan.keys);
    const lines = job.reading.lines(plan.table, copyPlan(plan, types));
    await copyRows(tx, plan, lines);
    written.push({ kind, name: plan.name, table: plan.table, created });
  }
  for (const { name, keys } of leftovers) await deleteRows(tx, name, keys);
  return written;
}

/**
 * Writes all tables as the user's owner role, or none: the databases commit one after the other when all have
 * their rows. Throws 409 `table_conflict`, 422, 503 `table_busy` or, where a later commit fails, `partly_written`.
 */
export async function writeTables(job: Job, signal: AbortSignal): Promise<Written[]> {
  const kinds = KINDS.filter((kind) =>
    [...job.plans, ...job.leftovers].some((one) => one.kind === kind)
  );
  const open: { kind: Kind; tx: Db }[] = [];
  const committed: Kind[] = [];
  let written: Written[] = [];
  let failing: Kind | undefined;

  /** The database of the first kind commits first, so its transaction is the innermost. */
  async function within(rest: readonly Kind[]): Promise<void> {
    const kind = rest.at(-1);
    if (kind === undefined) {
      for (const { kind, tx } of open.toReversed()) {
        failing = kind;
        written = [...written, ...await writeDatabase(tx, kind, job, signal)];
      }
      signal.throwIfAborted();
      return;
    }
    failing = kind;
    await asOwner(job.opened, kind, (owner) =>
      owner.begin(async (tx) => {
        await beginImport(tx);
        open.push({ kind, tx });
        await within(rest.slice(0, -1));
        failing = kind;
      }));
    committed.push(kind);
  }

  try {
    await within(kinds);
    return written;
  } catch (error) {
    const missing = kinds.filter((kind) => !committed.includes(kind));
    if (committed.length > 0) throw partlyWritten(committed, missing);
    throw asImportError(error, failing!);
  }
}
