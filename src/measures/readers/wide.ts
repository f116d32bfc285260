import { arePathGroups, columnOf, combined, togetherWith } from "../names/choose.ts";
import { type Column, type Meaning, wordsOf } from "../columns.ts";
import { partedWords } from "../names/words.ts";
import { allOf, hasHold, notWaived, ofCheck, ofTotalStage, ofWhole } from "./conditions.ts";
import type { TableFacts } from "../facts.ts";
import { type Aggregate, DEFAULTS, type Measure } from "../measure.ts";
import { scaled } from "./scaled.ts";

/** Number columns that have a value somewhere. */
export function candidates({ columns, empty }: TableFacts): Column[] {
  return columns.filter(({ name, shape }) => shape === "number" && !empty.includes(name));
}

const COUNTED = /_violations$|^violations$/;
const SIZES: Meaning[] = ["area", "power", "leakage", "cells"];

/** Whether rows are types, instances or groups that a size is the sum of, and not paths that repeat it. */
function hasParts({ columns }: TableFacts): boolean {
  const group = columnOf(columns, "path_group");
  return ["cell", "instance", "category"].some((meaning) =>
    columnOf(columns, meaning as Meaning)?.shape === "text"
  ) || group !== undefined && !/path|cl(?:oc)?k/i.test(group.name);
}

/** How the rows of one part of a run become one value. */
function rowsOf(facts: TableFacts, meaning: Meaning, rows: Aggregate): Aggregate {
  if (meaning.endsWith("tns") || COUNTED.test(meaning)) {
    // Beside the slack of each path, a total is of a summary, the same in every row.
    if (columnOf(facts.columns, "slack") && columnOf(facts.columns, "endpoint")) {
      return meaning.endsWith("tns") ? "min" : "max";
    }
    return columnOf(facts.columns, "path_group") ? "sum" : rows;
  }
  return SIZES.includes(meaning) && hasParts(facts) ? "sum" : rows;
}

type Source = { column: Column; where?: string };

/** The column of a check's number that has the other check's rows too. */
export function neutralOf(columns: Column[], meaning: Meaning): Column | undefined {
  return columnOf(columns, meaning.replace("hold_", "setup_") as Meaning) ??
    (meaning.endsWith("violations") ? columnOf(columns, "violations") : undefined);
}

/** The column that holds a number, and which of its rows: one column may hold setup and hold by turns. */
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

/** Whether a column of this name speaks of one check alone. */
export const isOfOne = ({ name }: Column) =>
  partedWords(wordsOf(name)).some((word) => /^(?:setup|hold|whs|ths)$/.test(word));

/** A number that has a column of its own. */
export function wideMeasure(facts: TableFacts, meaning: Meaning): Measure | undefined {
  const defaults = DEFAULTS[meaning];
  const source = defaults && sourceOf(facts, meaning);
  if (!source) return undefined;
  const { column } = source;
  const together = togetherWith(candidates(facts), column);
  const names = together.map(({ name }) => name);
  const whole = (meaning === "runtime" ? ofTotalStage(facts) : undefined) ?? ofWhole(facts);
  const where = allOf(
    isOfOne(column) ? undefined : source.where,
    COUNTED.test(meaning) || meaning === "drc_total" ? notWaived(facts) : undefined,
  );
  const doubt = doubtOfColumn(facts, meaning, column);
  return {
    ...defaults,
    meaning,
    rows: rowsOf(facts, meaning, defaults.rows),
    ...(names.length > 1 && { note: togetherNote(together, names) }),
    ...scaled(facts, column, meaning, combined(together, meaning)),
    ...(where && { where }),
    ...(whole && { whole }),
    ...(doubt && { doubt }),
    source: { column: column.name, metric: null },
  };
}

/** Why it is not sure that a column holds this number. */
function doubtOfColumn(
  { mapping, greatest }: TableFacts,
  meaning: Meaning,
  { name }: Column,
) {
  const rival = mapping.rivals[meaning];
  if (rival) return `${name} and ${rival} both may be this number.`;
  if (mapping.rootless && SIZES.includes(meaning)) {
    return "Nothing tells which instance is the whole of the others.";
  }
  const isTotal = /viol/i.test(name) && (greatest[name] ?? 0) > 0;
  return /_[wt]ns$/.test(meaning) && (isTotal || mapping.magnitudes.includes(name))
    ? `${name} has values above 0: it may count violations as positive.`
    : undefined;
}

function togetherNote(together: Column[], names: string[]): string {
  const list = `${names.slice(0, 6).join(", ")}${names.length > 6 ? ", …" : ""}`;
  const sum = !together[0]!.meaning!.endsWith("wns") && arePathGroups(together);
  return `The ${sum ? "sum" : "worst"} of ${list}.`;
}
