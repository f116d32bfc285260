import { arePathGroups, columnOf, combined, jointWith } from "../names/choose.ts";
import { type Column, type Meaning, wordsOf } from "../columns.ts";
import { partedWords } from "../names/words.ts";
import { allOf, hasHold, notWaived, ofCheck, ofTotalStage, ofWhole } from "./conditions.ts";
import type { TableFacts } from "../facts.ts";
import { type Aggregate, DEFAULTS, type Measure } from "../measure.ts";
import { scaled } from "./scaled.ts";

/** Number columns with at least one value. */
export function candidates({ columns, empty }: TableFacts): Column[] {
  return columns.filter(({ name, shape }) => shape === "number" && !empty.includes(name));
}

const COUNTED = /_violations$|^violations$/;
const SIZES: Meaning[] = ["area", "power", "leakage", "cells"];

/** True when rows are types, instances or groups whose sizes add up, not paths that repeat one size. */
function hasParts({ columns }: TableFacts): boolean {
  const group = columnOf(columns, "path_group");
  return ["cell", "instance", "category"].some((meaning) =>
    columnOf(columns, meaning as Meaning)?.shape === "text"
  ) || group !== undefined && !/path|cl(?:oc)?k/i.test(group.name);
}

function rowsOf(facts: TableFacts, meaning: Meaning, rows: Aggregate): Aggregate {
  if (meaning.endsWith("tns") || COUNTED.test(meaning)) {
    // In a list of paths each row repeats the summary's total.
    if (columnOf(facts.columns, "slack") && columnOf(facts.columns, "endpoint")) {
      return meaning.endsWith("tns") ? "min" : "max";
    }
    return columnOf(facts.columns, "path_group") ? "sum" : rows;
  }
  return SIZES.includes(meaning) && hasParts(facts) ? "sum" : rows;
}

/** Stated once, in a row that is no part of a total of rules. */
const OF_ONE_ROW: Meaning[] = ["lvs_errors", "antenna"];

type Source = { column: Column; where?: string };

/** The column that holds a number of both checks. */
export function neutralOf(columns: Column[], meaning: Meaning): Column | undefined {
  return columnOf(columns, meaning.replace("hold_", "setup_") as Meaning) ??
    (meaning.endsWith("violations") ? columnOf(columns, "violations") : undefined);
}

/** The column and rows of a number; one column may hold both setup and hold. */
function sourceOf(facts: TableFacts, meaning: Meaning): Source | undefined {
  const filled = candidates(facts);
  const own = columnOf(filled, meaning);
  const check = meaning.startsWith("hold_") ? "hold" : "setup";
  const timing = /^(?:setup|hold)_/.test(meaning);
  const both = timing && hasHold(facts);
  if (own) return { column: own, ...(both && { where: ofCheck(facts, check)! }) };
  if (!both) return undefined;
  const neutral = neutralOf(filled, meaning);
  return neutral && { column: neutral, where: ofCheck(facts, check)! };
}

/** True for a name of one check only. */
export const isOfOne = ({ name }: Column) =>
  partedWords(wordsOf(name)).some((word) => /^(?:setup|hold|whs|ths)$/.test(word));

export function wideMeasure(facts: TableFacts, meaning: Meaning): Measure | undefined {
  const defaults = DEFAULTS[meaning];
  const source = defaults && sourceOf(facts, meaning);
  if (!source) return undefined;
  const { column } = source;
  const joint = jointWith(candidates(facts), column);
  const names = joint.map(({ name }) => name);
  const whole = (meaning === "runtime" ? ofTotalStage(facts) : undefined) ??
    (OF_ONE_ROW.includes(meaning) ? undefined : ofWhole(facts));
  const where = allOf(
    isOfOne(column) ? undefined : source.where,
    COUNTED.test(meaning) || meaning === "drc_total" ? notWaived(facts) : undefined,
  );
  const doubt = doubtOfColumn(facts, meaning, column);
  return {
    ...defaults,
    meaning,
    rows: rowsOf(facts, meaning, defaults.rows),
    ...(names.length > 1 && { note: jointNote(joint, names) }),
    ...scaled(facts, column, meaning, combined(joint, meaning)),
    ...(where && { where }),
    ...(whole && { whole }),
    ...(doubt && { doubt }),
    source: { column: column.name, metric: null },
  };
}

function doubtOfColumn(
  { mapping, greatest }: TableFacts,
  meaning: Meaning,
  { name }: Column,
) {
  const rival = mapping.rivals[meaning];
  if (rival) return `${name} and ${rival} both match and have different values.`;
  if (mapping.rootless && SIZES.includes(meaning)) {
    return "No row is known to be the root of the hierarchy.";
  }
  const isTotal = /viol/i.test(name) && (greatest[name] ?? 0) > 0;
  return /_[wt]ns$/.test(meaning) && (isTotal || mapping.magnitudes.includes(name))
    ? `${name} has positive values: it may store violations as positive numbers.`
    : undefined;
}

function jointNote(joint: Column[], names: string[]): string {
  const list = `${names.slice(0, 6).join(", ")}${names.length > 6 ? ", …" : ""}`;
  const sum = !joint[0]!.meaning!.endsWith("wns") && arePathGroups(joint);
  return `The ${sum ? "sum" : "worst"} of ${list}.`;
}
