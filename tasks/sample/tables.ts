import { drcTables } from "./drc.ts";
import type { Options, Table } from "./flow.ts";
import { qorTables } from "./qor.ts";
import { timingTables } from "./timing.ts";

export type { Cell, Options, Table } from "./flow.ts";
export type Kind = "timing" | "qor" | "drc";

/**
 * Generated EDA runs, one a day from `firstRun`. The same seed and run number give the same figures, so
 * `runs: 1, runOffset: 30` makes what would have been the 31st run.
 */
export function sampleTables(kind: Kind, options: Options): Table[] {
  return { timing: timingTables, qor: qorTables, drc: drcTables }[kind](options);
}
