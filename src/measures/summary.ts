import type { Db, Sql } from "../external/postgres/postgres.ts";
import type { TableFacts } from "./facts.ts";
import { keyMeasures, type Named } from "./measures.ts";
import { type KeyNumber, keyNumber, ofNewRuns } from "./number.ts";
import { hashed } from "./runs/hashed.ts";
import { hasRuns, newestFirst } from "./runs/runs.ts";
import { type Compared, doubtOf, unlike } from "./trust.ts";
import { headline, inOrder } from "./direction.ts";
import { writtenUnit } from "./names/units.ts";
import { keyOfList, type Listed, readListed } from "./runs/listed.ts";
import { type RunRow, runValues } from "./runs/values.ts";
import { explain } from "./why.ts";

/** What a run's row says of it. */
export type Summary = {
  numbers: KeyNumber[];
  why: string | null;
  /** Each group's newest run by its name or time; '' means no group. */
  run_names: Record<string, string>;
  /** Each group's newest runs as they are to be kept. */
  runs: RunNumbers[];
};

/** One run of one group: `run` is its name or time in the table, null where the table has none. */
export type RunNumbers<Run extends string | null = string | null> = {
  group: string | null;
  run: Run;
  numbers: Pick<KeyNumber, "name" | "value" | "unit" | "sure">[];
};

/**
 * What was kept of earlier runs, the newest first: the base of comparison where the table holds none.
 * `run_names`: of the groups at the run before.
 */
export type Kept = { runs: RunNumbers<string>[]; run_names: Record<string, string> };

/** On one row: nobody reads more. */
const MOST_NUMBERS = 200;
/** Groups whose newest runs are read, those that ran last; the others are on the board. */
const MOST_GROUPS = 200;

/**
 * The numbers of each group's newest run, at most 200, the groups that need attention first, and why the
 * first of them moved. Reads the table as the reader role; throws what postgres.js throws.
 */
export async function summarize(reader: Sql, facts: TableFacts, kept?: Kept): Promise<Summary> {
  if (facts.refused) throw facts.refused;
  return await hashed(reader, (tx) => readSummary(tx, facts, kept));
}

/** The newest run of each group and the one before it, the group that ran last first. */
async function readRuns(reader: Db, facts: TableFacts, measures: Named[]): Promise<RunRow[][]> {
  const names = facts.group_columns.map((_, i) => `k${i}`);
  const of = names.length > 0 ? `PARTITION BY ${names.join(", ")} ` : "";
  const values = runValues(facts, measures, { newest: 2 });
  const order = newestFirst(facts);
  const rows = await reader.unsafe(
    `SELECT *, (extract(epoch FROM at) * 1000)::float8 AS at_ms FROM (
       SELECT *, pg_catalog.row_number() OVER (${of}ORDER BY ${order}) AS nth,
         pg_catalog.max(at) OVER (${of}) AS last FROM (${values}) r) r
     ORDER BY last DESC NULLS LAST${names.map((name) => `, ${name}`).join("")}, nth LIMIT ${
      2 * MOST_GROUPS
    }`,
  ) as unknown as RunRow[];
  const read = rows.map((row) => ({ ...row, keys: names.map((name) => String(row[name])) }));
  return [...Map.groupBy(read, ({ keys }) => JSON.stringify(keys)).values()];
}

async function readSummary(reader: Db, facts: TableFacts, kept?: Kept): Promise<Summary> {
  const measures = keyMeasures(facts);
  if (measures.length === 0 || facts.rows === 0) {
    return { numbers: [], why: null, run_names: {}, runs: [] };
  }
  const groups = await readRuns(reader, facts, measures);
  const lists = await readLists(reader, facts, measures);
  const found = groups.flatMap(([run, before]) =>
    measures.flatMap((measure, i) => {
      const listed = lists(measure, run!);
      const number = numberOfRun(facts, measure, i, { run: run!, before, listed }, kept);
      return number ? [{ number, measure, run: run!, before }] : [];
    })
  );
  const run_names = Object.fromEntries(groups.flatMap(([run]) => {
    const name = runName(facts, run!);
    return name === null ? [] : [[groupOf(facts, run!.keys) ?? "", name]];
  }));
  const all = inOrder(found.map(({ number }) => number));
  const fresh = ofNewRuns(all, run_names, kept?.run_names ?? {});
  const numbers = [...fresh, ...all.filter((one) => !fresh.includes(one))].slice(0, MOST_NUMBERS);
  const first = headline(fresh);
  const moved = found.find(({ number }) => number === first);
  const why = moved?.before &&
    await explain(reader, facts, { ...moved, keys: moved.run.keys, alone: groups.length === 1 });
  const runs = groups.flat().map((run) => runNumbers(facts, measures, run));
  return { numbers, why: why || null, run_names, runs };
}

function runNumbers(facts: TableFacts, measures: Named[], run: RunRow): RunNumbers {
  const numbers = measures.flatMap((measure, i) => {
    const found = valueIn(run, measure, i);
    return found ? [{ name: measure.name, ...found, sure: measure.doubt === undefined }] : [];
  });
  return { group: groupOf(facts, run.keys), run: runName(facts, run), numbers };
}

/** What a total over listed paths is of. */
const ofListed = (listed: Listed | undefined) =>
  listed ? `Of the ${listed.paths} listed paths.` : null;

/** The paths that a run's totals are of; undefined for numbers that are no totals over listed paths. */
async function readLists(reader: Db, facts: TableFacts, measures: Named[]) {
  const ofPaths = measures.filter(({ objects, name }) => objects && /_tns$|violations$/.test(name));
  const lists = ofPaths.length > 0 ? await readListed(reader, facts) : new Map<string, Listed>();
  return (measure: Named, { keys, run }: RunRow) => {
    const check = measure.name.startsWith("hold") ? "hold" : "setup";
    return ofPaths.includes(measure) ? lists.get(keyOfList(check, keys, run)) : undefined;
  };
}

/** One number of a group's newest run, compared with the run before or with what was kept of one. */
function numberOfRun(
  facts: TableFacts,
  measure: Named,
  i: number,
  { run, before, listed }: { run: RunRow; before: RunRow | undefined; listed: Listed | undefined },
  kept?: Kept,
): KeyNumber | undefined {
  const value = valueIn(run, measure, i);
  if (!value) return undefined;
  const group = groupOf(facts, run.keys);
  const doubt = doubtOf(measure, listed);
  const then = before
    ? comparedWith(facts, measure, i, run, before)
    : keptOf(kept, measure, group, runName(facts, run));
  const number = keyNumber(measure.name, group, value, then?.value);
  return {
    ...number,
    ...(doubt && { better: null }),
    before_run: number.before === null ? null : then?.run ?? null,
    sure: doubt === undefined,
    doubt: doubt ?? (then?.why || unitReason(number, then) || ofListed(listed)),
    source: { ...measure.source, unit: value.unit },
  };
}

function unitReason({ before, unit }: KeyNumber, then: Compared | undefined): string | null {
  if (before !== null || !then?.value) return null;
  const said = (unit: string | null) => unit ? `in ${unit}` : "without a unit";
  return `This run's value is ${said(unit)}, the one before ${said(then.value.unit)}.`;
}

function comparedWith(
  facts: TableFacts,
  measure: Named,
  i: number,
  run: RunRow,
  before: RunRow,
): Compared {
  const why = unlike(measure, i, run, before);
  const value = why ? undefined : valueIn(before, measure, i);
  return { run: runName(facts, before), ...(value && { value }), ...(why && { why }) };
}

/** What was kept of an earlier run, for a table that is replaced for each run. */
function keptOf(
  kept: Kept | undefined,
  { name }: Named,
  group: string | null,
  own: string | null,
): Compared | undefined {
  // More rows of the run that was kept are no other run.
  const then = kept?.runs.find((run) => run.group === group && run.run !== own);
  const number = then?.numbers.find((one) => one.name === name);
  if (!number || number.sure === false) return undefined;
  return { run: then!.run, value: { value: number.value, unit: number.unit } };
}

/** A run's name, else its time, as text. */
function runName(facts: TableFacts, { run, at_ms }: RunRow): string | null {
  if (facts.mapping.run.names.length > 0) return String(run);
  if (!hasRuns(facts) || at_ms === null) return null;
  return `${new Date(at_ms).toISOString().slice(0, 19)}Z`;
}

const NAMING = ["design", "platform", "variant"];

/** "design platform variant", each part at most 200 characters; null where the row names none. */
function groupOf({ group_columns }: TableFacts, keys: string[]): string | null {
  const rank = (i: number) => NAMING.indexOf(group_columns[i]!.meaning!);
  const named = keys.map((key, i) => ({ key, i })).toSorted((a, b) => rank(a.i) - rank(b.i));
  const parts = named.filter(({ key }) => key !== "")
    .map(({ key }) => [...key].slice(0, 200).join(""));
  return parts.join(" ").trim() || null;
}

/** A run's value in its unit; undefined where there is none, or its rows speak of several units. */
function valueIn(run: RunRow, { rows, folds, of_endpoint, ...measure }: Named, i: number) {
  const stored = run[`v${i}`];
  if (typeof stored !== "number" || !Number.isFinite(stored)) return undefined;
  const sums = rows === "sum" || of_endpoint || Object.values(folds).includes("sum");
  // What was added up has the noise of binary fractions: -0.12 and -0.02 are -0.14.
  const value = (sums && !Number.isInteger(stored) ? Number(stored.toPrecision(14)) : stored) + 0;
  if (!measure.stated) return { value, unit: measure.symbol };
  const [low, high] = [run[`lo${i}`], run[`hi${i}`]]
    .map((text) => writtenUnit(text as string | null));
  return low === high ? { value, unit: low ?? null } : undefined;
}
