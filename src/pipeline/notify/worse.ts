import type { Db } from "../../external/postgres/postgres.ts";
import { type KeyNumber, ofNewRuns } from "../../measures/number.ts";
import { directionOf } from "../../measures/direction.ts";
import { findCovered } from "../numbers_store.ts";

export type Broadcast = "worse" | "always" | "never";

/** Whether a sure number got worse: by more than `percent`, or, of slacks and counts, at all. */
export function isWorse(numbers: KeyNumber[], percent: number): boolean {
  return numbers.some((number) => directionOf(number, percent) === "worse");
}

/** Of a run's numbers, those that its message shows. */
export async function shownNumbers(
  db: Db,
  run: { id: number; run: number },
  numbers: KeyNumber[],
): Promise<KeyNumber[]> {
  const { now, posted } = await findCovered(db, run);
  return ofNewRuns(numbers, now, posted);
}

/** Whether the run of each group was in a message before: it has more data now. */
export async function isUpdate(db: Db, run: { id: number; run: number }): Promise<boolean> {
  const { now, posted } = await findCovered(db, run);
  const names = Object.entries(now);
  return names.length > 0 && names.every(([group, name]) => posted[group] === name);
}
