import { AppError, unavailable } from "../../errors.ts";
import { pause } from "../../external/abort.ts";
import { copyIn } from "../../external/postgres/copy.ts";
import type { Db } from "../../external/postgres/postgres.ts";
import type { Changes, Existing } from "./fit.ts";
import { KEY, type Key, type TablePlan } from "./plan.ts";

const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`;
const tableOf = (name: string) => `public.${quoted(name)}`;
const list = (names: string[]) => names.map(quoted).join(", ");

const LOCK_POLL_MS = 100;
const LOCK_WAIT_MS = 120_000;

/** Prepares a transaction that waits for other databases: a session that dies ends it. */
export async function beginImport(tx: Db): Promise<void> {
  await tx`select pg_catalog.set_config('idle_in_transaction_session_timeout', '0', true),
    pg_catalog.set_config('synchronous_commit', 'on', true)`;
}

/** Imports into one table wait for each other. Throws 503 `table_busy`. */
export async function lockTables(tx: Db, names: string[], signal: AbortSignal): Promise<void> {
  const end = performance.now() + LOCK_WAIT_MS;
  for (const name of names.toSorted()) {
    for (;;) {
      const [row] = await tx<{ taken: boolean }[]>`
        select pg_catalog.pg_try_advisory_xact_lock(
          pg_catalog.hashtextextended(${`dashkeeper import ${name}`}, 0)) as taken`;
      if (row!.taken) break;
      signal.throwIfAborted();
      if (performance.now() > end) {
        throw unavailable("table_busy", `Another import writes to public.${name}: try again.`);
      }
      await pause(LOCK_POLL_MS, signal);
    }
  }
}

/** Undefined: there is no such table. Throws 409 for what cannot be written to. */
export async function existingColumns(tx: Db, name: string): Promise<Existing[] | undefined> {
  const [table] = await tx<{ oid: number; relkind: string }[]>`
    select c.oid::int8 as oid, c.relkind::text from pg_catalog.pg_class c
      join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where n.nspname = 'public' and c.relname = ${name}`;
  if (!table) return undefined;
  if (!"rp".includes(table.relkind)) {
    const message = `public.${name} is no table that takes rows. Choose another one: table=NAME.`;
    throw new AppError("table_conflict", 409, message);
  }
  return await tx<Existing[]>`
    select attname::text as name, pg_catalog.format_type(atttypid, atttypmod) as type,
      attgenerated <> '' or attidentity = 'a' as is_generated
    from pg_catalog.pg_attribute where attrelid = ${table.oid}::int8::oid and attnum > 0
      and not attisdropped
    order by attnum`;
}

async function createTable(tx: Db, { name, columns, first }: TablePlan): Promise<void> {
  const own = columns.filter((column) => !first.some((one) => one.name === column.name));
  const all = [...first, ...own].map(({ name, type }) => `${quoted(name)} ${type}`);
  await tx.unsafe(`create table ${tableOf(name)} (${all.join(", ")})`);
  await tx.unsafe(`create index on ${tableOf(name)} (design, run_ts)`);
}

/** Makes the table fit. Returns the types of its columns, and whether it is new. */
export async function fitTable(
  tx: Db,
  plan: TablePlan,
  fit: (existing: Existing[]) => Changes,
): Promise<{ types: Map<string, string>; created: boolean }> {
  const existing = await existingColumns(tx, plan.name);
  if (!existing) {
    await createTable(tx, plan);
    return { types: new Map(plan.columns.map(({ name, type }) => [name, type])), created: true };
  }
  const { add, widen, types } = fit(existing);
  const changes = [
    ...add.map(({ name, type }) => `add column ${quoted(name)} ${type}`),
    ...widen.map(({ name, type }) => `alter column ${quoted(name)} type ${type}`),
  ];
  if (changes.length > 0) {
    await tx.unsafe(`alter table ${tableOf(plan.name)} ${changes.join(", ")}`);
  }
  return { types, created: false };
}

/** Deletes the rows of earlier imports with these keys, where the table has the columns. */
export async function deleteRows(tx: Db, name: string, keys: Key[]): Promise<void> {
  const columns = await existingColumns(tx, name);
  if (!columns || keys.length === 0) return;
  if (KEY.some((key) => !columns.some((column) => column.name === key))) return;
  const values = KEY.map((_, i) => keys.map((key) => key[i] ?? ""));
  const designs = [...new Set(keys.map((key) => key[1] ?? ""))];
  const same = KEY.map((key) =>
    `coalesce(t.${quoted(key)}::pg_catalog.text, '') = k.${quoted(key)}`
  );
  const arrays = KEY.map((_, i) => `$${i + 2}::pg_catalog.text[]`).join(", ");
  // The index finds the rows of designs, unless a row has none.
  const within = designs.includes("") ? "true" : "t.design::pg_catalog.text = any($1)";
  await tx.unsafe(
    `delete from ${tableOf(name)} t using unnest(${arrays}) k (${list([...KEY])})
     where ($1::pg_catalog.text[] is null or ${within}) and ${same.join(" and ")}`,
    [designs, ...values],
  );
}

export async function copyRows(
  tx: Db,
  { name, columns }: TablePlan,
  blocks: AsyncIterable<Uint8Array>,
): Promise<void> {
  const names = columns.map((column) => column.name);
  await copyIn(tx, `copy ${tableOf(name)} (${list(names)}) from stdin`, blocks);
}
