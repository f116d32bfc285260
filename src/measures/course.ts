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

/** A number's values over its kept runs, oldest first, in the unit that it has now. */
export function valuesOver({ name, group, unit }: KeyNumber, kept: KeptNumber[]): number[] {
  return kept.filter((one) => one.name === name && one.group_name === (group ?? ""))
    .toSorted(inTime)
    .flatMap((one) => converted(one.value, one.unit, unit) ?? []);
}
