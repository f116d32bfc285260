import type { Meaning } from "../../columns.ts";

export type Type = "text" | "bigint" | "double precision" | "boolean" | "timestamptz";

export type CanonicalColumn = {
  type: Type;
  /** null: no number and no dimension of ours. */
  meaning: Meaning | null;
  doc: string;
  /** What the name may end in, `_ns`; without one no unit is known. */
  units?: readonly string[];
  /** In the table from the start, also without values. */
  always?: true;
};

export type CanonicalTable = {
  kind: "timing" | "qor" | "drc";
  name: string;
  doc: string;
  columns: Record<string, CanonicalColumn>;
};

const TIME = ["fs", "ps", "ns", "us", "ms", "s"];
const POWER = ["w", "mw", "uw", "nw"];

const column = (type: Type) => (meaning: Meaning | null, doc: string): CanonicalColumn => ({
  ...{ type, meaning, doc },
});
const inUnits = (units: readonly string[]) => (meaning: Meaning | null, doc: string) => ({
  ...column("double precision")(meaning, doc),
  units,
});

export const text = column("text");
export const count = column("bigint");
export const number = column("double precision");
export const flag = column("boolean");
export const moment = column("timestamptz");
export const time = inUnits(TIME);
export const power = inUnits(POWER);
export const area = inUnits(["um2", "mm2"]);
export const length = inUnits(["um", "mm"]);
export const share = inUnits(["pct"]);
export const frequency = inUnits(["mhz", "ghz"]);
export const voltage = inUnits(["v", "mv"]);
export const memory = inUnits(["kb", "mb", "gb", "kib", "mib", "gib", "bytes"]);

export const always = (one: CanonicalColumn): CanonicalColumn => ({ ...one, always: true });

/** All names that a column may have, with and without a unit. */
export function spellings(name: string, { units = [] }: CanonicalColumn): string[] {
  return [name, ...units.map((unit) => `${name}_${unit}`)];
}
