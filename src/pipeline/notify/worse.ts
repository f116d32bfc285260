import type { KeyNumber } from "../../measures/number.ts";
import { directionOf } from "../../measures/direction.ts";

export type Broadcast = "worse" | "always" | "never";

/** Whether a sure number got worse: by more than `percent`, or, of slacks and counts, at all. */
export function isWorse(numbers: KeyNumber[], percent: number): boolean {
  return numbers.some((number) => directionOf(number, percent) === "worse");
}
