import type { KeyNumber } from "./number.ts";
import { converted } from "./names/units.ts";

/** A number of an earlier run; `run`: the dashboard's, when it was read last. */
export type KeptNumber = {
  group_name: string;
  name: string;
  run: number;
  run_name: string;
  value: number;
  unit: string | null;
};

const BY_NAME = new Intl.Collator("en", { numeric: true });
const inTime = (a: KeptNumber, b: KeptNumber) =>
  a.run - b.run || BY_NAME.compare(a.run_name, b.run_name);

export type Point = { run_name: string; value: number };

/** A number over its kept runs, oldest first, in the unit that it has now. */
export function pointsOver({ name, group, unit }: KeyNumber, kept: KeptNumber[]): Point[] {
  return kept.filter((one) => one.name === name && one.group_name === (group ?? ""))
    .toSorted(inTime)
    .flatMap(({ run_name, value, unit: own }) => {
      const now = converted(value, own, unit);
      return now === undefined ? [] : [{ run_name, value: now }];
    });
}
