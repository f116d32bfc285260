import {
  areCommaNumbers,
  epochOf,
  formOf,
  hasDecimalComma,
  hasDecimalPoint,
  isMissing,
  SPELLED,
  unitInCell,
} from "../names/cells.ts";
import { type Column, type Meaning, meaningOf, readColumn, unitOf, wordsOf } from "../columns.ts";
import { HOLD, SETUP } from "../names/checks.ts";
import { withSiblings } from "./siblings.ts";
import { type Content, filled, type Found } from "./content.ts";

/** A number column needs one of these words to be read as a time. */
const TIMELY = new Set(
  "time ts timestamp epoch date created started finished ended at when datetime"
    .split(" "),
);

/** The unit behind the numbers; "" where cells state none or several. */
function cellUnitOf(values: string[]): string {
  const units = new Set(values.filter((value) => !isMissing(value)).map(unitInCell));
  return units.size === 1 ? [...units][0]! : "";
}

function isMixed(values: string[]): boolean {
  return new Set(values.filter((value) => !isMissing(value)).map(unitInCell)).size > 1;
}

/** These stay text whatever the cells contain: `1ps` is a unit, 3211 a commit. */
const NAMES: Meaning[] = ["time_unit", "unit", "run", "commit", "metric"];

function textColumn(column: Column, values: string[], isComma: boolean): Column {
  const { name, type } = column;
  const number = readColumn(name, type, "number");
  const share = number.meaning && !column.meaning ? 0.5 : 0.9;
  const isOwn = isComma && areCommaNumbers(values, share) || hasDecimalComma(values);
  const written = isOwn ? "comma" : formOf(values, share);
  const isDate = written === "comma" && formOf(values, share)?.match(/^[dmy]{3}$/);
  const form = isDate ? formOf(values, share) : written;
  const known = number.meaning !== undefined && number.meaning !== "run" &&
    number.meaning !== "seed";
  if (form === "number" || form === "comma" || form === "duration") {
    const isName = column.meaning && column.meaning !== "status" &&
      (!known || NAMES.includes(column.meaning));
    if (isName && column.meaning !== "runtime") return column;
    const said = cellUnitOf(values);
    const unit = form === "duration" ? unitOf("in s") : number.unit ?? unitOf(`in ${said}`);
    const mixed = form !== "duration" && isMixed(values) && { mixed: true as const };
    return { ...number, form, ...(unit && { unit }), ...mixed };
  }
  if (form) return timeColumn(column, form, values);
  const some = values.some((value) => !isMissing(value) && formOf([value]) === "number");
  const none = values.every(isMissing);
  if (known && number.meaning === "value" && some) return { ...number, form: "number" };
  if (known && !column.meaning && none) return { ...number, form: "number" };
  return column;
}

/** A column of dates is a time, or a run's name made of a date. */
function timeColumn(column: Column, form: NonNullable<Column["form"]>, values: string[]): Column {
  const { name, type, meaning } = column;
  const isSpelled = SPELLED.includes(form);
  if (meaning === "run" && !isSpelled) return column;
  const bare = values.every((value) => isMissing(value) || /^\d/.test(value));
  if (!isSpelled && (meaning && meaning !== "time" || !bare || form === "short")) {
    return { ...column, meaning: "run" };
  }
  const time = readColumn(name, type, "time");
  return { ...time, shape: "time", form };
}

function numberColumn(column: Column, { least, most }: Found): Column {
  const { meaning: _meaning, unit: _unit, ...rest } = column;
  const words = wordsOf(column.name);
  const epoch = least !== null && most !== null && words.some((word) => TIMELY.has(word)) &&
    epochOf(least, most);
  return epoch ? { ...rest, shape: "time", meaning: "time", form: epoch } : column;
}

const STATUS =
  /^(?:pass(?:ed)?|fail(?:ed|ure)?|ok|error|timed? ?out|skip(?:ped)?|crash(?:ed)?|killed|not[ _]run|xfail|unknown)$/i;

const CHECKED = /\b(?:setup|hold|recovery|removal|pulse width)\b/;

function byContent(column: Column, values: string[]): Column {
  if (column.shape !== "text" || values.length === 0) return column;
  const lower = values.map((value) => value.trim().toLowerCase());
  const checks = [...HOLD, ...SETUP];
  const isCheck = lower.every((value) => checks.includes(value) || CHECKED.test(value));
  if (isCheck && column.meaning !== "corner" && column.meaning !== "metric") {
    return { ...column, meaning: "path_type" };
  }
  const isStatus = lower.every((value) => STATUS.test(value));
  if (isStatus && !column.meaning) return { ...column, meaning: "status" };
  return column;
}

function columnIn(found: Found, isComma: boolean): Column {
  const { name, type, shape } = found;
  const values = filled(found);
  const column = readColumn(name, type, shape);
  if (type.startsWith("interval")) {
    const meaning = meaningOf(name, "number");
    return { ...column, shape: "number", ...(meaning && { meaning }), unit: unitOf("in s")! };
  }
  if (shape === "number") return numberColumn(column, found);
  return shape === "text" ? byContent(textColumn(column, values, isComma), values) : column;
}

/** Without a rule column, the category holds the rule's name. */
function withRule(columns: Column[]): Column[] {
  const has = (meaning: Column["meaning"]) => columns.some((column) => column.meaning === meaning);
  const sizes = ["slack", "area", "power", "cells", "setup_wns"] as const;
  if (has("rule") || has("metric") || sizes.some(has)) return columns;
  return columns.map((column) =>
    column.meaning === "category" ? { ...column, meaning: "rule" } : column
  );
}

export function readColumns({ columns }: Content): Column[] {
  const texts = columns.filter(({ shape }) => shape === "text").map(filled);
  const isComma = texts.some(hasDecimalComma) && !texts.some(hasDecimalPoint);
  return withSiblings(withRule(columns.map((found) => columnIn(found, isComma))));
}
