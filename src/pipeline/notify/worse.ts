import type { KeyNumber } from "../../measures/number.ts";
import { verdictOf } from "../../measures/verdict.ts";

export type Broadcast = "worse" | "always" | "never";

/** Whether a sure number got worse: by more than `percent`, or, of slacks and counts, at all. */
export function isWorse(numbers: KeyNumber[], percent: number): boolean {
  return numbers.some((number) => verdictOf(number, percent) === "worse");
}
