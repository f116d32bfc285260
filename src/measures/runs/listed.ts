import type { Db } from "../../external/postgres/postgres.ts";
import { columnOf, type TableFacts, tableOf } from "../facts.ts";
import { ofCheck } from "../readers/conditions.ts";
import { pathMeasure } from "../readers/objects.ts";
import { conditions, numberOf, textOf } from "../sql.ts";
import { keysOf, knownRuns, ofKnownRun, runOf } from "./runs.ts";

/** A report's number of listed paths, and the round limit that cut off failing ones. */
export type Listed = { paths: number; cut: number | null };
type Check = "setup" | "hold";

type List = { check: Check; run: unknown; paths: number; best: number } & Record<string, unknown>;

/** Usual limits of reports: 10, 20, 25, 50, 100 … */
const isRound = (n: number) =>
  n >= 10 && [1, 2, 2.5, 5].some((k) => Number.isInteger(Math.log10(n / k)));

/** Set when a list has a round length and its last path fails. */
function cutOf(lists: List[]): number | null {
  const paths = lists.reduce((sum, list) => sum + list.paths, 0);
  return isRound(paths) && lists.every(({ best }) => best < 0) ? paths : null;
}

/** By `keyOfList`; empty for tables without paths. */
export async function readListed(reader: Db, facts: TableFacts): Promise<Map<string, Listed>> {
  const slack = columnOf(facts.columns, "slack");
  const measure = pathMeasure(facts, "setup_tns");
  if (!measure || !slack) return new Map();
  const names = [...keysOf(facts).map((_, i) => `k${i}`), "run", "check", "path_group", "corner"];
  // Reports limit paths per group, per corner, or in total.
  const parts = [columnOf(facts.columns, "path_group"), facts.mapping.corner]
    .map((column) => column ? `COALESCE(${textOf(column)}, '')` : "''");
  const [hold, setup] = [ofCheck(facts, "hold"), ofCheck(facts, "setup") ?? "true"];
  const check = `CASE WHEN ${hold ?? "false"} THEN 'hold' WHEN ${setup} THEN 'setup' END`;
  const by = [...keysOf(facts), runOf(facts).key, check, ...parts];
  const value = numberOf(slack);
  const rows = await reader.unsafe(
    `SELECT ${by.map((sql, i) => `${sql} AS "${names[i]}"`).join(", ")},
       pg_catalog.count(*)::float8 AS paths, pg_catalog.max(${value}) AS best
     FROM ${tableOf(facts)}${
      conditions([knownRuns(facts, 1), ofKnownRun(facts), `${value} IS NOT NULL`])
    } GROUP BY ${by.map((_, i) => i + 1).join(", ")}`,
  ) as unknown as List[];
  const runs = Map.groupBy(rows, (row) => {
    const keys = keysOf(facts).map((_, i) => String(row[`k${i}`]));
    return keyOfList(row.check, keys, row.run);
  });
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

export function keyOfList(check: Check, keys: string[], run: unknown): string {
  return JSON.stringify([check, keys, run]);
}
