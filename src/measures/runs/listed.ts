import type { Db } from "../../external/postgres/postgres.ts";
import { columnOf, type TableFacts, tableOf } from "../facts.ts";
import { pathMeasure } from "../readers/objects.ts";
import { allOf } from "../readers/conditions.ts";
import { conditions, numberOf, textOf } from "../sql.ts";
import { keysOf, ofKnownRun, pickedRuns, runOf } from "./runs.ts";

/** The paths of one run that a report listed, and whether its length limit cut off failing ones. */
export type Listed = { paths: number; cut: number | null };

type List = { run: unknown; part: string; paths: number; best: number } & Record<string, unknown>;

/** Lengths that a report's list of paths is cut at: 10, 20, 25, 50, 100 … */
const isRound = (n: number) =>
  n >= 10 && [1, 2, 2.5, 5].some((k) => Number.isInteger(Math.log10(n / k)));

/** Whether a list of a round length ends with a path that still fails; its length, else null. */
function cutOf(lists: List[]): number | null {
  const paths = lists.reduce((sum, list) => sum + list.paths, 0);
  return isRound(paths) && lists.every(({ best }) => best < 0) ? paths : null;
}

/** Each newest run's lists of one check, by `keyOfRun`. Empty where the table lists no paths. */
export async function readListed(
  reader: Db,
  facts: TableFacts,
  check: "setup" | "hold",
): Promise<Map<string, Listed>> {
  const measure = pathMeasure(facts, `${check}_tns`);
  const slack = columnOf(facts.columns, "slack");
  if (!measure || !slack) return new Map();
  const keys = keysOf(facts);
  // A report limits its paths for each group, for each corner, or in all.
  const parts = [columnOf(facts.columns, "path_group"), facts.mapping.corner]
    .map((column) => column ? `COALESCE(${textOf(column)}, '')` : "''");
  const by = [...keys, runOf(facts).key, ...parts];
  const names = [...keys.map((_, i) => `k${i}`), "run", "path_group", "corner"];
  const value = numberOf(slack);
  const where = allOf(measure.where, `${value} IS NOT NULL`);
  const rows = await reader.unsafe(
    `SELECT ${by.map((sql, i) => `${sql} AS ${names[i]}`).join(", ")},
       pg_catalog.count(*)::float8 AS paths, pg_catalog.max(${value}) AS best
     FROM ${tableOf(facts)}${conditions([where, ofKnownRun(facts), pickedRuns(facts, [], 1)])}
     GROUP BY ${by.map((_, i) => i + 1).join(", ")}`,
  ) as unknown as List[];
  const runs = Map.groupBy(
    rows,
    (row) => keyOfRun(keys.map((_, i) => String(row[`k${i}`])), row.run),
  );
  return new Map(runs.entries().map(([key, lists]) => [key, listed(lists)]));
}

function listed(lists: List[]): Listed {
  const cuts = [
    ...["path_group", "corner"].flatMap((part) =>
      Map.groupBy(lists, (row) => row[part]).values().toArray()
    ),
    ...lists.map((list) => [list]),
    lists,
  ].map(cutOf).filter((paths) => paths !== null);
  return {
    paths: lists.reduce((sum, { paths }) => sum + paths, 0),
    cut: cuts.length > 0 ? Math.max(...cuts) : null,
  };
}

/** One run of one group as a text. */
export function keyOfRun(keys: string[], run: unknown): string {
  return JSON.stringify([keys, run]);
}
