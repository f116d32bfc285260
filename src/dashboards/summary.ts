import { columnOf, type TableFacts, tableOf } from "../boards/facts.ts";
import { quoteName } from "../boards/sql.ts";
import type { Db, Sql } from "../external/postgres.ts";
import { type Measure, measuresOf, writtenUnit } from "./summary_measures.ts";
import { headline, inOrder, type KeyNumber, keyNumber, NAMES } from "./summary_number.ts";
import { keysOf, numbersQuery } from "./summary_query.ts";
import { explain } from "./summary_why.ts";

/** What a run's row says of it. */
export type Summary = { numbers: KeyNumber[]; why: string | null };

/** What stands on one row: more would be read by nobody. */
const MOST_NUMBERS = 200;
/** Different metrics of a long table that are looked at: METRICS 2.1 knows about 400. */
const MOST_METRICS = 2000;

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

async function readSummary(reader: Db, facts: TableFacts): Promise<Summary> {
  const measures = measuresOf(facts, await readMetrics(reader, facts));
  if (measures.length === 0 || facts.rows === 0) return { numbers: [], why: null };
  const rows = await reader.unsafe(numbersQuery(facts, measures)) as unknown as Row[];
  const runs = rows.map((row) => ({
    ...row,
    keys: keysOf(facts).map((_, i) => textIn(row[`g${i}`])),
  }));
  const now = runs.filter((run) => run.now);
  const chosen = NAMES.flatMap((name) =>
    measures.map((measure, i) => ({ measure, i }))
      .find(({ measure, i }) =>
        measure.name === name && now.some((run) => read(run, measure, i))
      ) ??
      []
  );
  const found = now.flatMap((run) => {
    const before = runs.find((other) => !other.now && sameGroup(other, run));
    return chosen.flatMap(({ measure, i }) => {
      const value = read(run, measure, i);
      const last = before && read(before, measure, i);
      if (!value) return [];
      return [{ number: keyNumber(measure.name, groupOf(run.keys), value, last), run, measure }];
    });
  });
  const numbers = inOrder(found.map(({ number }) => number)).slice(0, MOST_NUMBERS);
  const first = headline(numbers);
  const moved = found.find(({ number }) => number === first);
  const why = moved &&
    await explain(reader, facts, measures, {
      ...moved,
      keys: moved.run.keys,
      alone: now.length === 1,
    });
  return { numbers, why: why ?? null };
}

type Keys = (string | null)[];
type Row = { now: boolean } & Record<string, unknown>;

const textIn = (value: unknown) => typeof value === "string" ? value : null;
const sameGroup = (a: { keys: Keys }, b: { keys: Keys }) =>
  JSON.stringify(a.keys) === JSON.stringify(b.keys);

/** "design platform variant", each part at most 200 characters; null where the row names none. */
function groupOf(keys: Keys): string | null {
  const parts = keys.filter((key) => key !== null).map((key) => [...key].slice(0, 200).join(""));
  return parts.join(" ").trim() || null;
}

/** A run's value in its unit; undefined where there is none, or its rows speak of several units. */
function read(run: Record<string, unknown>, { across, unit, unit_of }: Measure, i: number) {
  const stored = run[`v${i}`];
  if (typeof stored !== "number" || !Number.isFinite(stored)) return undefined;
  // What was added up has the noise of binary fractions: -0.12 and -0.02 are -0.14.
  const added = across === "sum" && !Number.isInteger(stored);
  const value = (added ? Number(stored.toPrecision(14)) : stored) + 0;
  if (!unit_of) return { value, unit };
  const [low, high] = [run[`min${i}`], run[`max${i}`]].map((text) => writtenUnit(textIn(text)));
  return low === high ? { value, unit: low ?? unit } : undefined;
}

/** The names of a long table's metrics, in the alphabet's order; none where it is no long table. */
async function readMetrics(reader: Db, facts: TableFacts): Promise<string[]> {
  const metric = columnOf(facts.columns, "metric");
  if (!metric) return [];
  const rows = await reader.unsafe(
    `SELECT DISTINCT ${quoteName(metric.name)}::pg_catalog.text AS name FROM ${tableOf(facts)}
     WHERE ${quoteName(metric.name)} IS NOT NULL ORDER BY 1 LIMIT ${MOST_METRICS}`,
  ) as unknown as { name: string }[];
  return rows.map(({ name }) => name);
}
