import type { FormatEntry, Known } from "../entry.ts";
import { type CanonicalTable, spellings } from "./column.ts";
import { COMMON } from "./run_columns.ts";
import { drcSummary, violations } from "./drc.ts";
import { areas, metrics, powers, runs, tests } from "./qor.ts";
import { clocks, paths, timingSummary } from "./timing.ts";

/** The tables that imports and the sample write; the first whose columns are all there is the one. */
export const TABLES: readonly CanonicalTable[] = [
  ...[paths, timingSummary, clocks],
  ...[metrics, tests, powers, areas, runs],
  ...[violations, drcSummary],
];

/** Tools that check the same rules are compared, so DRC has no corners. */
const isIgnored = (kind: string, name: string) => kind === "drc" && name === "corner";

function entryOf({ kind, name, columns }: CanonicalTable): FormatEntry {
  const all = Object.entries({ ...COMMON, ...columns });
  return {
    name: `Dashkeeper ${kind} ${name}`,
    source: "docs/imports.md",
    needs: all.filter(([, { always }]) => always).map(([name]) => name),
    spellings: all.filter(([, { units, meaning }]) => units && meaning)
      .map(([name, column]) => spellings(name, column)),
    columns: Object.fromEntries(
      all.flatMap(([name, column]): [string, Known][] =>
        spellings(name, column).map((
          spelled,
        ) => [spelled, isIgnored(kind, name) ? null : column.meaning])
      ),
    ),
  };
}

/** Other imported tables: their own columns are read by their names. */
const imported: FormatEntry = {
  name: "Dashkeeper import",
  source: "docs/imports.md",
  needs: Object.keys(COMMON),
  columns: Object.fromEntries(Object.entries(COMMON).map(([name, { meaning }]) => [name, meaning])),
};

export const canonical: readonly FormatEntry[] = [...TABLES.map(entryOf), imported];
