import { figure } from "../../measures/format.ts";
import type { KeyNumber, NumberName } from "../../measures/number.ts";

export type Broadcast = "worse" | "always" | "never";

/** Small changes of these are noise; slacks and counts count as soon as the shown figure differs. */
const RELATIVE: NumberName[] = ["area", "cells", "power", "runtime", "fmax", "utilization"];

/** Whether a sure number got worse: by more than `percent`, or, of slacks and counts, at all. */
export function isWorse(numbers: KeyNumber[], percent: number): boolean {
  return numbers.some(({ name, value, before, change, better, sure }) => {
    if (sure === false || better !== false || before === null || change === null) return false;
    return RELATIVE.includes(name)
      ? Math.abs(change) > Math.abs(before) * percent / 100
      : figure(value) !== figure(before);
  });
}
