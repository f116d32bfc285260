import { z } from "@hono/zod-openapi";
import { converted } from "./names/units.ts";

/** Ordered by importance. */
export const NAMES = [
  "setup_wns",
  "setup_tns",
  "hold_wns",
  "hold_tns",
  "violations",
  "hold_violations",
  "failing_tests",
  "drc_total",
  "lvs_errors",
  "area",
  "utilization",
  "power",
  "fmax",
  "cells",
  "runtime",
] as const;
export type NumberName = typeof NAMES[number];

export const LABELS: Record<NumberName, string> = {
  setup_wns: "Setup WNS",
  setup_tns: "Setup TNS",
  hold_wns: "Hold WNS",
  hold_tns: "Hold TNS",
  violations: "Failing endpoints",
  hold_violations: "Hold failing endpoints",
  failing_tests: "Failing tests",
  drc_total: "DRC violations",
  lvs_errors: "LVS errors",
  area: "Area",
  utilization: "Utilization",
  power: "Power",
  fmax: "Fmax",
  cells: "Cells",
  runtime: "Runtime",
};

export const KeyNumber = z.object({
  name: z.enum(NAMES),
  group: z.string().nullable().openapi({ description: "Design, platform and variant." }),
  value: z.number(),
  unit: z.string().nullable(),
  before: z.number().nullable().openapi({ description: "The group's value in its previous run." }),
  change: z.number().nullable(),
  better: z.boolean().nullable().openapi({
    description: "Whether the change is an improvement; null when equal, neutral or not sure.",
  }),
  before_run: z.string().nullable().optional().openapi({
    description: "Name or time of the run that `before` comes from.",
  }),
  sure: z.boolean().optional().openapi({ description: "False: `doubt` says why." }),
  doubt: z.string().nullable().optional(),
  source: z.object({
    column: z.string(),
    metric: z.string().nullable(),
    unit: z.string().nullable(),
  }).optional().openapi({ description: "The column, metric and unit in the table." }),
}).openapi("KeyNumber");
export type KeyNumber = z.infer<typeof KeyNumber>;

/** 1: more is better; 0: neither; others: less is better. */
const GOOD: Partial<Record<NumberName, 1 | 0>> = {
  setup_wns: 1,
  setup_tns: 1,
  hold_wns: 1,
  hold_tns: 1,
  fmax: 1,
  utilization: 0,
  cells: 0,
};

export const isBetterHigh = (name: NumberName) => GOOD[name] === 1;

/** Rounds off binary noise: 15 significant digits of the larger value are exact. */
function difference(value: number, before: number): number {
  const largest = Math.max(Math.abs(value), Math.abs(before));
  const digits = 14 - Math.floor(Math.log10(largest || 1));
  return Number((value - before).toFixed(Math.min(Math.max(digits, 0), 100))) + 0;
}

/** Computes the change; `before` is converted to the unit of `now`, or dropped when that is impossible. */
export function keyNumber(
  name: NumberName,
  group: string | null,
  now: { value: number; unit: string | null },
  before: { value: number; unit: string | null } | undefined,
): KeyNumber {
  const number = { name, group, value: now.value, unit: now.unit };
  const then = before && converted(before.value, before.unit, now.unit);
  if (then === undefined) return { ...number, before: null, change: null, better: null };
  const change = difference(now.value, then);
  const good = GOOD[name] ?? -1;
  const better = change === 0 || good === 0 ? null : change * good > 0;
  return { ...number, before: then, change, better };
}

/**
 * A number compared with that of an earlier run instead of the previous one; undefined where the two differ
 * in scope, or were read from other columns.
 */
export function comparedWith(now: KeyNumber, then: KeyNumber): KeyNumber | undefined {
  const isSame = now.source?.column === then.source?.column &&
    now.source?.metric === then.source?.metric;
  if (!isSame || now.before === null || now.sure === false || then.sure === false) return undefined;
  return { ...now, ...keyNumber(now.name, now.group, now, then), before_run: null };
}

/** Numbers of groups with a run since the last message, or all. `now`, `posted`: runs by group ('' for none). */
export function ofNewRuns(
  numbers: KeyNumber[],
  now: Record<string, string>,
  posted: Record<string, string>,
): KeyNumber[] {
  const isNew = ({ group }: KeyNumber) => {
    const run = now[group ?? ""];
    return run === undefined || run !== posted[group ?? ""];
  };
  const found = numbers.filter(isNew);
  return found.length > 0 ? found : numbers;
}
