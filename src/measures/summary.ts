import type { Db, Sql } from "../external/postgres.ts";
import type { Meaning } from "./columns.ts";
import type { TableFacts } from "./facts.ts";
import type { Measure } from "./measure.ts";
import { measuresOf } from "./measures.ts";
import { headline, inOrder, type KeyNumber, keyNumber, NAMES, type NumberName } from "./number.ts";
import { ofKnownRun } from "./runs.ts";
import { writtenUnit } from "./units.ts";
import { runValues } from "./values.ts";
import { explain } from "./why.ts";

/** What a run's row says of it. */
export type Summary = { numbers: KeyNumber[]; why: string | null };

/** What stands on one row: more would be read by nobody. */
const MOST_NUMBERS = 200;
/** Groups of one newest run that are read; the others are on the board. */
const MOST_GROUPS = 200;

/** Which meanings may stand for a number, the plainest first. */
const MEANINGS: Partial<Record<NumberName, Meaning[]>> = {
  violations: ["violations", "setup_violations", "hold_violations"],
};

export type Named = Measure & { name: NumberName };

/** The measures of a table that are key numbers, in the order of their names. */
export function keyMeasures(facts: TableFacts): Named[] {
  return NAMES.flatMap((name) => {
    const [first] = measuresOf(facts, MEANINGS[name] ?? [name as Meaning]);
    return first ? [{ ...first, name }] : [];
  });
}

/**
 * The numbers of the newest run (the rows that share the greatest run time, each group for itself), at
 * most 200, the groups that need attention first, and why the first of them moved. Reads the table as the
 * reader role; throws what postgres.js throws.
 */
export async function summarize(reader: Sql, facts: TableFacts): Promise<Summary> {
  return await reader.begin("read only", async (tx) => {
    // A table that was just loaded has no statistics: without these, a million paths are sorted by
    // their endpoints on disk (3.0 s); hashed in memory it is 1.3 s.
    await tx.unsafe("SET LOCAL enable_sort = off; SET LOCAL work_mem = '64MB'");
    return await readSummary(tx, facts);
  });
}

type Run = { keys: string[]; at_ms: number | null } & Record<string, unknown>;

/** The newest run of each group and the one before it, the group that ran last first. */
async function readRuns(reader: Db, facts: TableFacts, measures: Measure[]): Promise<Run[]> {
  const names = facts.group_columns.map((_, i) => `k${i}`);
  const of = names.length > 0 ? `PARTITION BY ${names.join(", ")}` : "";
  const values = runValues(facts, measures, { where: [ofKnownRun(facts)], newest: 2 });
  const rows = await reader.unsafe(
    `SELECT *, (extract(epoch FROM at) * 1000)::float8 AS at_ms FROM (${values}) r ORDER BY pg_catalog.max(o) OVER (${of}) DESC NULLS LAST${
      names.map((name) => `, ${name}`).join("")
    }, o DESC NULLS LAST LIMIT ${2 * MOST_GROUPS}`,
  ) as unknown as Run[];
  return rows.map((row) => ({ ...row, keys: names.map((name) => String(row[name])) }));
}

async function readSummary(reader: Db, facts: TableFacts): Promise<Summary> {
  const measures = keyMeasures(facts);
  if (measures.length === 0 || facts.rows === 0) return { numbers: [], why: null };
  const runs = await readRuns(reader, facts, measures);
  const groups = [...Map.groupBy(runs, ({ keys }) => JSON.stringify(keys)).values()];
  const now = groups.filter(([run]) => run!.at_ms === runs[0]!.at_ms);
  const found = now.flatMap(([run, before]) =>
    measures.flatMap((measure, i) => {
      const value = valueIn(run!, facts, measure, i);
      if (!value) return [];
      const then = before && valueIn(before, facts, measure, i);
      return [{
        number: keyNumber(measure.name, groupOf(facts, run!.keys), value, then),
        run: run!,
        measure,
      }];
    })
  );
  const numbers = inOrder(found.map(({ number }) => number)).slice(0, MOST_NUMBERS);
  const first = headline(numbers);
  const moved = found.find(({ number }) => number === first);
  const why = moved &&
    await explain(reader, facts, { ...moved, keys: moved.run.keys, alone: now.length === 1 });
  return { numbers, why: why ?? null };
}

const NAMING = ["design", "platform", "variant"];

/** "design platform variant", each part at most 200 characters; null where the row names none. */
function groupOf({ group_columns }: TableFacts, keys: string[]): string | null {
  const rank = (i: number) => NAMING.indexOf(group_columns[i]!.meaning!);
  const named = keys.map((key, i) => ({ key, i })).toSorted((a, b) => rank(a.i) - rank(b.i));
  const parts = named.filter(({ key }) => key !== "").map(({ key }) =>
    [...key].slice(0, 200).join("")
  );
  return parts.join(" ").trim() || null;
}

/** A run's value in its unit; undefined where there is none, or nothing puts its rows in order. */
function valueIn(
  run: Run,
  facts: TableFacts,
  { rows, folds, of_endpoint, objects, ...measure }: Measure,
  i: number,
) {
  const stored = run[`v${i}`];
  if (typeof stored !== "number" || !Number.isFinite(stored)) return undefined;
  if (!facts.time && !objects && Number(run.n) > 1) return undefined;
  const sums = rows === "sum" || of_endpoint || Object.values(folds).includes("sum");
  // What was added up has the noise of binary fractions: -0.12 and -0.02 are -0.14.
  const value = (sums && !Number.isInteger(stored) ? Number(stored.toPrecision(14)) : stored) + 0;
  if (!measure.stated) return { value, unit: measure.symbol };
  const [low, high] = [run[`lo${i}`], run[`hi${i}`]].map((text) =>
    writtenUnit(text as string | null)
  );
  return low === high ? { value, unit: low ?? null } : undefined;
}
