import { figure } from "../../measures/format.ts";
import type { KeyNumber, NumberName } from "../../measures/number.ts";

export type Broadcast = "worse" | "always" | "never";

/** Small changes of these are noise; slacks and counts count as soon as the shown figure differs. */
const RELATIVE: NumberName[] = ["area", "cells", "power", "runtime", "fmax", "utilization"];

/** Where a sure number went: by more than `percent`, or, of slacks and counts, at all. */
export function movedTo(number: KeyNumber, percent: number): "worse" | "better" | null {
  const { name, value, before, change, better, sure } = number;
  if (sure === false || better === null || before === null || change === null) return null;
  const counts = RELATIVE.includes(name)
    ? Math.abs(change) > Math.abs(before) * percent / 100
    : figure(value) !== figure(before);
  return !counts ? null : better ? "better" : "worse";
}

export function isWorse(numbers: KeyNumber[], percent: number): boolean {
  return numbers.some((number) => movedTo(number, percent) === "worse");
}
