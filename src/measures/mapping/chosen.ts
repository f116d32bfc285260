import { type Column, inUnitOf, type Meaning } from "../columns.ts";
import { formOf } from "../names/cells.ts";
import { kindOfUnit, unitNamed } from "../names/units.ts";
import { NAMES, type NumberName } from "../number.ts";
import { type Content, filled } from "./content.ts";
import type { ChosenMeasure } from "./correction.ts";
import { type Fault, unknownColumn } from "./parts.ts";

/** A corrected number's column; null switches the number off. `is_number`: its cells parse as numbers. */
export type Chosen = {
  column: Column | null;
  is_number: boolean;
  metric?: string | null;
  unit?: string;
  fault?: Fault;
};

const TIME = ["time"];
/** The kinds of unit that each number allows; the others are counts. */
const KINDS: Partial<Record<NumberName, string[]>> = {
  setup_wns: TIME,
  setup_tns: TIME,
  hold_wns: TIME,
  hold_tns: TIME,
  runtime: TIME,
  area: ["area", "kGE"],
  utilization: ["%"],
  power: ["power"],
  fmax: ["frequency", "hz"],
};

function faultOfUnit(name: NumberName, text: string): string | undefined {
  const unit = unitNamed(text);
  if (!unit) return `Unknown unit "${text}".`;
  const kinds = KINDS[name];
  if (!kinds) return "This number is a count and has no unit.";
  return kinds.includes(kindOfUnit(unit)) ? undefined : `"${text}" is not a unit of this number.`;
}

/** The column with its cells read as numbers; undefined when none of them parses. */
function asNumber(content: Content, column: Column): Column | undefined {
  if (column.shape === "number") return column;
  const values = filled(content.columns.find(({ name }) => name === column.name)!);
  const form = values.map((value) => formOf([value]))
    .find((form) => form === "number" || form === "duration");
  return column.shape === "text" && form ? { ...column, shape: "number", form } : undefined;
}

const missing = ({ columns }: Content, name: string) =>
  columns.some((column) => column.name === name)
    ? `Column "${name}" is ignored.`
    : unknownColumn(name);

export function chosenMeasures(content: Content, columns: Column[], measures: ChosenMeasure[]) {
  const chosen: Partial<Record<NumberName, Chosen>> = {};
  for (const { name, column: named, metric, unit } of measures) {
    const path = `measures.${name}`;
    const column = columns.find((column) => column.name === named) ?? null;
    const number = column && asNumber(content, column);
    const wrong_unit = unit ? faultOfUnit(name, unit) : undefined;
    const fault = named !== null && !column
      ? { path: `${path}.column`, message: missing(content, named) }
      : wrong_unit && { path: `${path}.unit`, message: wrong_unit };
    chosen[name] = {
      column: number || column,
      is_number: Boolean(number),
      ...(metric !== undefined && { metric }),
      ...(unit && { unit }),
      ...(fault && { fault }),
    };
  }
  return chosen;
}

/** Meanings of a number whose name is not its only meaning, by preference. */
const MEANINGS: Partial<Record<NumberName, Meaning[]>> = {
  violations: ["setup_violations", "violations"],
  fmax: ["frequency"],
};
export const meaningsOf = (name: NumberName): Meaning[] => MEANINGS[name] ?? [name as Meaning];

/** Gives the corrected columns their meanings and units, for the cells of boards. */
export function withChosen(
  columns: Column[],
  chosen: Partial<Record<NumberName, Chosen>>,
): Column[] {
  return NAMES.reduce((read, name) => {
    const { column, is_number, metric, unit: text, fault } = chosen[name] ?? {};
    if (!column || !is_number || metric || fault) return read;
    const meanings = meaningsOf(name);
    const unit = text && unitNamed(text);
    const now = read.find((one) => one.name === column.name)?.meaning;
    const is_free = now === undefined || meanings.includes(now);
    return read.map((one) => {
      const { meaning, mixed, ...rest } = one;
      if (one.name !== column.name) {
        return is_free && meaning && meanings.includes(meaning)
          ? { ...rest, ...(mixed && { mixed }) }
          : one;
      }
      const known = {
        ...rest,
        ...(is_free && { shape: column.shape, ...(column.form && { form: column.form }) }),
        meaning: is_free ? meanings[0]! : meaning!,
      };
      return unit ? inUnitOf(known, unit) : { ...known, ...(mixed && { mixed }) };
    });
  }, columns);
}
