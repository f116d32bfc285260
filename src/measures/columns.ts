import type { Form } from "./names/cells.ts";
import { type Meaning, meaningOfWords, type Shape } from "./names/vocabulary.ts";
import { wordsOf } from "./names/words.ts";

export type { Meaning, Shape } from "./names/vocabulary.ts";
export { wordsOf } from "./names/words.ts";

/** A unit read from a name: `grafana` is Grafana's id of it, `symbol` what the name said. */
export type Unit = { symbol: string; grafana: string };

export type Column = {
  name: string;
  type: string;
  shape: Shape;
  meaning?: Meaning;
  unit?: Unit;
  /** How its cells are written, where their type alone does not say what they hold. */
  form?: Form;
  /** The columns whose sum this number is. */
  sum?: Column[];
  /** The cells state units of their own, not all the same. */
  mixed?: true;
};

/**
 * Units as names end in them. Lengths of time near a clock period and areas keep their unit whatever
 * the size (`suffix:`): nobody reads a TNS of -161,152 ns as µs.
 */
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

/** The unit that a name states at its end or in brackets: `slack_ns`, `WNS(ns)`, `area [um^2]`. */
export function unitOf(name: string): Unit | undefined {
  const words = wordsOf(name);
  const symbol = words.length > 1 ? words.at(-1)! : "";
  // `wns_ff` is of the fast corner; only capacitances are in fF.
  if (/^[fp]f$/.test(symbol) && !words.some((word) => /^(?:cap|load|in$)/.test(word))) {
    return undefined;
  }
  return Object.hasOwn(UNITS, symbol) ? { symbol, grafana: UNITS[symbol]! } : undefined;
}

/** The words of a name without its unit. */
function namingWords(name: string): string[] {
  const words = wordsOf(name);
  return unitOf(name) ? words.slice(0, -1) : words;
}

/** What a column of this name and shape holds, or undefined when the name says nothing known. */
export function meaningOf(name: string, shape: Shape): Meaning | undefined {
  return meaningOfWords(namingWords(name), shape);
}

const NUMBERS = /^(smallint|integer|bigint|real|double precision|numeric)\b(?!.*\[\])/;
const TIMES = /^(date|timestamp)\b(?!.*\[\])/;
const TEXTS = /^(text|character|character varying|name|citext|uuid|"char")(\(\d+\))?$/;

/** What PostgreSQL's `format_type` can be used for (an enum's own type name is no known type: `other`). */
export function shapeOf(type: string): Shape {
  if (NUMBERS.test(type)) return "number";
  if (TIMES.test(type)) return "time";
  if (TEXTS.test(type)) return "text";
  return type === "boolean" ? "boolean" : "other";
}

/** Reads one column; `shape` overrides what its type says (an enum reads as text). */
export function readColumn(name: string, type: string, shape = shapeOf(type)): Column {
  const meaning = meaningOf(name, shape);
  const unit = shape === "number" ? unitOf(name) : undefined;
  return { name, type, shape, ...(meaning && { meaning }), ...(unit && { unit }) };
}
