import { z } from "@hono/zod-openapi";
import { converted } from "./names/units.ts";

/** The numbers that people look for first, the first of them first. */
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

/** One number of a run, as the row and the API tell it. */
export const KeyNumber = z.object({
  name: z.enum(NAMES),
  group: z.string().nullable().openapi({ description: "Design, platform and variant." }),
  value: z.number(),
  unit: z.string().nullable(),
  before: z.number().nullable().openapi({ description: "At the group's run before." }),
  change: z.number().nullable(),
  better: z.boolean().nullable().openapi({
    description: "Whether the change is a good one; null also where the number is not sure.",
  }),
  before_run: z.string().nullable().optional().openapi({
    description: "The run that `before` is of, by its name or its time.",
  }),
  sure: z.boolean().optional().openapi({ description: "False: `doubt` says what is ambiguous." }),
  doubt: z.string().nullable().optional(),
  source: z.object({
    column: z.string(),
    metric: z.string().nullable(),
    unit: z.string().nullable(),
  }).optional().openapi({ description: "Where the number stands in the table, as it is there." }),
}).openapi("KeyNumber");
export type KeyNumber = z.infer<typeof KeyNumber>;

/** A slack is better when it grows; a fuller core is neither; of all else less is better. */
const GOOD: Partial<Record<NumberName, 1 | 0>> = {
  setup_wns: 1,
  setup_tns: 1,
  hold_wns: 1,
  hold_tns: 1,
  fmax: 1,
  utilization: 0,
  cells: 0,
};

/** Whether more of a number is better: of a slack and a frequency it is. */
export const isBetterHigh = (name: NumberName) => GOOD[name] === 1;

/** Subtracts without the noise of binary fractions: 15 significant digits of the larger are sure. */
function difference(value: number, before: number): number {
  const largest = Math.max(Math.abs(value), Math.abs(before));
  const digits = 14 - Math.floor(Math.log10(largest || 1));
  return Number((value - before).toFixed(Math.min(Math.max(digits, 0), 100))) + 0;
}

/** A number with its change; `before` is converted to its unit, and unknown where that cannot be done. */
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

/** How much a number asks for attention, least first: what is worse, then better, then the others. */
function rank({ name, better, sure }: KeyNumber): number {
  const verdict = sure === false ? 3 : better === false ? 0 : better ? 1 : 2;
  return verdict * NAMES.length + NAMES.indexOf(name);
}

/**
 * The number to tell of in one line: the first that is worse, else better, else the first of all. One that
 * is not sure is never it.
 */
export function headline(numbers: KeyNumber[]): KeyNumber | undefined {
  return numbers.filter(({ sure }) => sure !== false).toSorted((a, b) => rank(a) - rank(b))[0];
}

/** Least first: the worse of two equal kinds of trouble, as far as their units are the same. */
function bySeverity(a: KeyNumber, b: KeyNumber): number {
  if (a.name !== b.name || a.unit !== b.unit) return 0;
  return (a.value - b.value) * (GOOD[a.name] === 1 ? 1 : -1);
}

/** The groups with what asks most for attention first; in each the numbers in their own order. */
export function inOrder(numbers: KeyNumber[]): KeyNumber[] {
  const groups = Map.groupBy(numbers, ({ group }) => group).values().toArray();
  const worse = (group: KeyNumber[]) => group.filter(({ better }) => better === false).length;
  return groups
    .toSorted((a, b) => {
      const [first, second] = [headline(a) ?? a[0]!, headline(b) ?? b[0]!];
      return rank(first) - rank(second) || worse(b) - worse(a) || bySeverity(first, second);
    })
    .flatMap((group) => group.toSorted((a, b) => NAMES.indexOf(a.name) - NAMES.indexOf(b.name)));
}

/**
 * The numbers of groups that have a new run since the message before; all where none has. `now` and `told`:
 * each group's run by name or time, '' for no group.
 */
export function ofNewRuns(
  numbers: KeyNumber[],
  now: Record<string, string>,
  told: Record<string, string>,
): KeyNumber[] {
  const isNew = ({ group }: KeyNumber) => {
    const run = now[group ?? ""];
    return run === undefined || run !== told[group ?? ""];
  };
  const found = numbers.filter(isNew);
  return found.length > 0 ? found : numbers;
}
