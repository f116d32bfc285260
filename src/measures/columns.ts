/** What a column's type can be used for; `other` (json, arrays, bytes …) is only ever shown. */
export type Shape = "time" | "number" | "text" | "boolean" | "other";

/**
 * The vocabulary: what the columns of chip designers' tables mean, most specific meaning first.
 * A pattern is a set of words that must all stand in the name, in any order; `-word` must not;
 * ` | ` separates spellings. Names are cut into words at punctuation and case, so `WNS(ns)`,
 * `worstSlack` and `finish__timing__setup__ws` read alike; a spelling without any cut (`worstslack`)
 * is read too. Sources: the metric names of METRICS 2.1 (`stage__category__metric`), the headers of
 * OpenROAD-flow-scripts' results, and what teams usually write by hand.
 */
const VOCABULARY = {
  time: ["time", "run ts | run time | run date | timestamp | ts | time | date | created at | at"],
  time_unit: ["text", "time units | time unit | timescale"],
  commit: ["text", "commit | git sha | git hash | sha | revision | rev"],
  run: [
    "text number",
    "run id | run -type | run name | run number | build id | build number | job id",
  ],
  platform: ["text", "platform | pdk | technology | tech -lef | process node"],
  design: ["text", "design -rule -instance | block name | block | top module | top name"],
  variant: ["text", "variant | flow variant | experiment | config | configuration"],
  stage: ["text", "stage | step | flow step | phase"],
  corner: ["text", "corner | scenario | mode corner | view | analysis view"],
  path_group: ["text", "path group | pathgroup | group"],
  path_type: ["text", "path type | pathtype | delay type | check type | analysis type"],
  startpoint: ["text", "startpoint | start point | launch pin"],
  endpoint: ["text", "endpoint | end point | capture pin"],
  hold_wns: ["number", "hold wns | hold ws | hold slack worst | hold slack | whs"],
  hold_tns: ["number", "hold tns | hold slack total | hold total negative slack | ths"],
  hold_violations: ["number", "hold viol | hold violation | hold violations | hold vio | hold nvp"],
  setup_violations: [
    "number",
    "setup viol | setup violation | setup violations | setup vio | setup nvp",
  ],
  setup_tns: ["number", "tns | total negative slack | total slack"],
  setup_wns: ["number", "wns -percent | ws | worst slack | worst negative slack | setup slack"],
  slack: ["number", "slack"],
  skew: ["number", "skew | clk skew"],
  frequency: ["number", "fmax | frequency | freq"],
  drc_total: [
    "number",
    "drc -iter | drcs -iter",
  ],
  iteration: ["number", "iteration -drc | iter -drc -wirelength | pass number"],
  layer: ["text", "layer"],
  rule: ["text", "rule -op | drc type | check name | violation type"],
  category: ["text", "category | class"],
  severity: ["text", "severity"],
  cell: ["text", "cell | cell name | macro"],
  antenna: ["number", "antenna"],
  slew_violations: ["number", "max slew -limit | slew viol | slew violations | tran viol"],
  cap_violations: ["number", "max cap -limit | cap viol | cap violations"],
  violations: [
    "number",
    "violations | violation | viol | num viol | num violations | vios | violating endpoints | nvp",
  ],
  utilization: ["number", "utilization | utilisation | util | density"],
  area: ["number", "area -io -core -die -macros -stdcell"],
  leakage: ["number", "leakage | leak"],
  power: ["number", "power -internal -switching -dynamic -percent"],
  wirelength: ["number", "wirelength -iter | wire length | wl | hpwl"],
  vias: ["number", "vias | via count"],
  ir_drop: ["number", "ir drop | irdrop | voltage drop"],
  memory: ["number", "peak mem | memory | mem | rss"],
  runtime: [
    "number text",
    "runtime | total time | elapsed | wall time | walltime | duration | cpu time | run time",
  ],
  cells: ["number", "cells | instance count | num cells | instances | cell count"],
  count: ["number", "count | num | occurrences | total"],
  x: ["number", "x | x1 | llx | x min | xmin | cx"],
  y: ["number", "y | y1 | lly | y min | ymin | cy"],
  x_end: ["number", "x2 | urx | x max | xmax"],
  y_end: ["number", "y2 | ury | y max | ymax"],
  metric: ["text", "metric | metric name | kpi"],
  value: ["number", "value | val | metric value"],
  unit: ["text", "unit | units | uom"],
  failed: ["boolean", "pass | passed"],
} as const;

export type Meaning = keyof typeof VOCABULARY;

/** A unit read from a name: `grafana` is Grafana's id of it, `symbol` what the name said. */
export type Unit = { symbol: string; grafana: string };

export type Column = {
  name: string;
  type: string;
  shape: Shape;
  meaning?: Meaning;
  unit?: Unit;
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
};

/** `µm^2`, `um²`, `sq_um`, `%` and the like, brought to the one spelling of UNITS. */
function plainUnits(name: string): string {
  return name.normalize("NFKC").replace(/[µμ]/g, "u").replace(/%/g, "_pct")
    .replace(/([um]m)\s*\^\s*2/gi, "$12").replace(/sq_([um]m)(?!\p{L})/giu, "$12");
}

/** The lower-case words of a name: cut at punctuation and where `camelCase` turns, `mW` left whole. */
export function wordsOf(name: string): string[] {
  return plainUnits(name).split(/[^\p{L}\p{N}]+/u).flatMap((part) =>
    Object.hasOwn(UNITS, part.toLowerCase())
      ? [part]
      : part.replace(/(\p{Ll}|\d)(\p{Lu})/gu, "$1 $2").split(" ")
  ).filter((word) => word !== "").map((word) => word.toLowerCase());
}

/** The unit that a name states at its end or in brackets: `slack_ns`, `WNS(ns)`, `area [um^2]`. */
export function unitOf(name: string): Unit | undefined {
  const words = wordsOf(name);
  const symbol = words.length > 1 ? words.at(-1)! : "";
  return Object.hasOwn(UNITS, symbol) ? { symbol, grafana: UNITS[symbol]! } : undefined;
}

type Pattern = { all: string[]; none: string[]; joined: string };
type Entry = { meaning: Meaning; shapes: string[]; patterns: Pattern[] };

const ENTRIES: Entry[] = Object.entries(VOCABULARY).map(([meaning, [shapes, spellings]]) => ({
  meaning: meaning as Meaning,
  shapes: shapes.split(" "),
  patterns: spellings.split(" | ").map((spelling) => {
    const words = spelling.split(" ");
    const all = words.filter((word) => !word.startsWith("-"));
    const none = words.filter((word) => word.startsWith("-")).map((word) => word.slice(1));
    return { all, none, joined: all.join("") };
  }),
}));

/** Short or everyday words: they mean what they say only when the name is nothing else. */
const ALONE = new Set(
  "x y at group class mode step count num total view rev val unit units".split(" "),
);

function fits({ all, none, joined }: Pattern, words: string[], stem: string): boolean {
  if (joined === stem) return true;
  if (all.length === 1 && ALONE.has(all[0]!)) return false;
  return all.every((word) => words.includes(word)) && !none.some((word) => words.includes(word));
}

/** What a column of this name and shape holds, or undefined when the name says nothing known. */
export function meaningOf(name: string, shape: Shape): Meaning | undefined {
  const words = wordsOf(name);
  const stem = (unitOf(name) ? words.slice(0, -1) : words).join("");
  return ENTRIES.find(({ shapes, patterns }) =>
    shapes.includes(shape) && patterns.some((pattern) => fits(pattern, words, stem))
  )?.meaning;
}

/** A slack that is no result of this run. */
const OTHER = new Set(
  "target goal limit required before previous prev old last baseline".split(" "),
);

/** Whether two columns of one meaning and unit differ in nothing but a word of the team's own: `wns_ss`, `wns_tt`. */
export function areAlike(a: Column, b: Column): boolean {
  if (a.meaning !== b.meaning || a.unit?.symbol !== b.unit?.symbol) return false;
  const [left, right] = [wordsOf(a.name), wordsOf(b.name)];
  const known = ENTRIES.find(({ meaning }) => meaning === a.meaning)?.patterns
    .flatMap(({ all }) => all) ?? [];
  const differing = left.flatMap((word, i) => word === right[i] ? [] : [word, right[i]!]);
  return left.length === right.length && differing.length <= 2 &&
    differing.every((word) => !known.includes(word) && !OTHER.has(word));
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
