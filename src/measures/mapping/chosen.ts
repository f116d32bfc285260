import type { Column, Meaning } from "../columns.ts";
import { formOf } from "../names/cells.ts";
import { kindOfUnit, unitNamed } from "../names/units.ts";
import { NAMES, type NumberName } from "../number.ts";
import { type Content, filled } from "./content.ts";
import type { ChosenMeasure } from "./correction.ts";
import { type Fault, unknownColumn } from "./parts.ts";

/**
 * Where a correction says that a number stands. `column`: null switches the number off; `is_number`: whether
 * its cells can be read as numbers; `unit`: as it was written.
 */
export type Chosen = {
  column: Column | null;
  is_number: boolean;
  metric?: string | null;
  unit?: string;
  /** Why it cannot be followed. */
  fault?: Fault;
};

const TIME = ["time"];
/** What each number's unit may measure; the others are counts. */
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
  if (!unit) return `The unit "${text}" is not known.`;
  const kinds = KINDS[name];
  if (!kinds) return "This number is a count: it has no unit.";
  return kinds.includes(kindOfUnit(unit)) ? undefined : `"${text}" is no unit of this number.`;
}

/** A column's cells as numbers: what some of its texts can be read as. */
function asNumber(content: Content, column: Column): Column | undefined {
  if (column.shape === "number") return column;
  const values = filled(content.columns.find(({ name }) => name === column.name)!);
  const form = values.map((value) => formOf([value]))
    .find((form) => form === "number" || form === "duration");
  return column.shape === "text" && form ? { ...column, shape: "number", form } : undefined;
}

const missing = ({ columns }: Content, name: string) =>
  columns.some((column) => column.name === name)
    ? `The column "${name}" is ignored.`
    : unknownColumn(name);

/** The measures of a correction with their columns, or why they cannot be followed. */
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

/** Which meanings may stand for a number, the plainest first, where it is not the name's own. */
const MEANINGS: Partial<Record<NumberName, Meaning[]>> = {
  violations: ["setup_violations", "violations"],
  fmax: ["frequency"],
};
export const meaningsOf = (name: NumberName): Meaning[] => MEANINGS[name] ?? [name as Meaning];

/** The columns with the meanings and units of the chosen ones: boards show their cells by them. */
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
      return {
        ...rest,
        ...(is_free && { shape: column.shape, ...(column.form && { form: column.form }) }),
        meaning: is_free ? meanings[0]! : meaning!,
        ...(unit ? { unit } : mixed && { mixed }),
      };
    });
  }, columns);
}
