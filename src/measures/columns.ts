import type { Form } from "./names/cells.ts";
import { type Meaning, meaningOfWords, type Shape } from "./names/vocabulary.ts";
import { wordsOf } from "./names/words.ts";

export type { Meaning, Shape } from "./names/vocabulary.ts";
export { wordsOf } from "./names/words.ts";

/** `symbol` as the name states it, `grafana` as Grafana's unit id. */
export type Unit = { symbol: string; grafana: string };

export type Column = {
  name: string;
  type: string;
  shape: Shape;
  meaning?: Meaning;
  unit?: Unit;
  /** How the cells are written, where the type alone does not say it. */
  form?: Form;
  /** This number is the sum of these columns. */
  sum?: Column[];
  /** The cells state different units. */
  mixed?: true;
  /** A known format says what it is, or that it is none of our numbers. */
  known?: true;
  /** The same number by the unit in the name; a row has one of them. */
  spelled?: Column[];
};

/** In this unit where its name and cells state none. */
export function inUnitOf({ mixed: _, ...column }: Column, unit: Unit): Column {
  const spelled = column.spelled?.map((one) => one.unit ? one : { ...one, unit });
  return { ...column, unit, ...(spelled && { spelled }) };
}

/** `suffix:` keeps a unit at any size: engineers do not read a TNS of -161,152 ns as µs. */
const UNITS: Record<string, string> = {
  fs: "suffix: fs",
  ps: "suffix: ps",
  ns: "suffix: ns",
  us: "µs",
  ms: "ms",
  s: "s",
  sec: "s",
  secs: "s",
  seconds: "s",
  mins: "m",
  minutes: "m",
  hours: "h",
  hrs: "h",
  h: "h",
  um: "suffix: µm",
  mm: "suffix: mm",
  um2: "suffix: µm²",
  mm2: "suffix: mm²",
  w: "watt",
  mw: "mwatt",
  uw: "suffix: µW",
  nw: "suffix: nW",
  v: "volt",
  mv: "mvolt",
  hz: "hertz",
  mhz: "suffix: MHz",
  ghz: "suffix: GHz",
  kb: "deckbytes",
  mb: "decmbytes",
  gb: "decgbytes",
  kib: "kbytes",
  mib: "mbytes",
  gib: "gbytes",
  bytes: "decbytes",
  ff: "suffix: fF",
  pf: "suffix: pF",
  pct: "percent",
  percent: "percent",
  kge: "suffix: kGE",
};

/** Reads the unit at a name's end or in brackets: `slack_ns`, `WNS(ns)`, `area [um^2]`. */
export function unitOf(name: string): Unit | undefined {
  const words = wordsOf(name);
  const symbol = words.length > 1 ? words.at(-1)! : "";
  // `ff` is femtofarad in names of capacitances only; in `wns_ff` it is the fast corner.
  if (/^[fp]f$/.test(symbol) && !words.some((word) => /^(?:cap|load|in$)/.test(word))) {
    return undefined;
  }
  return Object.hasOwn(UNITS, symbol) ? { symbol, grafana: UNITS[symbol]! } : undefined;
}

function namingWords(name: string): string[] {
  const words = wordsOf(name);
  return unitOf(name) ? words.slice(0, -1) : words;
}

export function meaningOf(name: string, shape: Shape): Meaning | undefined {
  return meaningOfWords(namingWords(name), shape);
}

const NUMBERS = /^(smallint|integer|bigint|real|double precision|numeric)\b(?!.*\[\])/;
const TIMES = /^(date|timestamp)\b(?!.*\[\])/;
const TEXTS = /^(text|character|character varying|name|citext|uuid|"char")(\(\d+\))?$/;

/** Maps PostgreSQL's `format_type` to a shape; an enum's type name gives `other`. */
export function shapeOf(type: string): Shape {
  if (NUMBERS.test(type)) return "number";
  if (TIMES.test(type)) return "time";
  if (TEXTS.test(type)) return "text";
  return type === "boolean" ? "boolean" : "other";
}

/** `shape` overrides the type's own: an enum is read as text. */
export function readColumn(name: string, type: string, shape = shapeOf(type)): Column {
  const meaning = meaningOf(name, shape);
  const unit = shape === "number" ? unitOf(name) : undefined;
  return { name, type, shape, ...(meaning && { meaning }), ...(unit && { unit }) };
}
